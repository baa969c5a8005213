// The sheet above the deck with what is needed less often: a date to jump to, the loop, as seen or healed, markers with
// their notes, presenting, and the live page. It is drawn when opened and when something in it changes.
const makeSheet = (model, send, link) => {
  const sheet = made("div", {class: "sheet", popover: "auto", role: "dialog", "aria-label": "More of the replay"})
  let edited = null, opener = null
  const isOpen = () => sheet.matches(":popover-open")

  const button = (text, act, attributes = {}) => made("button", {type: "button", onclick: act, ...attributes}, text)
  const section = (title, ...children) => made("section", {}, made("h3", {}, title), ...children)
  const picked = (text, is, act) => button(text, act, {"aria-pressed": String(is)})

  const dateField = () => {
    const zone = livepairsZone, local = (ms) => new Date(ms + 60000 * zone.minutes(ms)).toISOString().slice(0, 19)
    const field = made("input", {type: "datetime-local", step: "1", "aria-label": `Date and time, ${zone.label(model.now_ms)}`, min: local(model.start_ms), max: local(model.end_ms)})
    field.value = local(Math.max(model.now_ms, model.start_ms))
    const go = (event) => {
      event.preventDefault()
      const ms = Date.parse(`${field.value}Z`)
      if (Number.isFinite(ms)) send("seek", {value: ms - 60000 * zone.minutes(ms)})
    }
    return made("form", {class: "line", onsubmit: go}, field, made("span", {class: "quiet"}, zone.label(model.now_ms)), made("button", {type: "submit", class: "go"}, "Go"))
  }

  const loopLine = () => {
    const [start, end] = model.loop.length ? model.loop : [model.start_ms, model.end_ms]
    const set = (from, to) => () => send("loop", {start: from, end: to})
    const isWhole = model.loop.length > 0 && start <= model.start_ms && end >= model.end_ms
    return made("div", {class: "line"},
      picked("Off", !model.loop.length, () => send("loop", {})), picked("Whole", isWhole, set(model.start_ms, model.end_ms)),
      button("From here", set(model.now_ms, Math.max(end, model.now_ms + model.step_ms))), button("To here", set(Math.min(start, model.now_ms - model.step_ms), model.now_ms)))
  }

  const markerRow = ([at, label, note, isOurs]) => {
    const said = {at, label, note}
    const row = made("li", {}, button("", () => send("seek", {value: at}), {class: "to", title: note || label}))
    row.firstChild.append(made("time", {}, livepairsZone.clock(at)), made("b", {}, label), made("span", {class: "quiet"}, note))
    if (isOurs && model.can_mark) {
      row.append(button("Edit", () => { edited = said; draw() }, {"aria-label": `Edit marker ${label}`}), button("Delete", () => send("unmark", said), {"aria-label": `Delete marker ${label}`}))
    }
    return row
  }

  const markerForm = () => {
    const label = made("input", {"aria-label": "Label", placeholder: "Label", maxlength: "60", required: true, value: edited?.label ?? ""})
    const note = made("input", {"aria-label": "Note", placeholder: "Note", maxlength: "1000", class: "wide", value: edited?.note ?? ""})
    const keep = (event) => {
      event.preventDefault()
      send("mark", {at: edited?.at ?? model.now_ms, label: label.value, note: note.value, was: edited})
      edited = null
      label.value = note.value = ""
      draw()
    }
    const cancel = edited ? [button("Cancel", () => { edited = null; draw() })] : []
    return made("form", {class: "line", onsubmit: keep}, label, note, made("button", {type: "submit", class: "go"}, edited ? "Keep" : "Mark this moment"), ...cancel)
  }

  const stage = () => {
    if (model.role !== "presenting") {
      const other = {following: "Somebody presents this replay.", deserted: "Somebody presented this replay, and has left."}[model.role]
      const words = other ?? "You steer; the pages of all who have the viewers' link follow, page and pair included."
      return [made("p", {class: "quiet"}, words), ...(model.role === "following" ? [] : [button(other ? "Take over" : "Present", () => send("present"), {class: "go"})])]
    }
    return [made("div", {class: "line"}, button("Copy viewers' link", () => link("viewers")), button("Copy control link", () => link("control"), {title: "Whoever has it steers"}), button("End", () => send("unpresent")))]
  }

  const draw = () => {
    if (!isOpen()) return
    const focus = sheet.getRootNode().activeElement
    if (focus?.matches?.("input") && sheet.contains(focus) && edited === null && focus.value) return // somebody is typing
    const seen = model.healed && section("Back-filled trades", made("div", {class: "line"},
      picked("As it was seen", model.healed === "seen", () => send("heal", {value: false})), picked("As it truly was", model.healed === "healed", () => send("heal", {value: true}))))
    const markers = section("Markers", made("ul", {}, ...model.markers.map(markerRow)), ...(model.can_mark ? [markerForm()] : []))
    sheet.replaceChildren(section("Jump to a date", dateField()), section("Loop", loopLine()), ...(seen ? [seen] : []), markers,
      section("Present", ...stage()), ...(model.live ? [made("a", {class: "live", href: `./${model.page}${model.live}`}, "Jump to live")] : []))
  }
  for (const name of ["loop", "healed", "markers", "role", "can_mark"]) model.on(name, draw)
  sheet.addEventListener("toggle", (event) => {
    const opens = event.newState === "open", {style} = document.documentElement
    if (!opens) {
      edited = null
      const focus = sheet.getRootNode().activeElement
      if (focus === null || sheet.contains(focus)) opener?.focus()
    }
    // Toasts stand beside the sheet, where there is room, and not on its buttons.
    style.setProperty("--lp-sheet", opens && window.innerWidth > 900 ? `${sheet.offsetWidth}px` : "0px")
  })
  return {
    element: sheet,
    open: (anchor) => {
      opener = sheet.getRootNode().activeElement
      sheet.showPopover()
      draw()
      const at = anchor.getBoundingClientRect(), width = Math.min(430, window.innerWidth - 16)
      sheet.style.width = `${width}px`
      sheet.style.left = `${Math.max(8, Math.min(at.right, window.innerWidth - 8) - width)}px`
      sheet.style.bottom = `${window.innerHeight - at.top + 8}px`
      sheet.style.maxHeight = `${at.top - 24}px`
    },
    close: () => { if (isOpen()) sheet.hidePopover() },
    isOpen,
    focus: (selector) => sheet.querySelector(selector)?.focus(),
  }
}
