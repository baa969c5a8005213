// One event in full: what it said, why, who has seen to it, and the way to its replay. All texts come from rules, notes and
// the market, so they are only ever set as text.
const SHAPES = {info: "●", warning: "▲", critical: "◆"}
const TRUTHS = {yes: ["✓", "true"], no: ["✕", "false"], unknown: ["?", "unknown: a number is missing"]}
const truth = (name) => make("i", {class: "truth", "data-truth": name, title: TRUTHS[name][1], "aria-label": TRUTHS[name][1]}, TRUTHS[name][0])

export function render({model}) {
  const root = make("aside", {class: "card", "aria-label": "The chosen event"})
  const reason = (name, part) => make("section", {class: "reason"},
    make("h4", {}, truth(part.truth), make("span", {}, name), make("code", {}, part.text), make("small", {}, part.held)),
    make("div", {class: "wide"}, make("table", {}, make("tbody", {}, ...part.clauses.map((clause) => make("tr", {},
      make("td", {}, truth(clause.truth)), make("td", {}, make("code", {}, clause.text)),
      make("td", {class: "inputs"}, ...clause.inputs.map(([column, now, before]) => make("span", {title: `${column}: ${before} at the bar before`}, `${column} `, make("b", {}, now)))),
      make("td", {class: "run", title: "Its truth over the window, oldest first"}, ...clause.history.map((one) => make("s", {"data-truth": one})))))))))
  const why = () => {
    const said = model.why
    if (said.problem) return [make("p", {class: "quiet"}, said.problem)]
    if (!said.when) return [make("p", {class: "quiet skeleton"}, "Looking at the bar…")]
    const parts = [make("p", {class: "verdict"}, said.verdict), reason("fires when", said.when)]
    if (said.clear) parts.push(reason("clears when", said.clear))
    parts.push(make("details", {}, make("summary", {}, `The window: ${said.window.rows.length} bars`), make("div", {class: "wide"}, make("table", {class: "window"},
      make("thead", {}, make("tr", {}, ...said.window.names.map((name) => make("th", {scope: "col"}, name)))),
      make("tbody", {}, ...said.window.rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell)))))))))
    return parts
  }
  const seen = (event) => {
    if (event.seen) return make("p", {class: "seen"}, make("i", {class: "truth", "data-truth": "yes"}, "✓"), ` Seen to by ${event.seen.who}, ${event.seen.at}`, ...(event.seen.note ? [make("q", {}, event.seen.note)] : []))
    if (!model.can_change) return make("p", {class: "quiet"}, "Nobody has seen to it yet.")
    const note = make("input", {type: "text", name: "note", maxlength: "2000", placeholder: "A note, if you like", autocomplete: "off", "aria-label": "Note"})
    const form = make("form", {}, note, make("button", {type: "submit"}, "Acknowledge"))
    form.addEventListener("submit", (submit) => { submit.preventDefault(); model.send_msg({act: "acknowledge", id: event.id, note: note.value}) })
    form.addEventListener("keydown", (key) => key.stopPropagation())
    return form
  }
  let shown = ""
  const draw = () => {
    const event = model.event
    if (!event.id) {
      shown = ""
      root.replaceChildren(make("p", {class: "empty"}, "Choose an event to see why it fired, to replay it, and to note that you have seen to it."))
      return
    }
    const text = JSON.stringify([event, model.why, model.can_change])
    if (text === shown) return
    const isNew = !shown.includes(`"id":"${event.id}"`)
    // A note half written is not lost because something else has changed.
    const draft = shown.includes(`"id":"${event.id}"`) ? root.querySelector("input")?.value : undefined
    const isOpen = root.querySelector("details")?.open
    shown = text
    const close = make("button", {type: "button", class: "close", "aria-label": "Close"}, "✕")
    const older = make("button", {type: "button", title: "The event below"}, "↓"), newer = make("button", {type: "button", title: "The event above"}, "↑")
    close.addEventListener("click", () => model.send_msg({act: "close"}))
    older.addEventListener("click", () => model.send_msg({act: "step", by: 1}))
    newer.addEventListener("click", () => model.send_msg({act: "step", by: -1}))
    const replay = event.replay
      ? make("a", {class: "replay", href: event.replay, title: "Opens the recording two half-lives earlier, with the rules and windows of that moment, and plays"}, "▶ Replay this alert")
      : make("p", {class: "quiet"}, event.no_replay)
    root.replaceChildren(
      make("header", {}, make("i", {"data-level": event.level}, event.kind === "fired" ? SHAPES[event.level] ?? "●" : "○"), make("h3", {}, event.message), newer, older, close),
      make("dl", {}, ...event.facts.map(([name, value, tip]) => make("div", {title: tip}, make("dt", {}, name), make("dd", {}, value)))),
      replay, seen(event), make("h5", {}, "Why"), ...why())
    if (draft && root.querySelector("input")) root.querySelector("input").value = draft
    if (isOpen && root.querySelector("details")) root.querySelector("details").open = true
    // Beside the table it is in sight; under it, on a narrow screen, nobody would know that it has opened.
    if (isNew && window.matchMedia("(max-width: 900px)").matches) root.scrollIntoView({block: "start"})
  }
  draw()
  for (const name of ["event", "why", "can_change"]) model.on(name, draw)
  return root
}
