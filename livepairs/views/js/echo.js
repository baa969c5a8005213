// Says that the browser has drawn what it was sent.
export function render({model}) {
  model.on("beat", () => requestAnimationFrame(() => model.send_msg({beat: model.beat})))
  return document.createElement("span")
}
