// Show everything there is, unless the user has taken hold of the axis.
const times = source.data.ts
if (times.length > 1 && axis.tags[0] === "follow") {
  const margin = 0.01 * (times[times.length - 1] - times[0])
  axis.setv({start: times[0] - margin, end: times[times.length - 1] + margin})
}
