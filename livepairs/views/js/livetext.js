// Fixed markup whose [data-v] places take new text. Only what changed is touched, so nothing flickers, tooltips stay
// open and the layout never moves. A place with data-clock takes seconds since 1970, shown in the zone of the page.
export function render({model}) {
  const root = document.createElement("div")
  root.className = "live"
  root.innerHTML = model.markup
  const places = new Map()
  for (const place of root.querySelectorAll("[data-v]")) places.set(place.dataset.v, place)
  const states = new Map()
  for (const place of root.querySelectorAll("[data-s]")) states.set(place.dataset.s, place)
  const clock = (seconds) => window.livepairsZone?.clock(1000 * seconds) ?? new Date(1000 * seconds).toISOString().slice(11, 19)
  const draw = () => {
    for (const [key, value] of Object.entries(model.values)) {
      const place = places.get(key)
      const text = value && place && "clock" in place.dataset ? clock(Number(value)) : value
      if (place && place.textContent !== text) place.textContent = text
    }
    for (const [key, state] of Object.entries(model.states)) {
      const place = states.get(key)
      if (!place) continue
      if (key.startsWith("width-")) place.style.width = state
      else if (place.dataset.state !== state) place.dataset.state = state
    }
  }
  model.on("values", draw)
  model.on("states", draw)
  if (root.querySelector("[data-clock]")) {
    window.addEventListener("livepairs-zone", draw)
    model.on("remove", () => window.removeEventListener("livepairs-zone", draw))
  }
  draw()
  return root
}
