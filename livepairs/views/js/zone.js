// UTC or the browser's own time zone, for everything on a page that shows a time; remembered for the next page.
// Several components of a page begin with this text; the first makes the one object, the others find it.
window.livepairsZone ??= (() => {
  const KEY = "livepairs-zone", listeners = new Set()
  let isLocal = false
  try { isLocal = localStorage.getItem(KEY) === "local" } catch { /* a browser that keeps nothing shows UTC */ }
  const two = (value) => String(Math.trunc(value)).padStart(2, "0")
  const minutes = (ms) => isLocal ? -new Date(ms).getTimezoneOffset() : 0
  const text = (ms) => Number.isFinite(ms) ? new Date(ms + 60000 * minutes(ms)).toISOString() : "---------- --:--:--.---"
  const label = (ms) => {
    const offset = minutes(ms)
    return offset === 0 ? "UTC" : `UTC${offset < 0 ? "−" : "+"}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`
  }
  return {
    get isLocal() { return isLocal },
    set isLocal(value) {
      if (value === isLocal) return
      isLocal = value
      try { localStorage.setItem(KEY, value ? "local" : "utc") } catch { /* only for this page then */ }
      for (const listener of listeners) listener()
      window.dispatchEvent(new Event("livepairs-zone"))
    },
    // Minutes that the zone is ahead of UTC at a time.
    minutes,
    // What the zone is called at a time: UTC, or UTC+02:00.
    label,
    day: (ms) => text(ms).slice(0, 10),
    clock: (ms) => text(ms).slice(11, 19),
    fine: (ms) => text(ms).slice(11, 23),
    stamp: (ms) => `${text(ms).slice(0, 19).replace("T", " ")} ${label(ms)}`,
    // Call back whenever the zone is switched; returns what ends it.
    on: (listener) => { listeners.add(listener); return () => listeners.delete(listener) },
  }
})()
