// What one can begin on the recordings page: record the live feed, and upload a file. The file leaves in pieces, each
// sent when the server has taken the last one; then the dialog shows what would come of it before anything is made.
const PIECE = 1 << 20
const OURS = [
  ["ts", "Time"], ["price", "Price"], ["qty", "Quantity"], ["symbol", "Symbol"], ["side", "Taker side"],
  ["buyer_is_maker", "Buyer is maker"], ["trade_id", "Trade id"], ["recv_ts", "Received at"],
]
const UNITS = [["", "by size"], ["s", "seconds"], ["ms", "milliseconds"], ["us", "microseconds"], ["ns", "nanoseconds"]]

export function render({model}) {
  const root = make("div", {class: "bar"})
  root.innerHTML = `
    <div class="sum"><b class="summary"></b><span class="folder"></span></div>
    <a class="back" href="./market" hidden></a>
    <span class="gap"></span>
    <div class="tape" hidden><span class="tapetext" role="status"></span><button type="button" class="record"><i></i><span></span></button></div>
    <button type="button" class="pick">Upload…</button>
    <input type="file" hidden>
    <dialog aria-labelledby="lp-upload-title">
      <form method="dialog">
        <header><h2 id="lp-upload-title"></h2><button type="button" class="close" aria-label="Close">✕</button></header>
        <div class="body"></div>
        <footer><p class="say" role="status"></p><button type="button" class="cancel"></button><button type="submit" class="go">Import</button></footer>
      </form>
    </dialog>`
  const find = (selector) => root.querySelector(selector)
  const dialog = find("dialog"), body = find(".body"), say = find(".say"), go = find(".go"), cancel = find(".cancel"), input = find("input")
  let file = null, sent = -1, drawn = "", ignored = {}

  const stage = () => model.upload.stage ?? "idle"
  const ask = (act, more = {}) => model.send_msg({act, ...more})

  // --- the file's way up ---------------------------------------------------------------------------------------------
  const choose = (chosen) => {
    if (!chosen || !model.can_change) return
    file = chosen; sent = -1; drawn = ""
    ask("upload", {name: file.name, size: file.size})
    if (!dialog.open) dialog.showModal()
  }
  const sendNext = async () => {
    const at = model.upload.received ?? 0
    if (!file || stage() !== "receiving" || at <= sent || at >= file.size) return
    sent = at
    try {
      const data = await file.slice(at, at + PIECE).arrayBuffer()
      ask("piece", {offset: at, data})
    } catch (error) {
      ask("cancel")
      file = null
    }
  }
  const said = () => {
    const columns = {}
    const selects = [...body.querySelectorAll("select[data-column]")]
    if (selects.length) for (const [ours] of OURS) columns[ours] = ""
    for (const select of selects) if (select.value) columns[select.value] = select.dataset.column
    const value = (name) => body.querySelector(`[name="${name}"]`)?.value ?? ""
    return {columns, symbol: value("symbol"), unit: value("unit"), zone: value("zone")}
  }
  let timer = null
  const look = (wait) => { clearTimeout(timer); timer = setTimeout(() => ask("look", said()), wait) }

  find(".pick").addEventListener("click", () => { input.value = ""; input.click() })
  input.addEventListener("change", () => choose(input.files[0]))
  const close = () => {
    if (stage() !== "importing") ask("cancel")
    file = null
    dialog.close()
  }
  find(".close").addEventListener("click", close)
  cancel.addEventListener("click", () => stage() === "importing" ? ask("cancel") : close())
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close() })
  find("form").addEventListener("submit", (event) => {
    event.preventDefault()
    if (stage() === "done") { close(); return }
    if (!go.disabled) ask("import", {to: body.querySelector('[name="to"]').value.trim(), ...said()})
  })
  const over = (event) => {
    if (!model.can_change || ![...(event.dataTransfer?.types ?? [])].includes("Files")) return
    event.preventDefault()
    if (event.type === "drop" && stage() !== "importing") choose(event.dataTransfer.files[0])
  }
  for (const name of ["dragover", "drop"]) document.addEventListener(name, over)
  model.on("remove", () => { for (const name of ["dragover", "drop"]) document.removeEventListener(name, over) })

  // --- what the dialog shows -----------------------------------------------------------------------------------------
  const field = (label, control, tip) => make("label", {title: tip ?? null}, make("span", {}, label), control)
  const text = (name, value, more = {}) => make("input", {type: "text", name, value, autocomplete: "off", spellcheck: "false", ...more})
  const stemOf = (name) => name.replace(/\.(csv|parquet|gz|zip|txt|log)(?=\.|$)/gi, "").replace(/[^\p{L}\p{N}_.-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 40)
  const symbolOf = (name) => (name.match(/[A-Za-z]{2,}[A-Za-z0-9]*/) ?? [""])[0].toUpperCase()

  const drawForm = () => {
    const upload = model.upload
    const isTable = upload.names.length > 0
    const form = make("div", {class: "fields"},
      field("Name", text("to", stemOf(file?.name ?? upload.name), {required: true, maxlength: "80"}), "Of the recording: letters, digits, '_', '-' and '.'"))
    if (isTable) {
      form.append(field("Symbol", text("symbol", "", {placeholder: "as in the file"}), "Needed where no column names it; otherwise it renames the file's only symbol"))
      form.append(field("Times are", make("select", {name: "unit"}, ...UNITS.map(([value, name]) => make("option", {value}, name))), "Unit of times that are numbers"))
      form.append(field("Time zone", text("zone", "UTC"), "Of times that name none, for example Europe/Berlin"))
    }
    body.replaceChildren(form)
    if (isTable) {
      const head = make("tr", {}, ...upload.names.map((name) => {
        const select = make("select", {"data-column": name, "aria-label": `What column ${name} is`}, make("option", {value: ""}, "not used"),
          ...OURS.map(([value, label]) => make("option", {value}, label)))
        select.addEventListener("change", () => {
          // One column each: what another one was is free again.
          for (const other of body.querySelectorAll("select[data-column]")) if (other !== select && other.value === select.value) other.value = ""
          look(0)
        })
        return make("th", {scope: "col"}, make("b", {}, name), select)
      }))
      body.append(make("h3", {}, `The file's first rows (${upload.kind})`), make("div", {class: "wide", tabindex: "0"}, make("table", {class: "cells"}, make("thead", {}, head),
        make("tbody", {}, ...upload.cells.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))))))))
    }
    body.append(make("h3", {}, isTable || !upload.kind ? "What would be recorded" : `What would be recorded (${upload.kind})`), make("div", {class: "wide made", tabindex: "0"}))
    for (const control of body.querySelectorAll('[name="symbol"], [name="zone"]')) control.addEventListener("input", () => look(350))
    body.querySelector('[name="unit"]')?.addEventListener("change", () => look(0))
    body.querySelector('[name="to"]').addEventListener("input", drawFoot)
    const symbol = body.querySelector('[name="symbol"]')
    if (symbol && upload.needs_symbol && !upload.mapping.symbol && !upload.said?.symbol) {
      symbol.value = symbolOf(file?.name ?? upload.name)
      if (symbol.value) look(0)
    }
  }
  const drawLook = () => {
    const upload = model.upload
    for (const select of body.querySelectorAll("select[data-column]")) {
      select.value = Object.entries(upload.mapping).find(([, theirs]) => theirs === select.dataset.column)?.[0] ?? ""
    }
    const rows = upload.rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))))
    const head = make("tr", {}, ...["Time (UTC)", "Symbol", "Price", "Quantity", "Taker"].map((name) => make("th", {scope: "col"}, name)))
    body.querySelector(".made").replaceChildren(rows.length ? make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)) : make("p", {class: "none"}, "Nothing yet."))
  }
  const progress = (share, words) => {
    if (!body.querySelector("progress")) body.replaceChildren(make("p", {class: "words"}), make("progress", {max: "1"}))
    body.querySelector(".words").textContent = words
    body.querySelector("progress").value = share
  }
  function drawFoot() {
    const upload = model.upload, is = stage()
    const problem = is === "ready" ? (upload.refusal || upload.problem) : is === "refused" ? upload.problem : ""
    const warnings = is === "ready" ? (upload.warnings ?? []).join(" ") : ""
    say.textContent = problem || warnings || (is === "reading" && drawn === "form" ? "Looking at the file…" : "")
    say.dataset.state = problem ? "bad" : ""
    const name = body.querySelector('[name="to"]')?.value.trim()
    go.hidden = !["ready", "reading", "done"].includes(is) || (is === "reading" && !name)
    go.disabled = is !== "done" && (is !== "ready" || !!upload.problem || !name)
    go.textContent = is === "done" ? "Done" : "Import"
    cancel.hidden = is === "done"
    cancel.textContent = is === "importing" ? "Stop" : is === "refused" ? "Close" : "Cancel"
  }
  const drawUpload = () => {
    const upload = model.upload, is = stage()
    if (is === "idle") { if (dialog.open && !file) dialog.close(); if (dialog.open && drawn === "importing") { file = null; dialog.close() } drawn = ""; return }
    find("h2").textContent = is === "done" ? "Imported" : `Upload ${upload.name}`
    if (is === "receiving") {
      progress(upload.size ? upload.received / upload.size : 0, `Sending ${upload.size_text}`)
      sendNext()
    } else if (is === "reading") {
      if (drawn !== "form") progress(1, "Looking at the file")
    } else if (is === "ready") {
      if (drawn !== "form") drawForm()
      drawLook()
    } else if (is === "importing") {
      progress(upload.share, upload.step === "writing" ? "Writing the recording" : "Reading the file")
    } else if (is === "done") {
      body.replaceChildren(make("p", {class: "words"}, `Recording ${upload.to} is in the list.`), ...(upload.warnings ?? []).map((warning) => make("p", {}, warning)))
    } else body.replaceChildren(make("p", {class: "words"}, "It was not taken, and nothing has changed."))
    drawn = is === "ready" || (is === "reading" && drawn === "form") ? "form" : is
    drawFoot()
  }

  // --- the bar -------------------------------------------------------------------------------------------------------
  const record = find(".record")
  record.addEventListener("click", () => ask(model.tape.state === "recording" ? "stop" : "record"))
  const draw = () => {
    find(".summary").textContent = model.summary
    find(".folder").textContent = model.folder
    find(".folder").title = model.folder
    const back = find(".back")
    back.hidden = !model.back
    back.textContent = model.back
    find(".pick").hidden = !model.can_change
    const tape = model.tape
    find(".tape").hidden = !tape.is_live
    record.hidden = !model.can_change
    record.dataset.state = tape.state ?? ""
    record.disabled = tape.state === "saving"
    record.querySelector("span").textContent = tape.state === "recording" ? "Stop recording" : "Record live feed"
    find(".tapetext").textContent = tape.text ?? ""
    find(".tapetext").dataset.state = tape.state ?? ""
  }
  for (const name of ["summary", "folder", "back", "tape", "can_change"]) model.on(name, draw)
  model.on("upload", drawUpload)
  draw()
  drawUpload()
  return root
}
