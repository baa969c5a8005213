// Tells the window around this one what the page shows, and takes its orders: to and from one origin alone.
export function render({model}) {
  const host = model.host || window.location.origin
  const tell = (type, detail) => {
    if (window.parent !== window) window.parent.postMessage({livepairs: type, detail}, host)
  }
  let isAnswered = false

  const hear = (event) => {
    if (event.source !== window.parent || event.origin !== host) return
    const order = event.data?.livepairs
    if (typeof order !== "string") return
    isAnswered = true
    if (order !== "hello") model.send_msg({act: order, value: event.data.value ?? null})
  }
  // Where a link leads is for the host to say: it may have to bring a token, and it keeps what it asked for.
  const placeOf = (url) => {
    const here = new URL(window.location.href)
    const folder = here.pathname.slice(0, here.pathname.lastIndexOf("/") + 1)
    return url.origin === here.origin && url.pathname.startsWith(folder) ? url.pathname.slice(folder.length) : null
  }
  const go = (to) => {
    const here = new URL(window.location.href), there = new URL(to, here)
    if (isAnswered) return tell("go", {page: placeOf(there), query: Object.fromEntries(there.searchParams)})
    for (const name of ["host", "frame", "theme"]) {
      if (here.searchParams.has(name)) there.searchParams.set(name, here.searchParams.get(name))
    }
    window.location.assign(there)
  }
  const follow = (event) => {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement)
    if (!link || link.download || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    if (placeOf(new URL(link.href)) === null) return
    event.preventDefault()
    go(link.href)
  }
  window.livepairsGo = go
  window.addEventListener("message", hear)
  document.addEventListener("click", follow, true)
  model.on("remove", () => {
    delete window.livepairsGo
    window.removeEventListener("message", hear)
    document.removeEventListener("click", follow, true)
  })

  const time = () => tell("time", {now: model.now_ms, status: model.status})
  model.on("now_ms", time)
  model.on("status", time)
  model.on("stamp", () => { for (const event of model.events) tell("alert", event) })
  if (model.problem) tell("error", {message: model.problem})
  else {
    tell("ready", {...model.about, now: model.now_ms, status: model.status})
    time()  // where a run stands still, nothing else would
  }
  return document.createElement("span")
}
