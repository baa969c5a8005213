// The help of a page: what its figures mean, and the keys. A real dialog, so the browser keeps the focus in it, closes it
// with Escape and gives the focus back.
export function render({model}) {
  const button = make("button", {type: "button", class: "ring", title: "What the figures mean, and the keys (?)", "aria-label": "Help", "aria-haspopup": "dialog"}, "?")
  const close = make("button", {type: "button", class: "close", "aria-label": "Close"}, "✕")
  const find = make("input", {type: "search", placeholder: "Find a figure", "aria-label": "Find a figure"})
  const terms = make("dl", {class: "terms"})
  const none = make("p", {class: "none"}, "No figure of that name on this page.")
  const keys = make("dl", {class: "keys"})
  const dialog = make("dialog", {"aria-labelledby": "help-title"},
    make("header", {}, make("h2", {id: "help-title"}, model.title), find, close),
    make("div", {class: "body"},
      make("section", {"aria-label": "Figures"}, terms, none),
      make("section", {"aria-label": "Keys"}, make("h3", {}, "Keys"), keys)))

  terms.append(...model.terms.map(([name, formula, meaning]) => {
    const told = make("dd", {}, ...(formula ? [make("code", {}, formula)] : []), make("p", {}, meaning))
    return make("div", {"data-find": `${name} ${formula} ${meaning}`.toLowerCase()}, make("dt", {}, name), told)
  }))
  keys.append(...model.shortcuts.map(([pressed, does]) => make("div", {},
    make("dt", {}, ...pressed.map((key) => make("kbd", {}, key))), make("dd", {}, does))))

  const sift = () => {
    const wanted = find.value.trim().toLowerCase()
    for (const term of terms.children) term.hidden = !term.dataset.find.includes(wanted)
    none.hidden = [...terms.children].some((term) => !term.hidden)
  }
  const open = () => {
    if (dialog.open) return
    find.value = ""
    sift()
    dialog.showModal()
  }
  find.addEventListener("input", sift)
  button.addEventListener("click", open)
  close.addEventListener("click", () => dialog.close())
  // A press beside the sheet closes it, as one expects.
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close() })
  window.addEventListener("livepairs-help", open)
  model.on("remove", () => window.removeEventListener("livepairs-help", open))
  return make("div", {}, button, dialog)
}
