// The value axes: each shows what its lines do in the window, no more. Bokeh's own way of fitting a range asks an index
// of boxes for every line at every frame; a plain walk over the rows in view is several times quicker.
const firstAtLeast = (times, x) => {
  let low = 0, high = times.length
  while (low < high) { const mid = (low + high) >> 1; if (times[mid] < x) low = mid + 1; else high = mid }
  return low
}
const nearestRow = (times, x) => {
  const row = Math.min(firstAtLeast(times, x), times.length - 1)
  return row > 0 && x - times[row - 1] < times[row] - x ? row - 1 : row
}
// The rows of a window, and one more on either side: its line runs into the window.
const rowsInView = (times, start, end) => [Math.max(0, firstAtLeast(times, start) - 1), Math.min(times.length, firstAtLeast(times, end) + 1)]
const extremes = (values, first, last, found) => {
  for (let row = first; row < last; row++) {
    const value = values[row]
    if (value < found[0]) found[0] = value
    if (value > found[1]) found[1] = value
  }
}

// Lines of unlike size, each in a range of its own: what each is worth where the window begins is 100 of the axis.
const fitRebased = (scale, start, end) => {
  const bases = scale.values.map(([source, column]) => {
    const times = source.data.ts, values = source.data[column]
    for (let row = firstAtLeast(times, start); row < times.length; row++) if (Number.isFinite(values[row])) return values[row] / 100
    return NaN
  })
  const found = [Infinity, -Infinity]
  scale.values.forEach(([source, column], at) => {
    const own = [Infinity, -Infinity]
    extremes(source.data[column], ...rowsInView(source.data.ts, start, end), own)
    found[0] = Math.min(found[0], own[0] / bases[at] || Infinity)
    found[1] = Math.max(found[1], own[1] / bases[at] || -Infinity)
  })
  if (!(found[0] <= found[1])) return
  scale.bases = new Map(scale.values.map(([, column], at) => [column, bases[at]]))
  const room = (found[1] - found[0]) * scale.padding / 2 || 0.01, to = [found[0] - room, found[1] + room]
  scale.range.setv({start: to[0], end: to[1]})
  scale.own.forEach((range, at) => range.setv({start: bases[at] * to[0], end: bases[at] * to[1]}))
}

const fitRange = ({range, values, padding, least, floor, share}, start, end) => {
  const found = [Infinity, -Infinity]
  for (const [source, column] of values) {
    const times = source.data.ts
    if (times?.length) extremes(source.data[column], ...rowsInView(times, start, end), found)
  }
  if (!(found[0] <= found[1])) return
  const high = share ? found[1] / share || 1 : found[1], low = floor ?? found[0]
  const span = Math.max((high - low) * (share ? 1 : 1 + padding), least) || Math.abs(high) * 1e-4 || 1
  const to = share ? {start: low, end: high} : {start: (high + low - span) / 2, end: (high + low + span) / 2}
  if (to.start !== range.start || to.end !== range.end) range.setv(to)
}
