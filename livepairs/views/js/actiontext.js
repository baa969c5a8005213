// Markup that is replaced as a whole, and whose [data-act] parts can be pressed.
export function render({model}) {
  const root = document.createElement("div")
  root.className = "action"
  const draw = () => { if (root.innerHTML !== model.html) root.innerHTML = model.html }
  root.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-act]")
    if (pressed) model.send_msg({act: pressed.dataset.act, value: pressed.dataset.value ?? null})
  })
  model.on("html", draw)
  draw()
  return root
}
