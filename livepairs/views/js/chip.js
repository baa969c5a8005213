// Where the figures come from and whether they move. A press opens the feed panel, whose content is asked for only
// while it is open. Everything in it is set as text.
export function render({model}) {
  const row = make("div", {class: "row"})
  row.innerHTML = `<span class="made" hidden></span><button type="button" class="tape" hidden><i></i><span></span></button>
    <button type="button" class="chip" aria-haspopup="dialog"><i></i><span class="word"></span><span class="detail"></span></button>
    <div class="panel" popover role="dialog" aria-label="Feed"></div>`
  const find = (selector) => row.querySelector(selector)
  const made = find(".made"), chip = find(".chip"), tape = find(".tape"), panel = find(".panel")
  const ask = (act) => model.send_msg({act})
  let shown = ""

  const place = () => {
    const at = chip.getBoundingClientRect(), width = Math.min(400, window.innerWidth - 16)
    panel.style.width = `${width}px`
    panel.style.left = `${Math.max(8, Math.min(at.right, window.innerWidth - 8) - width)}px`
    panel.style.top = `${at.bottom + 8}px`
    panel.style.maxHeight = `${window.innerHeight - at.bottom - 24}px`
  }
  const open = () => { if (panel.matches(":popover-open")) panel.hidePopover(); else { place(); panel.showPopover() } }
  chip.addEventListener("click", open)
  tape.addEventListener("click", open)
  panel.addEventListener("toggle", (event) => {
    const is = event.newState === "open"
    chip.setAttribute("aria-expanded", String(is))
    ask(is ? "open" : "close")
    if (!is) shown = ""
  })

  const button = (act, text, kind) => {
    const button = make("button", {type: "button", class: kind ?? ""}, text)
    button.addEventListener("click", () => ask(act))
    return button
  }
  const drawPanel = () => {
    const feed = model.panel
    if (!feed.facts) { panel.replaceChildren(make("p", {class: "quiet"}, "…")); return }
    const text = JSON.stringify([feed, model.can_change, model.tape_state])
    if (text === shown) return
    shown = text
    const focus = panel.getRootNode().activeElement?.dataset?.act
    const parts = [make("h2", {}, feed.title)]
    if (feed.sentence) parts.push(make("p", {class: "sentence"}, feed.sentence))
    parts.push(make("dl", {}, ...feed.facts.map(([name, value, tip, state]) =>
      make("div", {title: tip}, make("dt", {}, name), make("dd", {"data-state": state}, value)))))
    if (feed.streams.length) {
      parts.push(make("h3", {}, "Streams"), make("ul", {}, ...feed.streams.map(([name, said, state, rows]) =>
        make("li", {"data-state": state}, make("b", {}, name), make("span", {}, said), make("em", {title: "Rows"}, rows)))))
    }
    parts.push(make("h3", {}, "Gaps, UTC"), make("p", {class: "quiet"}, feed.gap_text))
    if (feed.gaps.length) {
      parts.push(make("div", {class: "wide"}, make("table", {}, make("tbody", {}, ...feed.gaps.map(([symbol, when, long, missing, how, cause, state]) =>
        make("tr", {title: cause}, make("td", {}, when), make("td", {}, symbol), make("td", {}, long), make("td", {title: "Trades"}, missing), make("td", {"data-state": state}, how)))))))
    }
    if (feed.action && model.can_change) {
      const turn = feed.action === "stop" ? button("stop", "Stop the feed") : button("start", "Start the feed", "go")
      parts.push(make("footer", {}, turn))
    }
    panel.replaceChildren(...parts)
    if (focus) panel.querySelector(`[data-act="${focus}"]`)?.focus()
  }
  const draw = () => {
    chip.dataset.kind = model.kind
    find(".word").textContent = model.word
    find(".detail").textContent = model.detail
    find(".detail").hidden = !model.detail
    chip.title = model.explanation
    made.textContent = model.made
    made.hidden = !model.made
    made.title = "These prices were generated, not traded."
    tape.hidden = !model.tape
    find(".tape span").textContent = model.tape
    tape.title = model.tape_tip
  }
  for (const name of ["kind", "word", "detail", "explanation", "made", "tape", "tape_tip"]) model.on(name, draw)
  model.on("panel", drawPanel)
  draw()
  drawPanel()
  return row
}
