// Where the figures come from and whether they move.
export function render({model}) {
  const row = document.createElement("div")
  row.className = "row"
  row.innerHTML = `<span class="made" hidden></span><span class="chip"><i></i><span class="word"></span><span class="detail"></span></span>`
  const [made, chip] = row.children
  const draw = () => {
    chip.dataset.kind = model.kind
    chip.querySelector(".word").textContent = model.word
    chip.querySelector(".detail").textContent = model.detail
    chip.querySelector(".detail").hidden = !model.detail
    chip.title = model.explanation
    made.textContent = model.made
    made.hidden = !model.made
    made.title = "These prices were generated, not traded."
  }
  for (const name of ["kind", "word", "detail", "explanation", "made"]) model.on(name, draw)
  draw()
  return row
}
