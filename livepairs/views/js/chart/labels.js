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
// The room never shrinks: a label that loses a digit had all of the page laid out anew.
const steady = (axis, least) => {
  const measure = axis.get_size.bind(axis)
  let widest = least
  axis.get_size = () => {
    const {width, height} = measure()
    widest = Math.max(widest, height)
    return {width, height: widest}
  }
}

const label = (view) => {
  if (view.lpLabelled) return
  view.lpLabelled = true
  for (const axis of view.axis_views) {
    if (axis.dimension !== 1) continue
    steady(axis, view.model.min_border_right ?? 0)
    legible(axis, view)
  }
}
