// What Bokeh does at every frame of a drag and need not: it writes style sheets that say what they said before, and then
// asks the page for the style of each colour and label, which makes the browser work out all of its styles again.
const STYLE_MS = 500

const ownerOf = (thing, name) => {
  while (thing && !Object.hasOwn(thing, name)) thing = Object.getPrototypeOf(thing)
  return thing
}
const replaced = (thing, name, make) => {
  const owner = ownerOf(thing, name)
  if (!owner || owner[name].isCalm) return
  owner[name] = make(owner[name])
  owner[name].isCalm = true
}

// A style sheet is written only where it changes.
const writeOnce = (write) => function (css) { if (this.el.textContent !== css) write.call(this, css) }
// A style of the page holds for a moment; a theme that changes is seen at the next paint after it.
const askSeldom = (ask) => function (name) {
  const now = performance.now()
  if (!(now < this.lpUntil)) { this.lpStyles = new Map(); this.lpUntil = now + STYLE_MS }
  if (!this.lpStyles.has(name)) this.lpStyles.set(name, ask.call(this, name))
  return this.lpStyles.get(name)
}
// Where an axis has its ticks, and how much room their labels take, is worked out once a frame.
const oncePerFrame = (axis, ask) => {
  let frame = [], known
  return () => {
    const now = [document.timeline.currentTime, ...axis.ranges.flatMap(({start, end}) => [start, end])]
    if (now.some((part, at) => part !== frame[at])) { known = ask(); frame = now }
    return known
  }
}
const calmAxis = (axis) => {
  for (const name of ["tick_coords", "extents"]) {
    const {get} = Object.getOwnPropertyDescriptor(ownerOf(axis, name), name)
    Object.defineProperty(axis, name, {get: oncePerFrame(axis, get.bind(axis))})
  }
}
const calm = (view) => {
  if (view.lpCalm) return
  view.lpCalm = true
  for (const visual of view.visuals) replaced(visual, "_get_css_value", askSeldom)
  for (const renderer of view.renderer_views.values()) {
    if (renderer.position) replaced(renderer.position, "_update", writeOnce)
    // What is painted on the canvas has an element as well, empty, which went along with every frame.
    if (renderer.panel == null) renderer.update_position = () => {}
  }
  for (const axis of view.axis_views) calmAxis(axis)
  // Nothing lies on the second canvas, as large as the first: neither wiped nor handed to the screen at each frame, as
  // every canvas of a page is that has a place in it, painted or not.
  const {overlays} = view.canvas_view
  if (![...view.renderer_views.values()].some((renderer) => renderer.model.level === "overlay")) {
    overlays.prepare = () => overlays.ctx
    overlays.finish = () => {}
    overlays.el.style.display = "none"
  }
  // A chart that is not there has no size, and had all of the page laid out to get one.
  const layOut = view._invalidate_layout_if_needed.bind(view)
  view._invalidate_layout_if_needed = () => { if (view.model.visible) layOut() }
  const askSize = Object.getOwnPropertyDescriptor(ownerOf(view, "base_font_size"), "base_font_size").get.bind(view)
  let size = null, until = 0
  Object.defineProperty(view, "base_font_size", {get: () => {
    if (performance.now() > until) { size = askSize(); until = performance.now() + STYLE_MS }
    return size
  }})
}
