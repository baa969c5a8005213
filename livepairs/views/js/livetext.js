// Fixed markup whose [data-v] places take new text. Only what changed is touched, so nothing flickers, tooltips stay
// open and the layout never moves.
export function render({model}) {
  const root = document.createElement("div")
  root.className = "live"
  root.innerHTML = model.markup
  const places = new Map()
  for (const place of root.querySelectorAll("[data-v]")) places.set(place.dataset.v, place)
  const states = new Map()
  for (const place of root.querySelectorAll("[data-s]")) states.set(place.dataset.s, place)
  const draw = () => {
    for (const [key, text] of Object.entries(model.values)) {
      const place = places.get(key)
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
  draw()
  return root
}
