// The channels and what has become of their messages. Errors come from other hosts, so they are only ever set as text.
const WORDS = {good: "delivered", busy: "under way", bad: "given up", lost: "no address", new: "not used yet"}

export function render({model}) {
  const root = make("section", {class: "post", "aria-label": "Delivery"})
  const resend = (bundles) => model.send_msg({act: "resend", bundles})
  const test = (channel) => {
    const tried = model.trials[channel.name], send = make("button", {type: "button"}, "Send test")
    send.disabled = !model.can_change || !channel.is_usable || Object.values(model.trials).some((trial) => trial.state === "busy")
    send.title = model.can_change ? "Send one message now, past caps and quiet hours" : "Sending tests is for operators"
    send.addEventListener("click", () => model.send_msg({act: "test", channel: channel.name}))
    return make("td", {class: "test"}, send, make("small", {role: "status", "data-state": tried?.state}, tried?.words ?? ""))
  }
  const cell = (name, attributes, ...content) => make("td", {"data-name": name, ...attributes}, ...content)
  const draw = () => {
    const held = root.getRootNode().activeElement?.closest?.("tr")?.dataset.channel
    if (model.problem) { root.replaceChildren(make("p", {class: "problem", role: "alert"}, model.problem)); return }
    if (!model.channels.length) {
      root.replaceChildren(make("p", {class: "empty"}, model.is_known
        ? "There are no channels. A rule names its channels with notify, a table [channels.NAME] declares each, and its address is set outside the rules: see the page on delivery in the docs."
        : "Looking at the outbox…"))
      return
    }
    const channels = make("div", {class: "wide"}, make("table", {}, make("thead", {}, make("tr", {}, ...["Channel", "State", "Leads to", "Sent", "Waiting", "Given up", "Last sent", "Last error", "Test"].map((name) => make("th", {scope: "col"}, name)))),
      make("tbody", {}, ...model.channels.map((channel) => make("tr", {"data-channel": channel.name}, cell("Channel", {}, make("b", {}, channel.name)), cell("State", {}, make("em", {"data-state": channel.state}, WORDS[channel.state])),
        cell("Leads to", {class: "said"}, channel.leads), cell("Sent", {}, channel.sent), cell("Waiting", {}, channel.waiting), cell("Given up", {}, channel.dead), cell("Last sent", {}, channel.last), cell("Last error", {class: "said"}, channel.error || "–"), test(channel))))))
    const parts = [channels]
    if (model.letters.length) {
      const all = make("button", {type: "button"}, "Send all again")
      all.disabled = !model.can_change
      all.addEventListener("click", () => resend(model.letters.map((letter) => letter.bundle)))
      parts.push(make("header", {}, make("h3", {}, `Given up: ${model.letters.length}`), all), make("ul", {}, ...model.letters.map((letter) => {
        const again = make("button", {type: "button"}, "Send again")
        again.disabled = !model.can_change
        again.addEventListener("click", () => resend([letter.bundle]))
        return make("li", {}, make("div", {}, make("b", {}, letter.channel), make("small", {}, `${letter.when}, after ${letter.attempts}: ${letter.error}`),
          ...letter.events.slice(0, 3).map((message) => make("p", {}, message)), ...(letter.events.length > 3 ? [make("p", {}, `and ${letter.events.length - 3} more`)] : [])), again)
      })))
    }
    root.replaceChildren(...parts)
    if (held) root.querySelector(`tr[data-channel="${CSS.escape(held)}"] button`)?.focus()  // what is drawn anew keeps the keyboard
  }
  for (const name of ["channels", "trials", "letters", "problem", "can_change", "is_known"]) model.on(name, draw)
  draw()
  return root
}
