// How rows in order of time are painted: those in view and no others, all of one colour at once. Bokeh's own painters take
// every row there is, one by one, seen or not; they still paint whatever is not rows of lines, candles and bands.
const ROOM = 2
/* Pixels a row below which a line is one pixel wide: a wider one would hide what happens between its neighbours, and
   takes a machine without a graphics card six times as long. */

const onScreen = (scale, range) => {
  const at = scale.compute(range.start), by = (scale.compute(range.end) - at) / (range.end - range.start)
  return (value) => at + (value - range.start) * by
}

// What a painter needs of a glyph's rows: their columns, which are in view, and where they lie.
const rowsOf = (renderer, xField) => {
  const {data} = renderer.model.data_source, times = data[xField], {x_scale, y_scale, x_source, y_source} = renderer.coordinates
  const [first, end] = rowsInView(times, x_source.start, x_source.end)
  // Rows that came this moment have no colours yet; they are painted a frame later.
  const last = Math.min(end, renderer.glyph.data_size)
  const x = onScreen(x_scale, x_source), y = onScreen(y_scale, y_source)
  const room = last - first > 1 ? Math.abs(x(times[last - 1]) - x(times[first])) / (last - 1 - first) : Infinity
  const isSeen = (column) => {
    const found = [Infinity, -Infinity]
    extremes(column, first, last, found)
    return found[1] >= Math.min(y_source.start, y_source.end) && found[0] <= Math.max(y_source.start, y_source.end)
  }
  return {data, times, first, last, x, y, room, isSeen}
}
// Rows by colour, so that a colour is set once.
const byColor = (colors, first, last) => {
  const groups = new Map()
  for (let row = first; row < last; row++) {
    const color = colors.get(row)
    if (!groups.has(color)) groups.set(color, [])
    groups.get(color).push(row)
  }
  return groups.values()
}

const paintLine = (ctx, renderer) => {
  const {glyph} = renderer, {line} = glyph.visuals
  const {data, times, first, last, x, y, room, isSeen} = rowsOf(renderer, glyph.model.x.field)
  const values = data[glyph.model.y.field]
  if (!line.doit || !isSeen(values)) return
  let isDown = false
  ctx.beginPath()
  for (let row = first; row < last; row++) {
    const value = values[row]
    if (!Number.isFinite(value)) isDown = false
    else if (isDown) ctx.lineTo(x(times[row]), y(value))
    else { ctx.moveTo(x(times[row]), y(value)); isDown = true }
  }
  line.set_value(ctx)
  if (room < ROOM) ctx.lineWidth = Math.min(ctx.lineWidth, 1)
  ctx.stroke()
}

const paintWicks = (ctx, renderer) => {
  const {glyph} = renderer, {line} = glyph.visuals
  const {data, times, first, last, x, y} = rowsOf(renderer, glyph.model.x0.field)
  const high = data[glyph.model.y0.field], low = data[glyph.model.y1.field]
  for (const rows of byColor(glyph.line_color, first, last)) {
    ctx.beginPath()
    for (const row of rows) {
      if (!Number.isFinite(high[row] + low[row])) continue
      const at = x(times[row])
      ctx.moveTo(at, y(high[row]))
      ctx.lineTo(at, y(low[row]))
    }
    line.set_vectorize(ctx, rows[0])
    ctx.stroke()
  }
}

const paintBoxes = (ctx, renderer) => {
  const {glyph} = renderer, {line, fill} = glyph.visuals
  const {data, times, first, last, x, y} = rowsOf(renderer, glyph.model.x.field)
  const middle = data[glyph.model.y.field], tall = data[glyph.model.height.field]
  const wide = Math.abs(x(times[first] + glyph.model.width.value) - x(times[first]))
  const isLined = line.doit, edge = isLined ? glyph.line_width.get(first) : 0
  // A box whose edges meet has no inside: it is one bar of their colour.
  const isBar = wide <= edge
  for (const rows of byColor(isLined ? glyph.line_color : glyph.fill_color, first, last)) {
    fill.set_vectorize(ctx, rows[0])
    if (isLined) line.set_vectorize(ctx, rows[0])
    if (isBar) ctx.fillStyle = ctx.strokeStyle
    for (const row of rows) {
      const height = tall[row]
      if (!Number.isFinite(middle[row] + height)) continue
      const left = x(times[row]) - wide / 2, top = y(middle[row] + height / 2), deep = y(middle[row] - height / 2) - top
      if (isBar) ctx.fillRect(left - edge / 2, top - edge / 2, wide + edge, deep + edge)
      else {
        ctx.fillRect(left, top, wide, deep)
        if (isLined) ctx.strokeRect(left, top, wide, deep)
      }
    }
  }
}

const paintBand = (ctx, renderer) => {
  const {glyph} = renderer, {fill} = glyph.visuals
  const {data, times, first, last, x, y} = rowsOf(renderer, glyph.model.x.field)
  const low = data[glyph.model.y1.field], high = data[glyph.model.y2.field]
  const close = (from, to) => {
    for (let row = to - 1; row >= from; row--) ctx.lineTo(x(times[row]), y(low[row]))
    if (to > from) ctx.closePath()
  }
  let from = first
  ctx.beginPath()
  for (let row = first; row < last; row++) {
    if (!Number.isFinite(low[row] + high[row])) { close(from, row); from = row + 1 }
    else if (row === from) ctx.moveTo(x(times[row]), y(high[row]))
    else ctx.lineTo(x(times[row]), y(high[row]))
  }
  close(from, last)
  fill.apply(ctx)
}

// Painter and columns of each kind of glyph; one with other than plain columns is left to Bokeh.
const PAINTERS = {
  Line: [paintLine, ["x", "y"]],
  Segment: [paintWicks, ["x0", "x1", "y0", "y1"]],
  Rect: [paintBoxes, ["x", "y", "height"]],
  VArea: [paintBand, ["x", "y1", "y2"]],
}
// Bokeh works out where to paint even where there is nothing, as on most charts without gaps or trades.
const spare = (renderer) => {
  if (!renderer.glyph) return
  const paint = renderer._paint.bind(renderer)
  renderer._paint = (ctx) => { if (renderer.model.data_source.get_length() !== 0) paint(ctx) }
}
const paintWell = (view) => {
  for (const renderer of view.renderer_views.values()) {
    const [paint, columns] = PAINTERS[renderer.glyph?.model.type] ?? []
    if (!paint || columns.some((name) => !renderer.glyph.model[name]?.field)) { spare(renderer); continue }
    renderer._paint = (ctx) => {
      ctx.save()
      paint(ctx, renderer)
      ctx.restore()
    }
  }
}
