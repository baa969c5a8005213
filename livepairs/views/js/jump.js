// Go where the server says: to a trade, or back to all there is.
const [start, end] = order.tags
if (start == null) {
  axis.tags = ["follow", ...axis.tags.slice(1)]
} else {
  axis.tags = ["free", ...axis.tags.slice(1)]
  axis.setv({start, end})
}
