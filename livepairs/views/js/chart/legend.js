// What lies over a chart: the line with its title and the values under the cursor, the crosshair and its tags. It is
// plain HTML, for a canvas would be painted anew, with all its lines, each time the mouse moves.
const decimal = new Map()
const fixed = (value, digits) => {
  // A format is costly to make, and a value is written with every frame of a drag.
  if (!decimal.has(digits)) decimal.set(digits, new Intl.NumberFormat("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits}))
  return decimal.get(digits).format(value)
}
const number = (value, digits) => {
  if (value == null || !Number.isFinite(value)) return "–"
  const minus = (text) => text.replace("-", "−")
  if (digits === "compact") {
    const size = Math.abs(value)
    for (const [limit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (size >= limit) return minus((value / limit).toPrecision(3)) + letter
    return size >= 100 ? minus(value.toFixed(0)) : minus(Number(value.toPrecision(3)).toString())
  }
  if (digits === "bps") return `${minus((1e4 * value).toFixed(1))} bp`
  if (digits === "significant") return minus(value.toPrecision(4))
  return minus(fixed(value, digits))
}
// Prices with as many decimals as the newest ones need, so that the figure does not change its width.
const decimals = (values) => {
  const recent = Array.from(values.slice(-60)).filter(Number.isFinite)
  for (let digits = 0; digits < 8; digits++) if (recent.every((v) => Math.abs(Number(v.toFixed(digits)) - v) <= Math.abs(v) * 1e-12)) return digits
  return 8
}
const write = (node, text) => { if (node.textContent !== text) node.textContent = text }
const place = (node, style) => { if (node.lpStyle !== style) node.style.cssText = node.lpStyle = style }
const made = (tag, className, ...children) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  node.append(...children)
  return node
}

const makeLegend = (plot, style, save) => {
  const host = made("div", "lp-face"), root = host.attachShadow({mode: "open"})
  const sheet = made("style")
  sheet.textContent = style
  const title = made("b"), wait = made("span", "wait"), time = made("time")
  const fields = plot.fields.map(({label, color}) => {
    const value = made("em"), line = made("i")
    line.style.background = color ?? ""
    return {value, node: made("span", "field", ...(color ? [line] : []), `${label} `, value)}
  })
  const button = made("button", "save", "⤓")
  button.type = "button"
  button.title = "Save this chart as a picture: PNG, or SVG with shift"
  button.setAttribute("aria-label", `Save the chart ${plot.title} as PNG, with shift as SVG`)
  button.onclick = (event) => save(event.shiftKey ? "svg" : "png")
  const across = made("div", "across"), level = made("div", "level"), value = made("div", "tag value"), when = made("div", "tag when")
  const zone = made("div", "tag zone")
  const values = made("div", "values", title, ...fields.map(({node}) => node), wait, time)
  values.setAttribute("aria-hidden", "true")
  root.append(sheet, values, button, across, level, value, when, zone)
  const known = new Map()
  // Of prices: those of the bars, or else of the column that is shown.
  const priceDigits = (column) => {
    const {data} = plot.source, values = data.close ?? data[column]
    if (values && known.get(column)?.values !== values) known.set(column, {values, digits: decimals(values)})
    return known.get(column)?.digits ?? 2
  }
  const written = (amount, how, column) => number(amount, how === "price" ? priceDigits(column) : how)
  return {
    host,
    // The values of a row, or of the newest where the cursor is elsewhere.
    show(x) {
      const {source} = plot, times = source.data.ts
      const row = !times.length || x == null ? times.length - 1 : nearestRow(times, x)
      const valueAt = ({field, rows}) => {
        if (rows == null) return source.data[field][row] / (plot.scales[0]?.bases?.get(field) ?? 1)
        const own = rows.data.ts
        return own.length ? rows.data[field][x == null ? own.length - 1 : nearestRow(own, x)] : NaN
      }
      write(title, source.tags[0] ?? plot.title)
      if (!times.length) return this.say("waiting for the first bars")
      if (plot.wait && x == null && plot.fields.every((field) => !Number.isFinite(valueAt(field)))) return this.say(plot.wait)
      this.say("")
      plot.fields.forEach((field, at) => write(fields[at].value, written(valueAt(field), field.digits, field.field)))
      write(time, x == null ? "" : livepairsZone.clock(times[row]))
    },
    say(text) {
      write(wait, text)
      values.classList.toggle("waits", text !== "")
      if (text) write(time, "")
    },
    // The crosshair: a line at a time, and in the chart under the mouse one at a value.
    point(frame, at, y, isLast, ms) {
      host.classList.toggle("pointed", at != null)
      host.classList.toggle("aimed", y != null)
      if (at == null) return
      place(across, `transform:translateX(${Math.round(at)}px);top:${frame.top}px;height:${frame.height}px`)
      if (y != null) {
        place(level, `transform:translateY(${Math.round(y)}px);left:${frame.left}px;width:${frame.width}px`)
        place(value, `left:${frame.right + 1}px;transform:translateY(${Math.round(y) - 9}px)`)
        write(value, written(plot.view.frame.y_scale.invert(y), plot.fields[plot.fields.length - 1]?.digits === "compact" ? "price" : plot.fields[plot.fields.length - 1]?.digits ?? 2))
      }
      if (isLast) {
        place(when, `top:${frame.bottom + 2}px;transform:translateX(calc(${Math.round(at)}px - 50%))`)
        write(when, livepairsZone.stamp(ms))
      }
    },
    zoneAt(frame, ms) {
      place(zone, `left:${frame.right + 6}px;top:${frame.bottom + 3}px`)
      write(zone, livepairsZone.label(ms))
    },
  }
}
