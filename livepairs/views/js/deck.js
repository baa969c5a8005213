// The bar at the bottom: the replay's transport, the event time, how much time the charts show, and "follow".
// The replay's clock runs on the server; nothing here counts time. The charts' shared time axis is a Bokeh range that
// never leaves this browser: its tags say whether it follows the newest bar ("follow") or stands where the user put it.
const ICONS = {
  back: `<svg viewBox="0 0 16 16"><path d="M3 2.5h2v11H3zM13.5 2.5v11L6 8z"/></svg>`,
  play: `<svg viewBox="0 0 16 16"><path d="M3.5 2v12l10-6z"/></svg>`,
  pause: `<svg viewBox="0 0 16 16"><path d="M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z"/></svg>`,
  step: `<svg viewBox="0 0 16 16"><path d="M11 2.5h2v11h-2zM2.5 2.5v11L10 8z"/></svg>`,
  follow: `<svg viewBox="0 0 16 16"><path d="M2 7.2h7.2L6.4 4.4l1.1-1.1L12.2 8l-4.7 4.7-1.1-1.1 2.8-2.8H2zM13 3h1.6v10H13z"/></svg>`,
}
const MARKUP = `
  <div class="group transport">
    <button class="step" data-act="back" aria-label="Step one bar back" title="Step one bar back (,)">${ICONS.back}</button>
    <button class="play" data-act="play" aria-label="Play"></button>
    <button class="step" data-act="step" aria-label="Step one bar forward" title="Step one bar forward (.)">${ICONS.step}</button>
    <select class="speed" aria-label="Replay speed" title="Replay speed"></select>
  </div>
  <div class="seek"><div class="marks"></div><input type="range" aria-label="Position in the recording" title="Drag to another moment of the recording"></div>
  <div class="group tail">
    <span class="time" title="Event time: the exchange's clock"><span class="day"></span> <b class="clock"></b> <span class="note">UTC</span></span>
    <select class="windows" aria-label="Time shown" title="How much time the charts show"></select>
    <button class="follow" aria-pressed="true" title="Keep the newest bar in view (f)">${ICONS.follow}<span>Follow</span></button>
  </div>`

const speedText = (speed) => speed === 0 ? "max" : `${speed}x`

export function render({model, view}) {
  const root = document.createElement("div")
  root.className = "transportbar"
  root.setAttribute("role", "toolbar")
  root.setAttribute("aria-label", "Replay")
  root.innerHTML = MARKUP
  const find = (selector) => root.querySelector(selector)
  const play = find(".play"), slider = find("input"), speed = find(".speed"), time = find(".time")
  const windows = find(".windows"), follow = find(".follow")
  let dragging = false

  const send = (act, value) => model.send_msg({act, value: value ?? null})
  const isPlaying = () => model.status === "playing"
  const showTime = (ms) => {
    const text = ms > 0 ? new Date(ms).toISOString() : "---------- --:--:--"
    find(".day").textContent = text.slice(0, 10)
    find(".clock").textContent = text.slice(11, 19)
  }
  const draw = () => {
    find(".transport").hidden = find(".seek").hidden = !model.is_replay
    play.innerHTML = isPlaying() ? ICONS.pause : ICONS.play
    play.setAttribute("aria-label", isPlaying() ? "Pause" : "Play")
    play.title = isPlaying() ? "Pause (space)" : "Play (space)"
    play.disabled = model.status === "failed"
    slider.min = model.start_ms
    slider.max = model.end_ms
    slider.step = model.step_ms
    if (![...speed.options].some((option) => Number(option.value) === model.speed)) {
      speed.add(new Option(speedText(model.speed), model.speed))
    }
    speed.value = String(model.speed)
  }
  const tick = () => {
    if (dragging) return
    showTime(model.now_ms)
    slider.value = model.now_ms
  }

  find(".marks").replaceChildren(...model.marks.map(([kind, left, width, text]) => {
    const mark = document.createElement(kind === "moment" ? "button" : "i")
    mark.className = kind
    mark.style.left = `${left}%`
    if (kind !== "moment") mark.style.width = `max(3px, ${width}%)`
    else {
      mark.tabIndex = -1
      mark.setAttribute("aria-label", text)
      mark.onclick = () => send("seek", model.start_ms + (model.end_ms - model.start_ms) * left / 100)
    }
    mark.title = text
    return mark
  }))
  for (const value of model.speeds) speed.add(new Option(speedText(value), value))
  for (const [label, ms] of model.windows) windows.add(new Option(label, ms))
  draw()
  tick()
  for (const name of ["status", "speed", "start_ms", "end_ms"]) model.on(name, draw)
  model.on("now_ms", tick)

  find("[data-act=back]").onclick = () => send("step", -1)
  find("[data-act=step]").onclick = () => send("step", 1)
  play.onclick = () => send(isPlaying() ? "pause" : "play")
  speed.onchange = () => send("speed", Number(speed.value))
  slider.oninput = () => { dragging = true; time.classList.add("preview"); showTime(Number(slider.value)) }
  slider.onchange = () => {
    send("seek", Number(slider.value))
    dragging = false
    time.classList.remove("preview")
  }

  // The charts of this page, if it has any.
  const range = () => view.model.document?.get_model_by_name("time-axis") ?? null
  const drawFollow = () => {
    const axis = range()
    follow.hidden = axis == null
    windows.hidden = axis == null || axis.tags.includes("whole")
    if (axis != null) follow.setAttribute("aria-pressed", String(axis.tags[0] === "follow"))
  }
  const refollow = () => { const axis = range(); if (axis != null) axis.tags = ["follow", ...axis.tags.slice(1)] }
  follow.onclick = refollow
  windows.onchange = () => {
    const axis = range()
    if (axis == null) return
    axis.setv({start: axis.end - Number(windows.value), end: axis.end})
  }
  const axis = range()
  if (axis != null) {
    axis.properties.tags.change.connect(drawFollow)
    // A phone is too narrow for as many bars as a desk.
    if (window.innerWidth < 700 && !axis.tags.includes("whole")) axis.start = axis.end - model.windows[0][1]
    const width = axis.end - axis.start
    const nearest = model.windows.reduce((best, [, ms]) => Math.abs(ms - width) < Math.abs(best - width) ? ms : best, Infinity)
    windows.value = String(nearest)
  }
  drawFollow()

  const keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.composedPath()[0]
    if (target.closest && target.closest("input, textarea, select, button, a, [contenteditable=true]")) return
    const acts = {f: refollow}
    if (model.is_replay) {
      acts[" "] = () => play.click()
      acts[","] = () => send("step", -1)
      acts["."] = () => send("step", 1)
    }
    if (acts[event.key]) { event.preventDefault(); acts[event.key]() }
  }
  document.addEventListener("keydown", keys)
  model.on("remove", () => document.removeEventListener("keydown", keys))
  return root
}
