// The channels and what has become of their messages. Errors come from other hosts, so they are only ever set as text.
const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value)
  made.append(...children)
  return made
}
const WORDS = {good: "delivered", busy: "under way", bad: "given up"}

export function render({model}) {
  const root = make("section", {class: "post", "aria-label": "Delivery"})
  const resend = (bundles) => model.send_msg({act: "resend", bundles})
  const draw = () => {
    if (model.problem) { root.replaceChildren(make("p", {class: "problem", role: "alert"}, model.problem)); return }
    if (!model.channels.length) {
      root.replaceChildren(make("p", {class: "empty"}, model.is_known
        ? "Nothing has been sent. A rule names its channels with notify, a table [channels.NAME] declares each, and its address is set outside the rules: see the page on delivery in the docs."
        : "Looking at the outbox…"))
      return
    }
    const channels = make("div", {class: "wide"}, make("table", {}, make("thead", {}, make("tr", {}, ...["Channel", "", "Sent", "Waiting", "Given up", "Last sent", "Last error"].map((name) => make("th", {scope: "col"}, name)))),
      make("tbody", {}, ...model.channels.map((channel) => make("tr", {}, make("td", {}, make("b", {}, channel.name)), make("td", {}, make("em", {"data-state": channel.state}, WORDS[channel.state])),
        make("td", {}, channel.sent), make("td", {}, channel.waiting), make("td", {}, channel.dead), make("td", {}, channel.last), make("td", {class: "error"}, channel.error))))))
    const parts = [channels]
    if (model.letters.length) {
      const all = make("button", {type: "button"}, "Send all again")
      all.disabled = !model.can_change
      all.addEventListener("click", () => resend(model.letters.map((letter) => letter.bundle)))
      parts.push(make("header", {}, make("h3", {}, `Given up: ${model.letters.length}`), all), make("ul", {}, ...model.letters.map((letter) => {
        const again = make("button", {type: "button"}, "Send again")
        again.disabled = !model.can_change
        again.addEventListener("click", () => resend([letter.bundle]))
        return make("li", {}, make("div", {}, make("b", {}, letter.channel), make("small", {}, `${letter.when}, after ${letter.attempts} attempts: ${letter.error}`),
          ...letter.events.slice(0, 3).map((message) => make("p", {}, message)), ...(letter.events.length > 3 ? [make("p", {}, `and ${letter.events.length - 3} more`)] : [])), again)
      })))
    }
    root.replaceChildren(...parts)
  }
  for (const name of ["channels", "letters", "problem", "can_change", "is_known"]) model.on(name, draw)
  draw()
  return root
}
