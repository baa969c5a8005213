// The values under the cursor, or the newest ones when the cursor is elsewhere, above every chart that shares the axis.
const escape = (text) => String(text).replace(/[&<>]/g, (c) => ({"&": "&amp;", "<": "&lt;", ">": "&gt;"}[c]))
const number = (value, digits) => {
  if (value == null || !Number.isFinite(value)) return "–"
  if (digits === "compact") {
    const size = Math.abs(value)
    for (const [limit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (size >= limit) return (value / limit).toPrecision(3) + letter
    return size >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString()
  }
  if (digits === "bps") return `${(1e4 * value).toFixed(1).replace("-", "−")} bp`
  if (digits === "significant") return value.toPrecision(4).replace("-", "−")
  return value.toLocaleString("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits}).replace("-", "−")
}
// Prices with as many decimals as the newest ones need, so that the figure does not change its width.
const decimals = (values) => {
  const recent = Array.from(values.slice(-60)).filter(Number.isFinite)
  for (let digits = 0; digits < 8; digits++) if (recent.every((v) => Math.abs(Number(v.toFixed(digits)) - v) <= Math.abs(v) * 1e-12)) return digits
  return 8
}
const nearest = (times, x) => {
  let low = 0, high = times.length - 1
  while (low < high) { const mid = (low + high) >> 1; if (times[mid] < x) low = mid + 1; else high = mid }
  return low > 0 && x - times[low - 1] < times[low] - x ? low - 1 : low
}

if (cb_obj.event_name === "mousemove") cursor.tags = [cb_obj.x]
else if (cb_obj.event_name === "mouseleave") cursor.tags = []
else if (cursor.tags.length > 0) return

for (const {source, div, title, fields, wait} of charts) {
  const data = source.data, times = data.ts
  // A chart whose rows change their meaning says in their tags what they are now.
  const parts = [`<b>${escape(source.tags[0] ?? title)}</b>`]
  if (times.length > 0) {
    const hover = cursor.tags.length > 0
    const priceDigits = data.close ? decimals(data.close) : 2
    const row = hover ? nearest(times, cursor.tags[0]) : times.length - 1
    if (wait && !hover && fields.every(({field}) => !Number.isFinite(data[field][row]))) {
      parts.push(`<span class=wait>${escape(wait)}</span>`)
    } else for (const {label, field, digits, color} of fields) {
      const mark = color ? `<i style="background:${color}"></i>` : ""
      parts.push(`<span>${mark}${escape(label)} <em>${number(data[field][row], digits === "price" ? priceDigits : digits)}</em></span>`)
    }
    if (hover) parts.push(`<time>${new Date(times[row]).toISOString().slice(11, 19)}</time>`)
  } else {
    parts.push("<span class=wait>waiting for the first bars</span>")
  }
  const html = parts.join("")
  if (div.text !== html) div.text = html
}
