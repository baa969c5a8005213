// The link to what is on the screen: recording and digest, event time, pair, parameters, speed, page and zoom. Whoever
// opens it sees the same, on a run of their own. The address in the browser's bar holds the same and the run besides,
// while the replay stands; so a reload finds the run while it lives, and its moment once it is over.
const MOMENT_NAMES = ["recording", "digest", "at", "bars", "price", "hedge", "z", "corr", "lags", "grace_ms", "fire", "clear", "healed", "speed", "play", "x0", "x1", "rule"]

const isoOf = (ms) => {
  const us = Math.round(ms * 1000), whole = Math.floor(us / 1000)
  const rest = us - whole * 1000
  return new Date(whole).toISOString().replace("Z", `${rest ? String(rest).padStart(3, "0") : ""}Z`)
}

const axisOf = (view) => view.model.document?.get_model_by_name("time-axis") ?? null

// The address of this moment. `run` joins the run while it lives; `play` goes on from there.
const addressOf = (model, axis, {run = false, play = false, extra = {}} = {}) => {
  const parts = run && model.run ? [`run=${model.run}`] : []
  if (model.link) parts.push(model.link)
  if (model.is_replay && model.now_ms > 0) {
    const at = Math.min(Math.max(model.now_ms, model.start_ms), model.end_ms)
    parts.push(`at=${isoOf(at)}`, `speed=${model.speed === 0 ? "max" : model.speed}`)
    if (play) parts.push("play=1")
  }
  // A backtest's charts show all there is until one zooms.
  if (axis != null && (axis.tags[0] === "free" || !axis.tags.includes("whole"))) parts.push(`x0=${isoOf(axis.start)}`, `x1=${isoOf(axis.end)}`)
  for (const [name, value] of Object.entries(extra)) parts.push(`${name}=${encodeURIComponent(value)}`)
  const url = new URL(`./${model.page}`, window.location.href)
  url.search = parts.join("&")
  return url
}

// Inside a host's page the way there is the host's (hostbridge.js); else the page is turned (turn.js).
const goTo = (url) => (window.livepairsGo ?? window.livepairsTurn ?? ((to) => window.location.assign(to)))(url)
// The same page, whole, of a server that may be another one, and no way back to this one.
const comeAnew = (url) => window.livepairsGo ? window.livepairsGo(url) : window.location.replace(url)

// Write the moment into the browser's bar, without what the page's own forms have put there.
const writeAddress = (model, axis) => {
  const url = new URL(window.location.href)
  const moment = model.is_replay && model.status !== "playing" ? addressOf(model, axis, {run: true}).searchParams : new URLSearchParams()
  // An address of another page is no longer this one's: it is being left.
  if (!model.is_replay || !url.pathname.endsWith(`/${model.page}`)) return
  for (const name of MOMENT_NAMES) {
    if (moment.has(name)) url.searchParams.set(name, moment.get(name))
    else if (["at", "x0", "x1"].includes(name)) url.searchParams.delete(name)
  }
  url.search = url.search.replaceAll("%3A", ":").replaceAll("%2F", "/")
  if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url)
}

// The window of the charts that the address asks for, in milliseconds; null if it asks for none.
const zoomAsked = () => {
  const query = new URLSearchParams(window.location.search)
  const ms = ["x0", "x1"].map((name) => {
    const text = query.get(name) ?? ""
    return /^\d+$/.test(text) ? Number(text) / 1000 : Date.parse(text)
  })
  return ms.every(Number.isFinite) && ms[0] < ms[1] ? ms : null
}

const copied = async (text) => {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Browsers keep the clipboard from pages that came without encryption; the old way still works there.
    const field = made("textarea", {style: "position: fixed; opacity: 0"})
    field.value = text
    document.body.append(field)
    field.select()
    const is_copied = document.execCommand("copy")
    field.remove()
    return is_copied
  }
}

// The server is gone, or has forgotten this page: come back to the same moment as soon as it answers.
const comeBack = (model, axisNow, say) => {
  const known = document.querySelector("script[src*='bokeh']")?.src ?? window.location.href
  let wait = 500
  say("The connection is lost; this page comes back to this moment as soon as the server answers.", true)
  const look = async () => {
    try {
      const answer = await fetch(known, {method: "HEAD", cache: "no-store"})
      if (answer.ok) {
        const extra = model.control ? {control: model.control} : {}
        comeAnew(addressOf(model, axisNow(), {run: true, play: model.status === "playing", extra}))
        return
      }
    } catch { /* not yet */ }
    wait = Math.min(wait * 1.5, 5000)
    setTimeout(look, wait)
  }
  setTimeout(look, wait)
}
