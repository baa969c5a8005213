// What a scan says beside its table: how many tests were made and what chance alone would find, what could not be
// tested, and which pairs entered and left the list.
export function render({model}) {
  const root = document.createElement("div")
  root.className = "news"
  root.innerHTML = `<p class="tested"></p><p class="notes"></p>
    <h3 title="A pair is on the list while its q, by BH, is at most 5 %">Entered and left, UTC</h3><ol></ol><p class="none"></p>`
  const find = (selector) => root.querySelector(selector)
  const href = (pair) => `./spread?${model.query ? model.query + "&" : ""}pair=${pair.split("/").map(encodeURIComponent).join("/")}`
  const line = ({time, is_in, pair, q}) => {
    const item = document.createElement("li"), link = document.createElement("a")
    item.dataset.in = String(is_in)
    item.innerHTML = `<time></time><span class="way"></span>`
    item.querySelector("time").textContent = time
    item.querySelector(".way").textContent = is_in ? "▲ in" : "▽ out"
    link.textContent = pair
    link.href = href(pair)
    const note = document.createElement("small")
    note.textContent = q
    item.append(link, note)
    return item
  }
  const draw = () => {
    const tested = find(".tested")
    tested.replaceChildren(...model.tested.map(([text, tip]) => {
      const part = document.createElement(tip ? "abbr" : "span")
      part.textContent = text
      if (tip) { part.title = tip; part.tabIndex = 0 }
      return part
    }))
    find(".notes").textContent = model.notes
    find(".notes").hidden = !model.notes
    find("ol").replaceChildren(...model.changes.map(line))
    find(".none").textContent = model.changes.length ? "" : model.since
  }
  draw()
  model.on("stamp", draw)
  return root
}
