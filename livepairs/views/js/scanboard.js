// The scanner's table. Sorting, filtering and scrolling are asked of the server, which sends only the rows in view: a
// quarter of a million pairs cost this browser no more than sixty. What the user has set, marked and scrolled to lives
// here and nowhere else, so an update from the server can move none of it.
const ROW = 30, LIMITS = {
  p: [0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1],
  half_life: [5, 10, 20, 40, 80, 160, 320, 640, null],
  corr: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95],
}
const COLUMNS = [
  ["rank", "#", "Place by p among all pairs that were tested"],
  ["pair", "Pair", "Y/X: Y is regressed on X. Click a row to open the pair"],
  ["corr", "Corr", "Pearson's correlation of the one-bar changes in the window"],
  ["p", "p", "Engle-Granger: how often a pair without any tie would look at least this good (MacKinnon's p-value)"],
  ["q", "q", "Share of false finds in the list that just takes this pair in, corrected for all pairs that were tested"],
  ["half_life", "Half-life", "Bars after which half of a deviation has gone, by the spread's change on its level"],
  ["z", "z now", "How many standard deviations of the window the last close stands off the regression"],
  ["kept", "Kept", "In how many of the last windows, one a bar, the pair passed the test"],
  ["spark", "z in the window", "The spread's z over the window; the band is ±2"],
]

