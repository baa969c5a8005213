// What history is asked and how often there was what. The filters are in the address too, so that a link shows the same
// events. A press on a column of the timeline asks for its span alone; a press beside it for all again.
const LEVELS = ["info", "warning", "critical"]
const TILES = [["fired", "Fired", "Alerts among the events asked for"], ["cleared", "Cleared", "How often a rule let go again"],
  ["standing", "Standing", "Alerts of this run that have not cleared"], ["open", "Not seen to", "Fired and not acknowledged by anyone"], ["last", "Newest", "Time of the newest event asked for"]]
const FIELDS = [["pair", "Pair"], ["rule", "Rule"], ["level", "Level"]]
const draw_shape = (name, attributes) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}
const iso = (ms) => new Date(ms).toISOString().replace(/\.000Z$|Z$/, "")
const clock = (ms, width) => { const text = iso(ms); return width >= 86400000 ? text.slice(0, 10) : text.slice(5, 16).replace("T", " ") }

export function render({model}) {
  const root = make("section", {class: "bar", "aria-label": "History"})
  root.innerHTML = `
    <div class="tiles">${TILES.map(([key, name, tip]) => `<div title="${tip}"><span>${name}</span><b data-v="${key}">–</b></div>`).join("")}</div>
    <div class="line"><svg role="group" preserveAspectRatio="none"></svg><p class="none">No events in this span.</p><div class="ends"><span></span><em></em><span></span></div></div>
    <form role="search">
      ${FIELDS.map(([key, name]) => `<label><span>${name}</span><select name="${key}"></select></label>`).join("")}
      <label><span>Event</span><select name="kind"><option value="">all</option><option value="fired">fired</option><option value="cleared">cleared</option></select></label>
      <label><span>Seen to</span><select name="seen"><option value="">all</option><option value="no">no</option><option value="yes">yes</option></select></label>
      <label class="words"><span>Words</span><input type="search" name="text" maxlength="200" placeholder="message, note…" autocomplete="off"></label>
      <label class="when"><span>From (UTC)</span><input type="datetime-local" name="from" step="1"></label>
      <label class="when"><span>To (UTC)</span><input type="datetime-local" name="to" step="1"></label>
      <label class="until"><span>Moment</span><select name="until"><option value="now">up to the replay's</option><option value="all">all there is</option></select></label>
      <button type="button" class="clear">Clear</button>
      <button type="button" class="fold" aria-expanded="false"></button>
    </form>
    <p class="problem" role="alert" hidden></p>
    <div class="foot"><span class="place" role="status"></span><i></i>
      <button type="button" data-go="newest" title="To the newest events">Newest</button>
      <button type="button" data-go="newer">‹ Newer</button><button type="button" data-go="older">Older ›</button>
      <button type="button" data-save="csv" title="All events asked for, with a link to the moment of each">CSV</button>
      <button type="button" data-save="parquet" title="The same as Parquet">Parquet</button></div>`
  const find = (selector) => root.querySelector(selector)
  const form = find("form"), svg = find("svg")
  const said = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => value))

  // --- asking --------------------------------------------------------------------------------------------------------
  let timer = 0
  const ask = (wait = 0) => { clearTimeout(timer); timer = setTimeout(() => model.send_msg({act: "ask", filters: said()}), wait) }
  form.addEventListener("input", (event) => ask(event.target.name === "text" ? 250 : event.target.type === "datetime-local" ? 400 : 0))
  form.addEventListener("submit", (event) => event.preventDefault())
  form.addEventListener("keydown", (event) => event.stopPropagation())  // a space typed here must not start the replay
  find(".clear").addEventListener("click", () => { for (const control of form.elements) if (control.name) control.value = control.name === "until" ? "now" : ""; ask() })
  find(".fold").addEventListener("click", () => { const is = form.classList.toggle("is-open"); find(".fold").setAttribute("aria-expanded", String(is)) })
  for (const button of root.querySelectorAll("[data-go]")) button.addEventListener("click", () => model.send_msg({act: button.dataset.go}))
  for (const button of root.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => model.send_msg({act: "export", kind: button.dataset.save, base: new URL(".", window.location.href).href}))
  }
  model.on("msg:custom", (event) => {
    const message = event.data
    if (message?.say !== "file") return
    const link = make("a", {href: URL.createObjectURL(new Blob([message.data], {type: message.mime})), download: message.name})
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  })

  // --- showing -------------------------------------------------------------------------------------------------------
  const options = (name, values) => {
    const select = form.elements[name], now = model.asked[name] ?? "", all = ["", ...values, ...(now && !values.includes(now) ? [now] : [])]
    if (JSON.stringify([...select.options].map((option) => option.value)) === JSON.stringify(all)) return
    select.replaceChildren(...all.map((value) => make("option", {value}, value || "all")))
    select.value = now
  }
  const fill = () => {
    for (const [name] of FIELDS) options(name, name === "level" ? LEVELS : model.names[name] ?? [])
    for (const control of form.elements) {
      if (!control.name || control === (root.getRootNode().activeElement ?? null)) continue
      const value = model.asked[control.name] ?? (control.name === "until" ? "now" : "")
      if (control.value !== value) control.value = value
    }
    find(".until").hidden = !model.is_replay
    const count = Object.keys(model.asked).filter((name) => name !== "until").length
    find(".fold").textContent = count ? `More (${count})` : "More"
    find(".clear").hidden = !count
    const url = new URL(window.location.href)
    for (const control of form.elements) if (control.name) url.searchParams.delete(`h-${control.name}`)
    for (const [name, value] of Object.entries(model.asked)) url.searchParams.set(`h-${name}`, value)
    if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url)
  }
  const line = () => {
    const width = 1000, height = 56, columns = new Map()
    for (const [start, level, fired, cleared] of model.spans) {
      const column = columns.get(start) ?? columns.set(start, {fired: 0, cleared: 0}).get(start)
      column[level] = fired
      column.fired += fired
      column.cleared += cleared
    }
    const most = Math.max(1, ...[...columns.values()].map((column) => column.fired)), step = width / Math.max(1, model.bins)
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
    svg.setAttribute("aria-label", `Alerts over time, at most ${most} in a span`)
    const shapes = []
    for (const [start, column] of columns) {
      const x = (start - model.first_ms) / model.width_ms * step
      const group = draw_shape("g", {"data-start": start, tabindex: "0", role: "button"})
      const words = `${clock(start, model.width_ms)} UTC: ${LEVELS.filter((level) => column[level]).map((level) => `${column[level]} ${level}`).join(", ") || "none"} fired, ${column.cleared} cleared`
      const title = draw_shape("title", {})
      title.textContent = words
      group.setAttribute("aria-label", words)
      group.append(title, draw_shape("rect", {class: "touch", x, y: 0, width: step, height}))
      let top = height - 2
      for (const level of [...LEVELS].reverse()) {
        if (!column[level]) continue
        const tall = Math.max(3, (height - 6) * column[level] / most)
        top -= tall
        group.append(draw_shape("rect", {class: "count", "data-level": level, x: x + step * 0.12, y: Math.max(0, top), width: Math.max(1.5, step * 0.76), height: tall}))
      }
      if (!column.fired) group.append(draw_shape("rect", {class: "cleared", x: x + step * 0.12, y: height - 4, width: Math.max(1.5, step * 0.76), height: 2}))
      shapes.push(group)
    }
    svg.replaceChildren(...shapes)
    find(".line .none").hidden = columns.size > 0
    const [start, end] = root.querySelectorAll(".ends span")
    start.textContent = model.bins ? clock(model.first_ms, model.width_ms) : ""
    end.textContent = model.bins ? `${clock(model.first_ms + model.bins * model.width_ms, model.width_ms)} UTC` : ""
    find(".ends em").textContent = model.bins ? `${most === 1 ? "1 alert" : `up to ${most} alerts`} in ${length(model.width_ms)}` : ""
  }
  const length = (ms) => ms < 60000 ? `${+(ms / 1000).toPrecision(2)} s` : ms < 3600000 ? `${+(ms / 60000).toPrecision(2)} min` : ms < 86400000 ? `${+(ms / 3600000).toPrecision(2)} h` : `${+(ms / 86400000).toPrecision(2)} d`
  const choose = (event) => {
    const group = event.target.closest("g"), start = Number(group?.dataset.start)
    form.elements.from.value = group ? iso(start).slice(0, 19) : ""
    form.elements.to.value = group ? iso(start + model.width_ms).slice(0, 19) : ""
    ask()
  }
  svg.addEventListener("click", choose)
  svg.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); choose(event) } })
  const draw = () => {
    for (const place of root.querySelectorAll("[data-v]")) place.textContent = model.tiles[place.dataset.v] ?? "–"
    find(".place").textContent = model.place
    find(".problem").textContent = model.problem
    find(".problem").hidden = !model.problem
    for (const name of ["newest", "newer"]) find(`[data-go="${name}"]`).disabled = !model.has_newer
    find('[data-go="older"]').disabled = !model.has_older
    fill()
    line()
  }
  draw()
  model.on("stamp", draw)
  return root
}
