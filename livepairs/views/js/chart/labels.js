// The labels of the value axes: none over another, none cut off, and room for them that stays as it is.
const CUT = 0, APART = 2

const legible = (axis, view) => {
  axis.model.major_label_policy.filter = (indices, boxes) => {
    let below = Infinity
    for (const at of indices) {
      const {top, bottom} = boxes[at]
      if (top < -CUT || bottom > view.bbox.height + CUT || bottom + APART > below) indices.unset(at)
      else below = top
    }
    return indices
  }
}
// The room never shrinks: a label that loses a digit had all of the page laid out anew. What an empty chart has for labels,
// or another font while ours is fetched, is no measure of it.
const steady = (axis, view) => {
  const measure = axis.get_size.bind(axis)
  const hasRows = () => view.model.renderers.some((renderer) => renderer.data_source?.data.ts?.length > 0)
  let widest = view.model.min_border_right ?? 0
  axis.get_size = () => {
    const {width, height} = measure()
    const room = Math.max(widest, height)
    if (document.fonts.status === "loaded" && hasRows()) widest = room
    return {width, height: room}
  }
}

const label = (view) => {
  if (view.lpLabelled) return
  view.lpLabelled = true
  for (const axis of view.axis_views) {
    if (axis.dimension !== 1) continue
    steady(axis, view)
    legible(axis, view)
  }
}
