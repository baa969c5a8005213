// Move the shared time axis so that the newest bar is in view, unless the user has taken hold of it.
const times = source.data.ts
if (times.length > 0 && axis.tags[0] === "follow") {
  const end = times[times.length - 1] + lead_ms
  if (end !== axis.end) axis.setv({start: end - (axis.end - axis.start), end})
}
