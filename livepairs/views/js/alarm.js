// The bell: a list of recent events, toasts, and sounds made with WebAudio. What is told is chosen level by level and kept
// in localStorage; what has been told is kept by id for the tab, so that a reload or the next page does not tell it again.
const LEVELS = ["info", "warning", "critical"]
const SHAPES = {info: "●", warning: "▲", critical: "◆"}
const FIRST = {info: {toast: false, sound: false}, warning: {toast: true, sound: false}, critical: {toast: true, sound: false}}
const SHOWN = 2, KEPT = 400, QUIET_MS = 1500
const STAYS_MS = {info: 5000, warning: 7000, critical: 20000}

// A browser may forbid storage; then choices last as long as the page.
const recall = (store, key, otherwise) => { try { return JSON.parse(store().getItem(key)) ?? otherwise } catch { return otherwise } }
const keep = (store, key, value) => { try { store().setItem(key, JSON.stringify(value)) } catch { /* see above */ } }
const local = () => window.localStorage, tab = () => window.sessionStorage

// One voice for each level, told apart by rhythm and not by pitch alone: [start s, length s, Hz] of each note.
const VOICES = {
  info: [[0, 0.16, 660]],
  warning: [[0, 0.14, 660], [0.17, 0.2, 880]],
  critical: [[0, 0.12, 988], [0.16, 0.12, 988], [0.32, 0.26, 740]],
}
let audio = null
const sing = (level) => {
  audio ??= new AudioContext()
  if (audio.state === "suspended") audio.resume().catch(() => {})
  for (const [start, length, pitch] of VOICES[level] ?? VOICES.info) {
    const at = audio.currentTime + 0.02 + start, tone = audio.createOscillator(), loud = audio.createGain()
    tone.type = level === "critical" ? "triangle" : "sine"
    tone.frequency.value = pitch
    loud.gain.setValueAtTime(0, at)
    loud.gain.linearRampToValueAtTime(0.16, at + 0.015)
    loud.gain.exponentialRampToValueAtTime(0.001, at + length)
    tone.connect(loud).connect(audio.destination)
    tone.start(at)
    tone.stop(at + length + 0.02)
  }
}

