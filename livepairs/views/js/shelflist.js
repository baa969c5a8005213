// The recordings, one row each. Everything in a row is text that came from files or from other people, so it is only
// ever set as text. A download is pulled piece by piece into a Blob, which the browser may keep on disk.
export function render({model}) {
  const root = make("div", {class: "list"})
  root.innerHTML = `
    <div class="notice" role="alert" hidden><span></span><button type="button" aria-label="Dismiss">✕</button></div>
    <div class="head"><span>Recording</span><span class="c-symbols">Symbols</span><span class="c-span"><i class="first"></i><i class="last"></i></span>
      <span class="c-complete" title="Share of the span and symbols that no open gap covers">Complete</span><span class="c-size">Trades</span>
      <span class="c-proof" title="Whether its files are whole, and whether a replay gives the numbers that were seen live">Proof</span><span></span></div>
    <div class="rows" role="list"></div><p class="message" role="status"></p>
    <dialog><form method="dialog"><h2></h2><p>It is removed from disk at once, and there is no way back.</p>
      <footer><button value="keep" autofocus>Keep</button><button value="delete" class="danger">Delete</button></footer></form></dialog>
    <div class="menu" popover></div>`
  const find = (selector) => root.querySelector(selector)
  const rows = find(".rows"), dialog = find("dialog"), menu = find(".menu")
  const ask = (act, more = {}) => model.send_msg({act, ...more})
  const made = new Map()

  // --- what one can do with a recording ------------------------------------------------------------------------------
  let deleting = null
  const remove = (name) => {
    deleting = name
    find("dialog h2").textContent = `Delete ${name}?`
    dialog.returnValue = "keep"
    dialog.showModal()
  }
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "delete" && deleting) ask("delete", {name: deleting})
    deleting = null
    find("dialog h2").textContent = ""
  })
  const open = (button, row) => {
    const item = (text, tip, action, isOff) => {
      const button = make("button", {type: "button", role: "menuitem", title: tip, disabled: !!isOff}, text)
      button.addEventListener("click", () => { menu.hidePopover(); action() })
      return button
    }
    const tooLarge = row.is_takable === false ? ` It is larger than ${model.limit}, which is as much as a browser may take: copy its folder.` : ""
    const items = []
    if (!row.problem) {
      items.push(item("Check", "Compare its files with its manifest and, if it was recorded live, replay it and compare the digest", () => ask("prove", {name: row.name}), row.proof.state === "busy"))
      items.push(item("Download as zip", `The folder as it is; unpacked it is the recording again.${tooLarge}`, () => take(row.name, "zip"), !row.is_takable))
      items.push(item("Download as Parquet", `All trades in one table.${tooLarge}`, () => take(row.name, "parquet"), !row.is_takable))
    }
    if (model.can_change && row.is_kept) {
      const gone = item("Delete…", "Remove it from disk", () => remove(row.name))
      gone.className = "danger"
      items.push(gone)
    }
    menu.replaceChildren(...items)
    menu.showPopover()
    const at = button.getBoundingClientRect(), size = menu.getBoundingClientRect()
    menu.style.left = `${Math.max(8, at.right - size.width)}px`
    menu.style.top = `${at.bottom + 4 + size.height > window.innerHeight - 60 ? at.top - size.height - 4 : at.bottom + 4}px`
    items[0]?.focus()
  }
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.children], at = items.indexOf(root.getRootNode().activeElement)
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (step) { event.preventDefault(); items[(at + step + items.length) % items.length]?.focus() }
  })

  // --- a download ----------------------------------------------------------------------------------------------------
  let taking = null
  const take = (name, form) => { taking = {name, parts: [], got: 0}; draw(); ask("take", {name, form}) }
  model.on("msg:custom", (message) => {
    if (!taking) return
    if (message.say === "take") Object.assign(taking, {file: message.name, mime: message.mime, size: message.size})
    else if (message.say === "piece") { taking.parts.push(new Blob([message.data])); taking.got += message.data.byteLength }
    else {
      if (message.say === "done") {
        const link = make("a", {href: URL.createObjectURL(new Blob(taking.parts, {type: taking.mime})), download: taking.file})
        link.click()
        setTimeout(() => URL.revokeObjectURL(link.href), 60000)
      }
      taking = null
      draw()
      return
    }
    draw()
    ask("more")
  })

  // --- the rows ------------------------------------------------------------------------------------------------------
  const bar = (row) => {
    const [left, width] = row.bar
    const line = make("u", {class: "line", title: `${row.when}, ${row.gap_text}`}, make("s", {style: `left:${left}%;width:max(4px, ${width}%)`},
      ...row.gaps.map(([at, wide]) => make("b", {style: `left:${at}%;width:max(2px, ${wide}%)`}))),
      ...row.breaks.map(([at, wide]) => make("i", {style: `left:${at}%;width:${wide}%`})))
    return make("span", {class: "c-span"}, line, make("small", {}, `${row.begins}, ${row.length}`))
  }
  const build = (row) => {
    const name = make("span", {class: "c-name"}, row.problem ? make("b", {}, row.name) : make("a", {href: row.href, title: "Replay it"}, row.name))
    if (row.is_open) name.append(make("em", {class: "tag on"}, "open here"))
    if (row.is_synthetic) name.append(make("em", {class: "tag made", title: "These prices were generated, not traded."}, "synthetic"))
    if (!row.is_kept) name.append(make("em", {class: "tag", title: "It lies elsewhere and cannot be deleted here"}, "elsewhere"))
    const more = make("button", {type: "button", class: "more", "aria-label": `Actions for ${row.name}`, "aria-haspopup": "menu"}, "⋯")
    more.addEventListener("click", () => open(more, row))
    const actions = make("span", {class: "c-do"}, ...(row.problem ? [] : [make("a", {class: "open", href: row.href, "aria-label": `Open ${row.name}`}, "Open")]), more)
    if (row.problem) {
      const isMade = row.status === "recording"
      if (isMade) name.append(make("em", {class: "tag rec"}, "recording"))
      more.hidden = isMade || !(model.can_change && row.is_kept)
      return make("div", {class: `row bad ${row.status}`, role: "listitem"}, name, make("span", {class: "problem"}, row.problem), actions)
    }
    if (row.origin !== "synthetic") name.append(make("small", {title: row.origin}, row.origin))
    return make("div", {class: "row", role: "listitem"}, name, make("span", {class: "c-symbols", title: row.all_symbols}, row.symbols), bar(row),
      make("span", {class: "c-complete", "data-state": row.is_complete ? "" : "bad", title: row.gap_text}, row.complete),
      make("span", {class: "c-size", title: row.per_trade}, row.trades, make("small", {}, row.size)),
      make("span", {class: "c-proof"}, make("em", {class: "proof", "data-state": row.proof.state, title: row.proof.tip}, row.proof.word)), actions)
  }
  const draw = () => {
    find(".first").textContent = model.first
    find(".last").textContent = model.last
    find(".message").textContent = model.message
    find(".message").hidden = !model.message
    find(".head").hidden = !model.rows.length
    find(".notice").hidden = !model.notice
    find(".notice span").textContent = model.notice
    const names = new Set(model.rows.map((row) => row.name))
    for (const [name, known] of made) if (!names.has(name)) { known.element.remove(); made.delete(name) }
    model.rows.forEach((row, place) => {
      const text = JSON.stringify([row, model.can_change]), known = made.get(row.name)
      if (known?.text !== text) {
        const element = build(row)
        if (known) known.element.replaceWith(element)
        made.set(row.name, {text, element})
      }
      const element = made.get(row.name).element
      if (rows.children[place] !== element) rows.insertBefore(element, rows.children[place] ?? null)
      const proof = element.querySelector(".c-proof")
      if (proof) {
        const is = taking?.name === row.name
        element.classList.toggle("taking", is)
        proof.dataset.taking = is ? `taking ${taking.size ? Math.min(99, Math.floor(100 * taking.got / taking.size)) : 0} %` : ""
      }
    })
  }
  find(".notice button").addEventListener("click", () => ask("dismiss"))
  draw()
  model.on("stamp", draw)
  return root
}
