// The scrub bar: where the replay stands, what lies ahead and behind, and the loop.
const drawScrub = (model, marks, send) => {
  const span = Math.max(1, model.end_ms - model.start_ms)
  const share = (ms) => 100 * Math.min(1, Math.max(0, (ms - model.start_ms) / span))
  const drawn = model.marks.map(([kind, left, width, text, ms]) => {
    const mark = made(kind === "moment" ? "button" : "i", {class: kind, title: text})
    mark.style.left = `${left}%`
    if (kind === "gap" || kind === "healed") mark.style.width = `max(3px, ${width}%)`
    if (kind === "moment") {
      // Reached by key and in the sheet: a hundred tab stops would be in everybody's way.
      mark.tabIndex = -1
      mark.setAttribute("aria-label", text)
      mark.onclick = () => send("seek", {value: ms})
    }
    return mark
  })
  if (model.loop.length) {
    const [start, end] = model.loop.map(share), band = made("i", {class: "loop", title: "Plays over and over"})
    band.style.left = `${start}%`
    band.style.width = `${end - start}%`
    drawn.unshift(band)
  }
  marks.replaceChildren(...drawn)
}
