// A chart as a picture to take away: PNG or SVG, with a title, the pair, the span of time and the link below. Made here,
// in the browser, from what is painted: nothing is asked of the server or of another host.
const MARGIN = 14, HEAD = 46, AXIS = 22, FOOT = 40, LETTER = 6.4, LINE = 14
const SVG = "http://www.w3.org/2000/svg"

const paperOf = (element) => {
  for (let node = element; node; node = node.parentNode ?? node.host) {
    if (!(node instanceof Element)) continue
    const color = getComputedStyle(node).backgroundColor
    if (color && color !== "transparent" && !color.endsWith(", 0)")) return color
  }
  return "#ffffff"
}
const inks = (element) => {
  const style = getComputedStyle(element)
  return {paper: paperOf(element), ink: style.getPropertyValue("--mui-palette-text-primary").trim() || "#1b2027", quiet: style.getPropertyValue("--mui-palette-text-secondary").trim() || "#59636e"}
}
const legendText = (plot) => [...plot.legend.host.shadowRoot.querySelectorAll(".field")].map((node) => node.textContent.trim()).join(" \u00a0 ")

// Everything that is written around the charts, as {text, x, y, size, bold, color, anchor}.
const layOut = (plots, axis, about) => {
  const first = plots[0].view, width = first.bbox.width + 2 * MARGIN
  const colors = inks(plots[0].legend.host)
  const texts = [
    {text: about.title, x: MARGIN, y: 20, size: 15, bold: true, color: colors.ink},
    {text: `${livepairsZone.stamp(axis.start)} – ${livepairsZone.stamp(axis.end)}${about.bars ? `, ${about.bars}` : ""}`, x: MARGIN, y: 37, size: 11.5, color: colors.quiet},
  ]
  let top = HEAD
  const places = plots.map((plot) => {
    texts.push({text: plot.source.tags[0] ?? plot.title, x: MARGIN + 8, y: top + 14, size: 12, bold: true, color: colors.ink, more: legendText(plot), quiet: colors.quiet})
    const place = {plot, top}
    top += plot.view.bbox.height
    return place
  })
  const {frame} = plots[plots.length - 1].view
  if (!plots[plots.length - 1].isLast) {
    const ticks = ticksOf(axis.start, axis.end, tickStep(axis.end - axis.start, frame.bbox.width))
    const step = ticks.length > 1 ? ticks[1] - ticks[0] : MINUTE
    for (const at of ticks) texts.push({text: tickLabel(at, step), x: MARGIN + frame.x_scale.compute(at), y: top + 14, size: 11, color: colors.quiet, anchor: "middle"})
    top += AXIS
  }
  texts.push({text: about.origin, x: MARGIN, y: top + 15, size: 11, color: colors.quiet})
  // A link that is cut off leads nowhere.
  const lines = about.link.match(new RegExp(`.{1,${Math.floor((width - 2 * MARGIN) / LETTER)}}`, "g")) ?? []
  lines.forEach((text, at) => texts.push({text, x: MARGIN, y: top + 31 + at * LINE, size: 11, color: colors.quiet}))
  return {width, height: top + FOOT + Math.max(0, lines.length - 1) * LINE, texts, places, colors}
}

const toPng = ({width, height, texts, places, colors}) => {
  const ratio = places[0].plot.view.canvas_view.pixel_ratio
  const canvas = made("canvas")
  canvas.width = width * ratio
  canvas.height = height * ratio
  const ctx = canvas.getContext("2d")
  ctx.scale(ratio, ratio)
  ctx.fillStyle = colors.paper
  ctx.fillRect(0, 0, width, height)
  for (const {plot, top} of places) {
    const {width: w, height: h} = plot.view.bbox
    ctx.drawImage(plot.view.canvas_view.compose().canvas, MARGIN, top, w, h)
  }
  for (const {text, x, y, size, bold, color, anchor, more, quiet} of texts) {
    ctx.font = `${bold ? "600 " : ""}${size}px Inter, Roboto, system-ui, sans-serif`
    ctx.fillStyle = color
    ctx.textAlign = anchor === "middle" ? "center" : "left"
    ctx.fillText(text, x, y)
    if (more) {
      const after = x + ctx.measureText(text).width + 14
      ctx.font = `${size - 0.5}px Inter, Roboto, system-ui, sans-serif`
      ctx.fillStyle = quiet
      ctx.fillText(more, after, y)
    }
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"))
}

const toSvg = ({width, height, texts, places, colors}) => {
  const root = document.createElementNS(SVG, "svg")
  const add = (parent, tag, attributes, text) => {
    const node = document.createElementNS(SVG, tag)
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
    if (text != null) node.textContent = text
    parent.append(node)
    return node
  }
  for (const [name, value] of Object.entries({xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`})) root.setAttribute(name, value)
  add(root, "rect", {width, height, fill: colors.paper})
  for (const {plot, top} of places) {
    const {width: w, height: h} = plot.view.bbox
    // The same painters as on the screen, on a canvas that writes SVG.
    const layer = plot.view.canvas_view.create_layer_svg()
    layer.resize(w, h)
    plot.view._paint_primary(layer.prepare())
    layer.finish()
    const drawn = new DOMParser().parseFromString(layer.ctx.get_serialized_svg(true), "image/svg+xml").documentElement
    drawn.setAttribute("x", MARGIN)
    drawn.setAttribute("y", top)
    root.append(document.importNode(drawn, true))
  }
  for (const {text, x, y, size, bold, color, anchor, more, quiet} of texts) {
    const node = add(root, "text", {x, y, "font-size": size, "font-family": "Inter, Roboto, system-ui, sans-serif", "font-weight": bold ? 600 : 400, fill: color, "text-anchor": anchor ?? "start"}, text)
    if (more) add(node, "tspan", {dx: 14, "font-weight": 400, fill: quiet}, more)
  }
  return new Blob([new XMLSerializer().serializeToString(root)], {type: "image/svg+xml"})
}

const keep = (blob, name) => {
  const link = made("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}
const fileStem = (about, axis) => `livepairs-${about.title}-${new Date(axis.start).toISOString().slice(0, 19)}Z`.replace(/[^A-Za-z0-9-]+/g, "-")

const savePicture = async (kind, plots, axis, about) => {
  const shown = layOut(plots, axis, about)
  keep(await (kind === "svg" ? toSvg(shown) : toPng(shown)), `${fileStem(about, axis)}.${kind}`)
}
