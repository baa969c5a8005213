// The keys of the deck; views/deck/keys.py lists them for the help. None works while one types in a field; on a page that is
// not ours, which has keys of its own, they work in the deck alone.
const SPEED_KEYS = {1: 1, 2: 2, 3: 5, 4: 10, 5: 30, 6: 60, 7: 120, 8: 300, 9: 1000, 0: 0}

const bindKeys = (model, does, root) => {
  const place = model.is_guest ? root : document
  const taken = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true
    const target = event.composedPath()[0]
    if (!target.closest || document.querySelector("dialog[open]")) return false
    if (target.closest("textarea, select, [contenteditable=true], input:not([type=range])")) return true
    if (target.closest("input[type=range]")) return event.key.startsWith("Arrow")
    return target.closest("button, a, summary") != null && [" ", "Enter"].includes(event.key)
  }
  const keys = (event) => {
    if (taken(event)) return
    const act = does.always[event.key] ?? (model.is_replay ? replayed(event) : undefined)
    if (act === undefined) return
    event.preventDefault()
    if (model.is_guest) event.stopPropagation()
    act()
  }
  const replayed = (event) => {
    if (event.key in SPEED_KEYS) return () => does.speed(SPEED_KEYS[event.key])
    if (event.shiftKey && event.key === "ArrowLeft") return () => does.step(-1, "alert")
    if (event.shiftKey && event.key === "ArrowRight") return () => does.step(1, "alert")
    return does.replay[event.key]
  }
  place.addEventListener("keydown", keys)
  return () => place.removeEventListener("keydown", keys)
}
