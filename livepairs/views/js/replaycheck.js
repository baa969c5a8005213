// Which alert is replayed and whether it came again, in one line. Its texts come from rules, so they are only set as text.
const MARKS = {waiting: "…", same: "✓", other: "≠", absent: "✕", unknown: "?"}
export function render({model}) {
  const root = document.createElement("div")
  root.className = "check"
  root.setAttribute("role", "status")
  root.innerHTML = `<i></i><b>Replaying</b><span class="title"></span><span class="words"></span>`
  const find = (selector) => root.querySelector(selector)
  const draw = () => {
    root.dataset.state = model.state
    find("i").textContent = MARKS[model.state] ?? "…"
    find(".title").textContent = model.title
    find(".title").title = model.title
    find(".words").textContent = model.words
  }
  for (const name of ["state", "title", "words", "level"]) model.on(name, draw)
  draw()
  return root
}
