// The bar at the bottom: the replay's transport, the event time, how much time the charts show, "follow" and the link.
// The replay's clock runs on the server; nothing here counts time. The charts' shared time axis is a Bokeh range that
// never leaves this browser: its tags say whether it follows the newest bar ("follow") or stands where the user put it.
const MARKUP = `
  <div class="group transport">
    <button class="step" data-step="-1">${ICONS.back}</button>
    <button class="play" aria-label="Play"></button>
    <button class="step" data-step="1">${ICONS.step}</button>
    <select class="unit" aria-label="Step by" title="What a step goes to"></select>
    <select class="speed" aria-label="Replay speed" title="Replay speed"></select>
  </div>
  <div class="seek"><div class="marks"></div><input type="range" aria-label="Position in the recording" title="Drag to another moment of the recording"></div>
  <div class="group tail">
    <button class="time" title="Event time: the exchange's clock. Press to jump to a date (g)"><span class="day"></span> <b class="clock"></b> <span class="note"></span></button>
    <select class="windows" aria-label="Time shown" title="How much time the charts show"></select>
    <button class="follow" aria-pressed="true" title="Keep the newest bar in view (f)">${ICONS.follow}<span>Follow</span></button>
    <button class="link" aria-label="Copy link" title="Copy a link to this moment (c)">${ICONS.link}</button>
    <button class="more" aria-label="More of the replay" aria-haspopup="dialog" title="Loop, markers, present and more">${ICONS.more}</button>
  </div>`
const UNITS = ["bar", "tick", "alert", "gap", "marker"]
const ZOOM_KEPT_MS = 4000
const NOTICE_MS = 5000

const speedText = (speed) => speed === 0 ? "max" : `${speed}x`

