// Whether what is replayed is what was live. A press opens what that means, with the figures behind it and a button to
// have it checked. Everything in it is set as text.
const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== "") made.setAttribute(name, value)
  made.append(...children)
  return made
}
// Told apart by shape as well as by colour.
const SHAPES = {
  good: "M5 12.5l4.5 4.5L19 7.5", bad: "M6.5 6.5l11 11M17.5 6.5l-11 11", busy: "M12 6v6l4 2.5", run: "M5 12h4l2.5-6 3.5 12 2-6h3",
  "": "M7 12h10",
}

export function render({model}) {
  const row = make("div", {class: "row"})
  row.innerHTML = `<button type="button" class="badge" aria-haspopup="dialog" aria-expanded="false">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path/></svg><span class="word"></span><span class="detail"></span></button>
    <div class="panel" popover role="dialog" aria-label="Proof"></div>`
  const find = (selector) => row.querySelector(selector)
  const badge = find(".badge"), panel = find(".panel")
  const link = make("a", {}, "All recordings")
  const check = make("button", {type: "button", class: "go"})
  check.addEventListener("click", () => model.send_msg({act: "check"}))

  const place = () => {
    const at = badge.getBoundingClientRect(), width = Math.min(400, window.innerWidth - 16)
    panel.style.width = `${width}px`
    panel.style.left = `${Math.max(8, Math.min(at.right, window.innerWidth - 8) - width)}px`
    panel.style.top = `${at.bottom + 8}px`
    panel.style.maxHeight = `${window.innerHeight - at.bottom - 24}px`
  }
  badge.addEventListener("click", () => { if (panel.matches(":popover-open")) panel.hidePopover(); else { drawPanel(); place(); panel.showPopover() } })
  panel.addEventListener("toggle", (event) => badge.setAttribute("aria-expanded", String(event.newState === "open")))

  const drawPanel = () => {
    const said = model.said
    check.textContent = said.state === "good" || said.state === "bad" ? "Check again" : "Check now"
    link.href = model.link
    const parts = [make("h2", {}, said.title), make("p", {class: "sentence"}, said.sentence)]
    if (said.finding) parts.push(make("p", {class: "finding", "data-state": said.state}, said.finding))
    if (model.notice) parts.push(make("p", {class: "notice", role: "alert"}, model.notice))
    if (said.facts.length) parts.push(make("dl", {}, ...said.facts.map(([name, value, tip]) =>
      make("div", {title: tip}, make("dt", {}, name), make("dd", {}, value)))))
    const held = panel.getRootNode().activeElement
    panel.replaceChildren(...parts, make("footer", {}, ...(said.can_check ? [check] : []), link))
    if (held === check || held === link) (held.isConnected ? held : link).focus()
  }
  const draw = () => {
    const said = model.said
    badge.dataset.state = said.state ?? ""
    find("path").setAttribute("d", SHAPES[said.state ?? ""])
    find(".word").textContent = said.word ?? ""
    find(".detail").textContent = said.detail ?? ""
    find(".detail").hidden = !said.detail
    badge.title = `${said.word}${said.detail ? `, ${said.detail}` : ""}. ${said.sentence}`
    badge.setAttribute("aria-label", `Proof: ${said.word}${said.detail ? ` ${said.detail}` : ""}`)
    if (panel.matches(":popover-open")) drawPanel()
  }
  for (const name of ["said", "notice", "link"]) model.on(name, draw)
  draw()
  return row
}
