// What the result below is a result of, the way from trade to trade, and the files it can be taken away in.
const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

export function render({model}) {
  const word = element("b")
  const text = element("span", {class: "text"})
  const label = element("div", {class: "label", role: "status"}, word, text)
  const follow = element("button", {type: "button", class: "follow", title: "Test again as the replay goes on"}, "Follow")
  const previous = element("button", {type: "button", "aria-label": "Previous trade", title: "Previous trade"}, "‹")
  const place = element("span", {class: "place"})
  const next = element("button", {type: "button", "aria-label": "Next trade", title: "Next trade"}, "›")
  const all = element("button", {type: "button", title: "Show the whole span"}, "All")
  const files = element("select", {"aria-label": "Export", title: "Export"}, element("option", {value: ""}, "Export…"),
    ...model.files.map(([value, name]) => element("option", {value}, name)))
  const root = element("div", {class: "resultbar"}, label, follow, element("div", {class: "trades"}, previous, place, next, all), files)

  const say = (act, value) => model.send_msg({act, value})
  follow.addEventListener("click", () => say("follow", null))
  previous.addEventListener("click", () => say("step", -1))
  next.addEventListener("click", () => say("step", 1))
  all.addEventListener("click", () => say("all", null))
  files.addEventListener("change", () => { if (files.value) say("export", files.value); files.value = "" })
  model.on("msg:custom", ({name, mime, data}) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0))
    const link = element("a", {href: URL.createObjectURL(new Blob([bytes], {type: mime})), download: name})
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60000)
  })
  const draw = () => {
    root.dataset.look = model.look
    word.textContent = model.word
    text.textContent = model.text
    label.title = model.tip
    follow.style.visibility = model.is_held ? "visible" : "hidden"
    place.textContent = model.trades ? `${model.trade < 0 ? "–" : model.trade + 1} / ${model.trades}` : "no trades"
    previous.disabled = !model.trades || model.trade === 0
    next.disabled = !model.trades || model.trade === model.trades - 1
    files.disabled = all.disabled = !model.has_result
  }
  for (const name of ["look", "word", "text", "tip", "is_held", "trade", "trades", "has_result"]) model.on(name, draw)
  draw()
  return root
}