export function render({model}) {
  const root = document.createElement("div")
  root.className = "board"
  root.innerHTML = `
    <div class="tools" role="group" aria-label="Filters">
      <label class="find"><span>Find</span><input type="search" placeholder="BTC, or ETH/BTC" aria-label="Find a symbol or a pair"></label>
      <label><span>Correction</span><select class="measure" title="BH: for tests that are independent or lean the same way. BY: for any dependence, and stricter; pairs that share a leg depend on each other.">
        <option value="q_bh">q, BH</option><option value="q_by">q, BY</option></select></label>
      <label class="slide" title="Show pairs up to this p-value"><span>p ≤ <b data-t="p"></b> <i data-c="p"></i></span><input type="range" data-f="p" aria-label="Largest p"></label>
      <label class="slide" title="Show pairs up to this q-value"><span>q ≤ <b data-t="q"></b> <i data-c="q"></i></span><input type="range" data-f="q" aria-label="Largest q"></label>
      <label class="slide" title="Show pairs up to this half-life, in bars"><span>half-life ≤ <b data-t="half_life"></b> <i data-c="half_life"></i></span><input type="range" data-f="half_life" aria-label="Longest half-life"></label>
      <label class="slide" title="Show pairs from this correlation on, of either sign"><span>|corr| ≥ <b data-t="corr"></b> <i data-c="corr"></i></span><input type="range" data-f="corr" aria-label="Least correlation"></label>
      <label><span>Bars</span><select class="interval"></select></label>
      <label><span>Window</span><select class="window"></select></label>
      <label><span>Lags</span><select class="lags" title="Lags of the test: chosen for each pair by Akaike's criterion, or the same for all"></select></label>
    </div>
    <div class="stage">
      <div role="grid" aria-label="Pairs"><div class="head" role="row"></div>
        <div class="scroll" tabindex="0" role="rowgroup"><div class="space" role="presentation"><div class="rows" role="presentation"></div></div></div></div>
      <p class="message" role="status"></p>
    </div>
    <div class="foot"><span class="shown"></span><span><span class="when"></span><span class="took"></span></span></div>`
  const find = (selector) => root.querySelector(selector)
  const head = find(".head"), scroll = find(".scroll"), space = find(".space"), rows = find(".rows"), message = find(".message")
  const limits = {p: LIMITS.p, q: LIMITS.p, half_life: LIMITS.half_life, corr: LIMITS.corr}
  const query = {sort: "rank", down: false, search: "", measure: "q_bh", p: 1, q: 1, half_life: null, corr: 0, first: 0}
  const marked = new Set()
  let timer = null

  const ask = () => { clearTimeout(timer); timer = setTimeout(() => model.send_msg({act: "query", ...query}), 40) }
  const anew = () => { query.first = 0; scroll.scrollTop = 0; ask() }

  head.innerHTML = `<span role="columnheader" aria-label="Marked"></span>` + COLUMNS.map(([key, name, tip]) =>
    `<span class="c-${key}" title="${tip}" role="columnheader">${key === "spark" ? name : `<button data-key="${key}">${name}<i></i></button>`}</span>`).join("")
  const drawHead = () => {
    for (const button of head.querySelectorAll("button")) {
      const is = button.dataset.key === query.sort
      button.parentElement.setAttribute("aria-sort", is ? (query.down ? "descending" : "ascending") : "none")
      button.querySelector("i").textContent = is ? (query.down ? "▾" : "▴") : ""
    }
  }
  head.addEventListener("click", (event) => {
    const button = event.target.closest("button")
    if (!button) return
    const key = button.dataset.key
    const first = ["corr", "z", "kept"].includes(key)
    query.down = query.sort === key ? !query.down : first
    query.sort = key
    drawHead()
    anew()
  })
  find("input[type=search]").addEventListener("input", (event) => { query.search = event.target.value; anew() })
  find(".measure").addEventListener("change", (event) => { query.measure = event.target.value; anew() })
  for (const slider of root.querySelectorAll("input[data-f]")) {
    const key = slider.dataset.f, steps = limits[key]
    slider.min = 0; slider.max = steps.length - 1; slider.value = steps.indexOf(query[key])
    const show = () => {
      const value = steps[Number(slider.value)]
      const text = value === null ? "any" : String(value)
      find(`[data-t="${key}"]`).textContent = text
      slider.setAttribute("aria-valuetext", text)
    }
    slider.addEventListener("input", () => { query[key] = steps[Number(slider.value)]; show(); anew() })
    show()
  }
  for (const key of ["interval", "window", "lags"]) {
    const select = find(`.${key}`)
    const draw = () => {
      const choices = model.choices[key] ?? []
      select.replaceChildren(...choices.map(([value, text]) => new Option(text, value)))
      select.value = String(model.chosen[key])
    }
    select.addEventListener("change", () => { scroll.scrollTop = 0; query.first = 0; model.send_msg({act: "choose", key, value: select.value}) })
    model.on("choices", draw)
    model.on("chosen", draw)
    draw()
  }

  const wanted = () => Math.max(0, Math.floor(scroll.scrollTop / ROW) - 20)
  scroll.addEventListener("scroll", () => {
    const top = Math.floor(scroll.scrollTop / ROW), bottom = Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW)
    if (top < model.first || bottom > Math.min(model.total, model.first + model.rows.length)) { query.first = wanted(); ask() }
  })
  const href = (pair) => `./spread?${model.query ? model.query + "&" : ""}pair=${pair.split("/").map(encodeURIComponent).join("/")}`
  rows.addEventListener("click", (event) => {
    const row = event.target.closest(".row")
    if (!row) return
    const mark = event.target.closest(".mark")
    if (mark) {
      const pair = row.dataset.pair
      marked.has(pair) ? marked.delete(pair) : marked.add(pair)
      draw()
    } else if (!event.target.closest("a")) row.querySelector("a").click()
  })

  const CELLS = ["rank", "corr", "p", "q", "half_life", "z"]
  const made = []
  const make = () => {
    const row = document.createElement("div")
    row.className = "row"
    row.setAttribute("role", "row")
    row.innerHTML = `<span class="c-mark"><button class="mark" aria-label="Mark this pair"></button></span><span class="c-rank"></span><span class="c-pair"><a></a></span><span class="c-corr"></span>
      <span class="c-p"></span><span class="c-q"></span><span class="c-half_life"></span><span class="c-z"></span>
      <span class="c-kept"><u><s></s></u><em></em></span><span class="c-spark"><svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true"><rect x="0" y="6" width="100" height="12"></rect><polyline></polyline></svg></span>`
    for (const cell of row.children) cell.setAttribute("role", "gridcell")
    made.push(row)
    rows.append(row)
    return row
  }
  const text = (place, value) => { if (place.textContent !== value) place.textContent = value }
  const fill = (row, data) => {
    const is = marked.has(data.pair)
    row.hidden = false
    row.classList.toggle("marked", is)
    const mark = row.querySelector(".mark")
    mark.setAttribute("aria-pressed", String(is))
    text(mark, is ? "★" : "☆")
    for (const key of CELLS) text(row.querySelector(`.c-${key}`), data[key])
    row.querySelector(".c-z").dataset.state = data.z_state
    const link = row.querySelector("a")
    if (row.dataset.pair !== data.pair) { row.dataset.pair = data.pair; link.textContent = data.pair; link.href = href(data.pair) }
    row.querySelector("s").style.width = `${data.kept_share}%`
    text(row.querySelector("em"), data.kept)
    row.querySelector("polyline").setAttribute("points", data.spark)
  }
  const draw = () => {
    space.style.height = `${model.total * ROW}px`
    rows.style.transform = `translateY(${model.first * ROW}px)`
    model.rows.forEach((data, place) => fill(made[place] ?? make(), data))
    for (const row of made.slice(model.rows.length)) row.hidden = true
    message.textContent = model.message
    message.hidden = !model.message
    space.hidden = !!model.message
    for (const [key, value] of Object.entries(model.counts)) { const place = find(`[data-c="${key}"]`); if (place) text(place, value) }
    text(find(".shown"), model.shown)
    text(find(".when"), model.when)
    text(find(".took"), model.took)
  }
  drawHead()
  draw()
  model.on("stamp", draw)
  return root
}