export function render({model}) {
  const root = make("div", {class: "bell"})
  root.innerHTML = `
    <button type="button" class="ring" aria-haspopup="dialog" aria-expanded="false"><svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 3a6 6 0 0 0-6 6v4.2L4.4 16.4a.8.8 0 0 0 .7 1.1h13.8a.8.8 0 0 0 .7-1.1L18 13.2V9a6 6 0 0 0-6-6Z"/><path d="M9.8 20a2.3 2.3 0 0 0 4.4 0"/></svg>
      <b hidden></b></button>
    <div class="panel" popover role="dialog" aria-label="Alerts"><header><h2>Alerts</h2><a>All alerts</a></header>
      <ol></ol><p class="none">Nothing has fired yet.</p>
      <h3>Tell me</h3><table><thead><tr><th></th><th scope="col">Toast</th><th scope="col">Sound</th></tr></thead><tbody></tbody></table>
      <p class="hint"></p></div>
    <div class="toasts" popover="manual" role="log" aria-live="polite" aria-label="New alerts"></div>`
  const find = (selector) => root.querySelector(selector)
  const ring = find(".ring"), badge = find("b"), panel = find(".panel"), list = find("ol"), toasts = find(".toasts")
  let choice = recall(local, "livepairs-alarm", {}), unseen = recall(tab, "livepairs-unseen", 0), lastSound = 0
  for (const level of LEVELS) choice[level] = {...FIRST[level], ...choice[level]}
  const told = new Set(recall(tab, "livepairs-told", []))

  // --- choices -------------------------------------------------------------------------------------------------------
  const hint = () => { find(".hint").textContent = LEVELS.some((level) => choice[level].sound) ? "Kept in this browser. Sounds begin after the first click on a page; in replays above 10x the bell only counts." : "Kept in this browser. In replays above 10x the bell only counts." }
  for (const level of LEVELS) {
    const row = make("tr", {}, make("th", {scope: "row"}, make("i", {"data-level": level}, SHAPES[level]), ` ${level}`))
    for (const way of ["toast", "sound"]) {
      const box = make("input", {type: "checkbox", name: `${level}-${way}`, "aria-label": `${way} for ${level}`})
      box.checked = choice[level][way]
      box.addEventListener("change", () => {
        choice[level][way] = box.checked
        keep(local, "livepairs-alarm", choice)
        hint()
        if (way === "sound" && box.checked) sing(level)  // what it sounds like, and the gesture a browser wants first
      })
      row.append(make("td", {}, box))
    }
    find("tbody").append(row)
  }
  hint()

  // --- the bell ------------------------------------------------------------------------------------------------------
  const count = () => {
    badge.hidden = !unseen
    badge.textContent = unseen > 99 ? "99+" : unseen
    ring.setAttribute("aria-label", unseen ? `Alerts, ${unseen} new` : "Alerts")
    keep(tab, "livepairs-unseen", unseen)
  }
  const item = (event) => make("li", {"data-level": event.level, "data-kind": event.kind, title: `${event.rule}: ${event.day}`},
    make("i", {"data-level": event.level}, event.kind === "fired" ? SHAPES[event.level] ?? "●" : "○"), make("span", {}, event.message), make("time", {}, event.time))
  const draw = () => {
    list.replaceChildren(...model.events.slice(0, 12).map(item))
    find(".none").hidden = model.events.length > 0
    find("a").href = model.link
  }
  ring.addEventListener("click", () => {
    if (panel.matches(":popover-open")) { panel.hidePopover(); return }
    const at = ring.getBoundingClientRect(), width = Math.min(380, window.innerWidth - 16)
    panel.style.width = `${width}px`
    panel.style.left = `${Math.max(8, Math.min(at.right, window.innerWidth - 8) - width)}px`
    panel.style.top = `${at.bottom + 8}px`
    panel.showPopover()
  })
  panel.addEventListener("toggle", (event) => {
    ring.setAttribute("aria-expanded", String(event.newState === "open"))
    if (event.newState === "open") { unseen = 0; count() }
  })

  // --- telling -------------------------------------------------------------------------------------------------------
  const drop = (toast) => {
    toast.remove()
    if (!toasts.children.length && toasts.matches(":popover-open")) toasts.hidePopover()
  }
  const toast = (level, ...content) => {
    const close = make("button", {type: "button", "aria-label": "Dismiss"}, "✕")
    const card = make("div", {class: "toast", "data-level": level, role: level === "critical" ? "alert" : null}, make("i", {"data-level": level}, SHAPES[level] ?? "●"), ...content, close)
    let timer = 0
    const stay = () => { timer = setTimeout(() => drop(card), STAYS_MS[level] ?? STAYS_MS.warning) }
    close.addEventListener("click", () => drop(card))
    card.addEventListener("pointerenter", () => clearTimeout(timer))
    card.addEventListener("pointerleave", stay)
    stay()
    toasts.prepend(card)
    while (toasts.children.length > SHOWN) toasts.lastElementChild.remove()
    if (!toasts.matches(":popover-open")) toasts.showPopover()
  }
  const tell = () => {
    draw()
    const news = model.events.slice(0, model.fresh).filter((event) => event.kind === "fired" && !told.has(event.id))
    if (!model.fresh || !news.length) return
    for (const event of news) told.add(event.id)
    keep(tab, "livepairs-told", [...told].slice(-KEPT))
    if (!panel.matches(":popover-open")) { unseen += news.length; count() }
    if (model.is_swift) return
    const shown = news.filter((event) => choice[event.level]?.toast)
    for (const event of shown.slice(0, SHOWN - 1).reverse()) {
      toast(event.level, make("a", {href: model.link, title: `${event.rule}: ${event.message}, ${event.day}`}, event.message), make("time", {}, event.time))
    }
    if (shown.length >= SHOWN) toast(shown[0].level, make("a", {href: model.link}, `${shown.length - SHOWN + 1} more alerts at the same moment`))
    const heard = [...LEVELS].reverse().find((level) => choice[level].sound && news.some((event) => event.level === level))
    if (heard && performance.now() - lastSound > QUIET_MS) { lastSound = performance.now(); sing(heard) }
  }
  count()
  draw()
  model.on("stamp", tell)
  model.on("link", draw)
  return root
}
