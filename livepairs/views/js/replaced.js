// The rows were replaced as a whole: another moment of the recording. What the user looked at is gone; go along.
axis.tags = ["follow", ...axis.tags.slice(1)]
const times = source.data.ts
if (times.length > 0) {
  const end = times[times.length - 1] + lead_ms
  axis.setv({start: end - (axis.end - axis.start), end})
}