export function render({model, view}) {
  const root = made("div", {class: "transportbar", role: "toolbar", "aria-label": "Replay"})
  root.innerHTML = MARKUP
  const notice = made("div", {class: "notice", role: "status", hidden: true}), stagebar = made("div", {class: "stagebar", hidden: true})
  const find = (selector) => root.querySelector(selector)
  const play = find(".play"), slider = find("input"), speed = find(".speed"), unit = find(".unit"), time = find(".time")
  const windows = find(".windows"), follow = find(".follow"), more = find(".more")
  const range = () => axisOf(view)
  let dragging = false, address = 0, silence = 0

  const say = (text, stays = false) => {
    notice.textContent = text
    notice.hidden = false
    clearTimeout(silence)
    if (!stays) silence = setTimeout(() => { notice.hidden = true }, NOTICE_MS)
  }
  const send = (act, said = {}) => model.send_msg({act, ...said})
  const isPlaying = () => model.status === "playing"
  const step = (direction, kind) => send("step", {value: direction, kind: kind ?? unit.value})
  const copyLink = async (which) => {
    const url = which === undefined ? addressOf(model, range()) : new URL(`./${model.page}?run=${model.run}`, window.location.href)
    if (which === "control") url.searchParams.set("control", model.control)
    const what = {viewers: "Viewers' link", control: "Control link"}[which] ?? "Link to this moment"
    say(await copied(url.href) ? `${what} copied.` : `${what}: ${url.href}`, false)
  }
  window.livepairsLink = () => addressOf(model, range()).href
  const sheet = makeSheet(model, send, copyLink)
  const openSheet = (focus) => {
    if (sheet.isOpen()) { sheet.close(); return }
    sheet.open(more)
    if (focus) sheet.focus(focus)
  }

  const showTime = (ms) => {
    find(".day").textContent = ms > 0 ? livepairsZone.day(ms) : "----------"
    find(".clock").textContent = ms > 0 ? livepairsZone.clock(ms) : "--:--:--"
    find(".note").textContent = livepairsZone.label(ms > 0 ? ms : Date.now())
  }
  const draw = () => {
    find(".transport").hidden = find(".seek").hidden = more.hidden = !model.is_replay
    time.disabled = !model.is_replay
    play.innerHTML = isPlaying() ? ICONS.pause : ICONS.play
    play.setAttribute("aria-label", isPlaying() ? "Pause" : "Play")
    play.title = isPlaying() ? "Pause (space)" : "Play (space)"
    for (const control of [play, slider, speed, ...root.querySelectorAll(".step")]) control.disabled = !model.can_steer || model.status === "failed"
    slider.min = model.start_ms
    slider.max = model.end_ms
    slider.step = "any"
    if (![...speed.options].some((option) => Number(option.value) === model.speed)) {
      speed.add(new Option(speedText(model.speed), model.speed))
    }
    speed.value = String(model.speed)
  }
  const drawUnit = () => {
    for (const button of root.querySelectorAll(".step")) {
      const text = `Step one ${unit.value} ${button.dataset.step < 0 ? "back" : "forward"}`
      button.setAttribute("aria-label", text)
      button.title = `${text} (${button.dataset.step < 0 ? "←" : "→"})`
    }
  }
  const tick = () => {
    if (dragging) return
    showTime(model.now_ms)
    slider.value = model.now_ms
    slider.setAttribute("aria-valuetext", livepairsZone.stamp(model.now_ms))
  }
  const noteAddress = () => {
    clearTimeout(address)
    if (!model.is_guest) address = setTimeout(() => writeAddress(model, range()), 400)
  }

  // Presenting: the pages of all others go where the presenter goes; one key leaves, and the same one returns.
  const leave = () => { goTo(addressOf(model, range(), {extra: {back: model.run}})) }
  const comeAlong = () => { goTo(new URL(`./${model.page}?run=${model.back}`, window.location.href)) }
  const drawStage = () => {
    const button = (text, act) => made("button", {type: "button", onclick: act}, text)
    const parts = model.back ? ["You are looking around", button("Return (b)", comeAlong)]
      : model.role === "following" ? ["Following the presenter", button("Look around (b)", leave)]
      : model.role === "deserted" ? ["The presenter has left", button("Take over", () => send("present")), button("Look around (b)", leave)]
      : model.role === "presenting" ? ["Presenting", button("Copy viewers' link", () => copyLink("viewers"))] : []
    stagebar.hidden = parts.length === 0
    stagebar.replaceChildren(...parts)
  }
  const trail = () => {
    const {page, pair, zoom, width} = model.scene, axis = range()
    if (model.role !== "following" || !page) return
    const here = new URLSearchParams(model.link).get("pair")
    if (page !== model.page || pair !== here) {
      goTo(new URL(`./${page}?run=${model.run}&pair=${encodeURIComponent(pair)}`, window.location.href))
    } else if (axis != null && zoom) { axis.tags = ["free", ...axis.tags.slice(1)]; axis.setv({start: zoom[0], end: zoom[1]}) }
    else if (axis != null) {
      if (axis.tags[0] !== "follow") axis.tags = ["follow", ...axis.tags.slice(1)]
      if (width && axis.end - axis.start !== width) axis.start = axis.end - width
    }
  }
  let told = ""
  const tellScene = () => {
    const axis = range()
    if (model.role !== "presenting") { told = ""; return }
    const [kind, ...rest] = axis?.tags ?? []
    const scene = kind === "free" ? {start: axis.start, end: axis.end} : kind === "follow" && !rest.includes("whole") ? {width: axis.end - axis.start} : {}
    if (told === JSON.stringify(scene)) return
    told = JSON.stringify(scene)
    send("scene", scene)
  }

  // The charts of this page, if it has any.
  const drawFollow = () => {
    const axis = range()
    follow.hidden = axis == null
    windows.hidden = axis == null || axis.tags.includes("whole")
    if (axis != null) follow.setAttribute("aria-pressed", String(axis.tags[0] === "follow"))
  }
  const refollow = () => { const axis = range(); if (axis != null) axis.tags = ["follow", ...axis.tags.slice(1)] }
  const zoom = zoomAsked(), until = Date.now() + ZOOM_KEPT_MS
  const applyZoom = () => {
    const axis = range()
    if (zoom == null || axis == null || Date.now() > until) return
    // What the link's charts ended with was the newest bar, or it was not.
    const width = zoom[1] - zoom[0], beyond = zoom[1] - model.now_ms
    const isNewest = !axis.tags.includes("whole") && zoom[0] < model.now_ms && beyond >= 0 && beyond < Math.max(10 * model.step_ms, 0.03 * width)
    if (!isNewest && axis.tags[0] !== "free") axis.tags = ["free", ...axis.tags.slice(1)]
    if (axis.start !== zoom[0] || axis.end !== zoom[1]) axis.setv({start: zoom[0], end: zoom[1]})
  }
  const attach = (axis) => {
    let rest = 0
    const moved = () => { clearTimeout(rest); rest = setTimeout(() => { noteAddress(); tellScene() }, 250) }
    axis.properties.tags.change.connect(() => { drawFollow(); applyZoom(); moved() })
    for (const side of ["start", "end"]) axis.properties[side].change.connect(moved)
    // A phone is too narrow for as many bars as a desk.
    if (zoom != null) applyZoom()
    else if (window.innerWidth < 700 && !axis.tags.includes("whole")) axis.start = axis.end - model.windows[0][1]
    const width = axis.end - axis.start
    windows.value = String(model.windows.reduce((best, [, ms]) => Math.abs(ms - width) < Math.abs(best - width) ? ms : best, Infinity))
  }

  for (const value of model.speeds) speed.add(new Option(speedText(value), value))
  for (const name of UNITS) unit.add(new Option(name, name))
  for (const [label, ms] of model.windows) windows.add(new Option(label, ms))
  const redraw = () => drawScrub(model, find(".marks"), send)
  for (const step of [draw, drawUnit, tick, redraw, drawStage, drawFollow]) step()
  if (range() != null) attach(range())
  for (const name of ["status", "speed", "start_ms", "end_ms", "can_steer"]) model.on(name, draw)
  for (const name of ["marks", "loop"]) model.on(name, redraw)
  for (const name of ["role", "back"]) model.on(name, drawStage)
  for (const name of ["scene", "role"]) model.on(name, trail)
  for (const name of ["status", "link", "speed"]) model.on(name, noteAddress)
  model.on("role", tellScene)
  model.on("now_ms", () => { tick(); if (!isPlaying()) noteAddress() })
  model.on("msg:custom", (said) => { if (typeof said.notice === "string") say(said.notice) })
  trail()

  for (const button of root.querySelectorAll(".step")) button.onclick = () => step(Number(button.dataset.step))
  unit.onchange = drawUnit
  play.onclick = () => send(isPlaying() ? "pause" : "play")
  speed.onchange = () => send("speed", {value: Number(speed.value)})
  slider.oninput = () => { dragging = true; time.classList.add("preview"); showTime(Number(slider.value)) }
  slider.onchange = () => {
    send("seek", {value: Number(slider.value)})
    dragging = false
    time.classList.remove("preview")
    slider.blur() // the arrow keys are the deck's again
  }
  follow.onclick = refollow
  find(".link").onclick = () => copyLink()
  find(".link").hidden = model.is_guest
  more.onclick = () => openSheet()
  time.onclick = () => openSheet("input[type=datetime-local]")
  windows.onchange = () => { const axis = range(); if (axis != null) axis.setv({start: axis.end - Number(windows.value), end: axis.end}) }

  const faster = (by) => {
    const order = model.speeds.filter((value) => value > 0).concat(0), at = order.indexOf(model.speed)
    if (at >= 0) send("speed", {value: order[Math.min(order.length - 1, Math.max(0, at + by))]})
  }
  const unbind = bindKeys(model, {
    always: {
      f: refollow, c: () => { if (!model.is_guest) copyLink() }, "?": () => window.dispatchEvent(new CustomEvent("livepairs-help")),
      b: () => { if (model.back) comeAlong(); else if (["following", "deserted"].includes(model.role)) leave() },
    },
    replay: {
      " ": () => play.click(), ArrowLeft: () => step(-1), ArrowRight: () => step(1), ",": () => step(-1, "bar"), ".": () => step(1, "bar"),
      ArrowUp: () => faster(1), ArrowDown: () => faster(-1), "[": () => step(-1, "marker"), "]": () => step(1, "marker"),
      g: () => openSheet("input[type=datetime-local]"), m: () => openSheet("input[aria-label=Label]"),
      l: () => send("loop", model.loop.length ? {} : {start: model.start_ms, end: model.end_ms}),
    },
    speed: (value) => send("speed", {value}),
    step,
  }, root)
  const unzone = livepairsZone.on(tick)
  const lost = () => comeBack(model, range, say)
  view.model.document?.on_event("connection_lost", lost)
  model.on("remove", () => { unbind(); unzone(); clearTimeout(address) })
  return made("div", {}, root, stagebar, notice, sheet.element)
}
