// Tell which window is shown once it has come to rest: the server then sends the rows of that window.
const shown = axis.tags[0] === "free" ? [axis.start, axis.end] : []
clearTimeout(seen.lp_timer)
seen.lp_timer = setTimeout(() => {
  if (String(shown) !== String(seen.tags)) seen.tags = shown
}, 140)
