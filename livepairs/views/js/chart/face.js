// The face of a page's charts: their time axis, legends and crosshair, the zone of their times, and what can be saved.
// The range of the time axis never leaves this browser; its tags say whether it follows the newest bar ("follow") or
// stands where the user put it ("free"). Whoever wants the charts to follow sets the tags: axis.tags = ["follow", ...].
const ASK_MS = 110
/* Before Bokeh takes it in and moves the axis. */
const FIRST = {capture: true, passive: true}

export function render({model, view}) {
  const find = (id) => view.model.document.get_model_by_id(id)
  const {spec} = model
  const axis = find(spec.axis), ticker = find(spec.ticker), leader = find(spec.leader)
  const values = (pairs) => pairs.map(([source, column]) => [find(source), column])
  const plots = spec.plots.map((plot) => ({
    ...plot, figure: find(plot.figure), source: find(plot.source), view: null, legend: null,
    fields: plot.fields.map((field) => ({...field, rows: field.from ? find(field.from) : null})),
    scales: plot.scales.map((scale) => ({...scale, range: find(scale.range), own: scale.own.map(find), values: values(scale.values)})),
  }))
  const isWhole = axis.tags.includes("whole")
  const follows = () => axis.tags[0] === "follow"
  const setFollow = (word) => { if (axis.tags[0] !== word) axis.tags = [word, ...axis.tags.slice(1)] }
  const undo = []
  const connect = (signal, slot) => { signal.connect(slot); undo.push(() => signal.disconnect(slot)) }
  const listen = (target, name, slot, options) => {
    target.addEventListener(name, slot, options)
    undo.push(() => target.removeEventListener(name, slot, options))
  }

  // The bar above the charts.
  const bars = made("span", "bars"), busy = made("span", "busy")
  busy.setAttribute("role", "status")
  const zone = made("button", "zone")
  zone.type = "button"
  zone.title = "Switch all times between UTC and this computer's time zone"
  zone.onclick = () => { livepairsZone.isLocal = !livepairsZone.isLocal }
  const files = made("select")
  files.setAttribute("aria-label", "Save or export the charts")
  files.title = "Save or export what is shown"
  files.append(new Option("Save…", ""), new Option("All charts, PNG", "png"), new Option("All charts, SVG", "svg"),
    ...spec.files.map(([key, label]) => new Option(label, `file:${key}`)))
  const root = made("div", "chartbar", bars, busy, made("span", "room"), zone, files)

  const about = () => ({
    title: spec.title, origin: spec.origin, bars: model.shown,
    link: window.livepairsLink?.() ?? window.location.href,
  })
  const save = (kind, chosen) => savePicture(kind, chosen, axis, about()).catch((error) => {
    busy.textContent = `The picture could not be made: ${error.message}`
  })
  const shownPlots = () => plots.filter((plot) => plot.figure.visible && plot.view?.bbox.height > 0)
  files.onchange = () => {
    const wanted = files.value
    files.value = ""
    if (wanted.startsWith("file:")) {
      model.send_msg({act: "file", key: wanted.slice(5), start: axis.start, end: axis.end, minutes: livepairsZone.minutes(axis.start)})
    } else if (wanted) save(wanted, shownPlots())
  }
  model.on("msg:custom", ({name, mime, data}) => {
    keep(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], {type: mime}), name)
  })

  // Following, and fitting what is in the window.
  const newest = () => leader.data.ts.length ? leader.data.ts[leader.data.ts.length - 1] : null
  const follow = () => {
    if (!follows() || newest() == null) return
    const times = leader.data.ts
    if (isWhole) {
      const margin = 0.01 * (newest() - times[0]) || 1
      axis.setv({start: times[0] - margin, end: newest() + margin})
      return
    }
    const width = axis.end - axis.start, end = newest() + Math.max(spec.lead_ms, 0.02 * width)
    if (end !== axis.end) axis.setv({start: end - width, end})
  }
  let ticked = ""
  const setTicks = () => {
    const width = axis.end - axis.start
    const frame = plots.find((plot) => plot.view?.frame.bbox.width > 0)?.view.frame.bbox
    const step = tickStep(width, frame?.width ?? 900)
    // Ticks beyond the window are there already, so that a pan sets new ones only now and then.
    const from = Math.floor(axis.start / width) * width - width, key = `${from} ${step} ${livepairsZone.isLocal}`
    if (key !== ticked) { ticked = key; ticker.ticks = ticksOf(from, from + 4 * width, step) }
  }
  const fit = () => { for (const {figure, scales} of plots) if (figure.visible) for (const scale of scales) (scale.own.length ? fitRebased : fitRange)(scale, axis.start, axis.end) }
  // What follows ends where the newest bar wants it, whoever changed its width: the hand that pans or zooms has said so.
  const moved = () => { follow(); setTicks(); fit(); ask(); wish() }
  const grown = () => { follow(); fit(); wish() }

  // Which rows the window needs is asked once the hand has come to rest; sooner where rows run out or must be others.
  let asked = "", asking = null, isUrgent = false, widthAsked = 0
  const hasRows = () => {
    const {ts} = leader.data, width = axis.end - axis.start, room = 0.15 * width
    const isMuchAsWide = width > widthAsked / 2 && width < widthAsked * 2
    return isMuchAsWide && ts.length > 0 && ts[0] <= axis.start - room && ts[ts.length - 1] >= axis.end + room
  }
  const ask = () => {
    if (!spec.asks || isUrgent) return
    isUrgent = !hasRows()
    clearTimeout(asking)
    asking = setTimeout(look, ASK_MS)
  }
  const look = () => {
    isUrgent = false
    const pixels = plots.find((plot) => plot.view)?.view.frame.bbox.width ?? 0
    const width = axis.end - axis.start
    const wanted = follows() ? `${width} ${pixels}` : `${axis.start} ${axis.end} ${pixels}`
    // Charts that have no size yet are asked for once they have.
    if (!pixels) return ask()
    if (wanted === asked) return
    asked = wanted
    widthAsked = width
    model.send_msg({act: "look", start: axis.start, end: axis.end, pixels, follows: follows()})
  }

  // Legends and crosshair, drawn once a frame at most.
  let pointed = null, wished = false
  const draw = () => {
    wished = false
    for (const plot of plots) if (plot.view) dress(plot)
    const x = pointed == null ? null : pointed.ms
    for (const plot of plots) {
      if (!plot.legend || !plot.figure.visible) continue
      plot.legend.show(x)
      const frame = plot.view.frame.bbox
      if (plot.isLast) plot.legend.zoneAt(frame, axis.end)
      if (pointed == null) { plot.legend.point(frame, null); continue }
      const times = plot.source.data.ts
      const snapped = times.length ? times[nearestRow(times, x)] : x
      const at = Math.abs(snapped - x) < 0.03 * (axis.end - axis.start) ? snapped : x
      plot.legend.point(frame, plot.view.frame.x_scale.compute(at), pointed.plot === plot ? pointed.y : null, plot.isLast, at)
    }
  }
  const wish = () => { if (!wished) { wished = true; requestAnimationFrame(draw) } }
  // The chart's element is emptied when Bokeh renders it anew; what lies over it is put back then.
  const dress = (plot) => {
    if (plot.legend.host.parentNode !== plot.view.shadow_el) plot.view.shadow_el.append(plot.legend.host)
  }

  const hold = (plot) => {
    const events = plot.view.canvas_view.events_el
    let down = null
    listen(events, "pointermove", (event) => {
      const {left, right} = plot.view.frame.bbox
      const inside = event.offsetX >= left && event.offsetX <= right
      pointed = inside ? {plot, y: event.offsetY, ms: plot.view.frame.x_scale.invert(event.offsetX)} : null
      if (down != null && event.buttons && Math.abs(event.clientX - down) > 2) setFollow("free")
      wish()
    }, FIRST)
    listen(events, "pointerdown", (event) => { down = event.clientX })
    listen(events, "pointerup", () => { down = null })
    listen(events, "pointerleave", () => { pointed = null; wish() })
    listen(events, "wheel", () => setFollow("free"), FIRST)
    listen(events, "dblclick", () => setFollow("follow"))
  }
  let meeting = 0
  const meet = () => {
    const found = plots.map(({figure}) => Bokeh.index.find_one_by_id(figure.id))
    if (found.some((seen) => seen?.canvas_view == null)) { meeting = setTimeout(meet, 40); return }
    plots.forEach((plot, place) => {
      plot.view = found[place]
      calm(plot.view)
      label(plot.view)
      paintWell(plot.view)
      plot.legend = makeLegend(plot, spec.style, (kind) => save(kind, [plot]))
      hold(plot)
    })
    follow()
    moved()
  }

  const name = () => {
    bars.textContent = model.shown
    busy.textContent = model.busy
    zone.textContent = livepairsZone.label(axis.end)
    zone.setAttribute("aria-label", `Times are in ${livepairsZone.label(axis.end)}; switch`)
    root.classList.toggle("works", model.busy !== "")
  }
  connect(axis.change, moved)
  connect(axis.properties.tags.change, () => { follow(); ask() })
  const sources = new Set([leader, ...plots.map(({source}) => source), ...plots.flatMap(({scales}) => scales.flatMap((scale) => scale.values.map(([source]) => source)))])
  for (const source of sources) {
    const slot = source === leader ? grown : () => { fit(); wish() }
    connect(source.streaming, slot)
    connect(source.properties.data.change, slot)
  }
  for (const {figure} of plots) connect(figure.properties.visible.change, () => { fit(); wish() })
  undo.push(livepairsZone.on(() => {
    name()
    setTicks()
    for (const {view: seen} of plots) seen?.request_repaint()
    wish()
  }))
  for (const what of ["shown", "busy"]) model.on(what, name)
  undo.push(() => { clearTimeout(asking); clearTimeout(meeting) })
  // Another moment of the recording: what the user looked at is gone; go along.
  model.on("epoch", () => { setFollow("follow"); follow() })
  model.on("remove", () => { for (const end of undo) end() })
  name()
  fit()
  meet()
  return root
}
