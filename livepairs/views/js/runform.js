// The form of a backtest. Its fields come from Python, so do the sentences on what cannot be used; the address carries
// the values that were run, so that it can be shared. On a phone it is a sheet behind a button.
const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value)
  made.append(...children)
  return made
}

const input = (field) => {
  if (field.choices.length === 0) {
    return element("input", {id: field.key, name: field.key, type: "text", inputmode: "decimal", maxlength: field.longest ?? 24,
      autocomplete: "off", spellcheck: "false", "aria-describedby": "problem", placeholder: field.is_optional ? "none" : false})
  }
  const options = field.choices.map(([value, label]) => element("option", {value}, label))
  return element("select", {id: field.key, name: field.key}, ...options)
}

export function render({model}) {
  const controls = new Map()
  const form = element("form", {novalidate: true, "aria-label": model.title})
  const groups = new Map()
  for (const field of model.fields) {
    if (!groups.has(field.group)) {
      const box = element("fieldset", {}, element("legend", {}, field.group))
      groups.set(field.group, box)
      form.append(box)
    }
    const control = input(field)
    controls.set(field.key, control)
    groups.get(field.group).append(element("label", {for: field.key, title: field.tip},
      element("span", {}, field.label), control, element("small", {}, field.unit)))
  }
  const problem = element("p", {id: "problem", role: "alert"})
  const run = element("button", {type: "submit", class: "run"}, model.verb)
  const cancel = element("button", {type: "button", class: "cancel"}, "Cancel")
  const reset = element("button", {type: "button"}, "Defaults")
  const bar = element("i")
  const meter = element("div", {class: "meter", role: "progressbar", "aria-label": model.verb, "aria-valuemin": 0, "aria-valuemax": 100}, bar)
  const stage = element("span", {class: "stage", role: "status"})
  form.append(problem, element("div", {class: "buttons"}, run, cancel, reset), meter, stage)
  const open = element("button", {type: "button", class: "open", "aria-expanded": "false"}, model.title)
  const close = element("button", {type: "button", class: "close", "aria-label": "Close"}, "×")
  form.prepend(close)
  const root = element("div", {class: "runform"}, open, form)

  const sheet = (isOpen) => {
    root.classList.toggle("is-open", isOpen)
    open.setAttribute("aria-expanded", String(isOpen))
    if (isOpen) form.querySelector("select, input").focus()
    else if (form.contains(model.lp_root?.activeElement ?? null)) open.focus()
  }
  open.addEventListener("click", () => sheet(!root.classList.contains("is-open")))
  close.addEventListener("click", () => { sheet(false); open.focus() })
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.classList.contains("is-open")) { sheet(false); open.focus() }
    event.stopPropagation()  // a space typed here must not start the replay
  })
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    if (model.busy) return
    model.send_msg({act: "run", values: Object.fromEntries([...controls].map(([key, control]) => [key, control.value]))})
    sheet(false)
  })
  cancel.addEventListener("click", () => model.send_msg({act: "cancel"}))
  reset.addEventListener("click", () => model.send_msg({act: "defaults"}))
  // A field that is the wrong one for the choice made is dimmed, not hidden: nothing jumps.
  const dim = () => {
    for (const [key, control] of controls) {
      const wrong = model.errors[key]
      if (wrong) control.setAttribute("aria-invalid", "true")
      else control.removeAttribute("aria-invalid")
    }
  }
  const fill = () => {
    for (const [key, text] of Object.entries(model.values)) {
      const control = controls.get(key)
      // Where nothing means none the placeholder says so; a list of values says it itself.
      if (control) control.value = text === "none" && control.placeholder === "none" ? "" : text
    }
  }
  const complain = () => {
    dim()
    const sentences = Object.values(model.errors)
    problem.textContent = sentences.join(" ")
    if (sentences.length) sheet(window.matchMedia("(max-width: 700px)").matches)
    const first = [...controls].find(([key]) => model.errors[key])
    if (first) first[1].focus()
  }
  const work = () => {
    root.classList.toggle("is-busy", model.busy)
    run.disabled = model.busy
    cancel.disabled = !model.busy
    bar.style.width = `${100 * model.progress}%`
    meter.setAttribute("aria-valuenow", String(Math.round(100 * model.progress)))
    stage.textContent = model.stage
  }
  const share = () => {
    const url = new URL(window.location.href)
    for (const key of controls.keys()) url.searchParams.delete(key)
    for (const [key, text] of Object.entries(model.query)) url.searchParams.set(key, text)
    if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url)
  }
  model.on("values", fill)
  model.on("errors", complain)
  for (const name of ["busy", "progress", "stage"]) model.on(name, work)
  model.on("query", share)
  fill()
  work()
  if (Object.keys(model.errors).length) { dim(); problem.textContent = Object.values(model.errors).join(" ") }
  return root
}
