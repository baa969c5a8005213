// The rules editor: a textarea over a coloured copy of its text, in which the mistake is marked in its place. Beside it the
// chosen rule with a slider for each of its numbers, and what it would have done. All texts are only ever set as text.
const SHAPES = {info: "●", warning: "▲", critical: "◆"}
const TOKENS = /(#[^\n]*)|("""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?)|^(\s*\[\[?[^\]\n]*\]?\]?)|^(\s*[\w-]+)(?=\s*=)|\b(true|false|\d[\d_.eE+-]*)\b/gm
const KINDS = ["comment", "text", "table", "key", "value"]
const EXAMPLE = `
[[rule]]
name = "wide apart"
when = "abs(z) >= 2.5 and coint_p < 0.1"
clear = "abs(z) <= 0.5"
for_bars = 2
level = "warning"
`

export function render({model}) {
  const root = make("section", {class: "desk", "aria-label": "Rules"})
  root.innerHTML = `
    <div class="edit">
      <header><h3>Rules</h3><span class="version"></span><span class="draft" hidden>draft</span><i></i>
        <button type="button" class="add">Add a rule</button><button type="button" class="past" aria-haspopup="dialog">Earlier versions</button></header>
      <ul class="rules"></ul>
      <div class="paper"><div class="gutter" aria-hidden="true"></div><div class="sheet"><pre aria-hidden="true"></pre><textarea spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off" aria-label="The rules file" aria-describedby="mistake"></textarea></div></div>
      <p id="mistake" class="mistake" role="status"></p>
      <footer><span class="notice" role="status"></span><button type="button" class="revert">Discard</button><button type="button" class="save">Save</button></footer>
      <div class="versions" popover role="dialog" aria-label="Earlier versions"><h4>Earlier versions</h4><ol></ol></div>
    </div>
    <div class="try">
      <header><h3>Rehearse</h3><b class="name"></b><i></i><span class="stage" role="status"></span></header>
      <div class="dials"></div>
      <div class="tiles" aria-live="polite"></div>
      <p class="judged"></p>
      <div class="lines"></div>
      <details class="over"><summary></summary><div class="picks"></div><label class="costs"><span>Costs of getting in and out</span><input type="number" min="0" max="1000" step="0.5"><small>bps</small></label></details>
    </div>`
  const find = (selector) => root.querySelector(selector)
  const area = find("textarea"), copy = find("pre"), gutter = find(".gutter"), past = find(".versions")
  let timer = 0  // until what was typed last is sent
  const tell = () => { clearTimeout(timer); timer = 0; model.send_msg({act: "draft", text: area.value}) }
  // Whatever is asked for is asked of the text as it stands.
  const ask = (act, more = {}) => { if (timer) tell(); model.send_msg({act, ...more}) }
  root.addEventListener("keydown", (event) => event.stopPropagation())  // keys typed here steer no replay

  // --- the editor ----------------------------------------------------------------------------------------------------
  const colour = () => {
    const text = area.value, parts = []
    let at = 0
    for (const found of text.matchAll(TOKENS)) {
      const kind = KINDS[found.slice(1).findIndex((group) => group !== undefined)]
      parts.push(text.slice(at, found.index), make("span", {class: kind}, found[0]))
      at = found.index + found[0].length
    }
    parts.push(text.slice(at), "\n")
    copy.replaceChildren(...parts)
    const wrong = model.mistake.words ? model.mistake.line : 0, lines = text.split("\n").length
    gutter.replaceChildren(...Array.from({length: lines}, (_, line) => make("span", {class: line + 1 === wrong ? "wrong" : null}, String(line + 1))))
    if (wrong) {
      const mark = make("u", {})
      mark.style.top = `calc(${wrong - 1} * var(--line) + 8px)`
      mark.style.left = `calc(${model.mistake.column - 1}ch + 10px)`
      mark.style.width = `${model.mistake.length}ch`
      copy.append(mark)
    }
    follow()
  }
  const follow = () => { copy.scrollTop = area.scrollTop; copy.scrollLeft = area.scrollLeft; gutter.scrollTop = area.scrollTop; copy.style.setProperty("--down", `${-area.scrollTop}px`); copy.style.setProperty("--along", `${-area.scrollLeft}px`) }
  const complain = () => {
    const wrong = model.mistake
    find(".mistake").replaceChildren(...(wrong.words ? [make("b", {}, `Line ${wrong.line}, column ${wrong.column}: `), wrong.words] : []))
    area.setAttribute("aria-invalid", String(!!wrong.words))
    colour()
    buttons()
  }
  const typed = () => { colour(); clearTimeout(timer); timer = setTimeout(tell, 150) }
  area.addEventListener("input", typed)
  area.addEventListener("scroll", follow)
  area.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); if (!find(".save").disabled) ask("save") }
  })
  const fill = () => {
    area.readOnly = model.stamp === 0  // until the file is here: it would go over what was typed
    if (area.value === model.text || timer) return
    const at = area.selectionStart
    area.value = model.text
    area.setSelectionRange(at, at)
    colour()
  }
  find(".add").addEventListener("click", () => {
    let name = "wide apart", number = 2
    while (model.rules.some((rule) => rule.name === name)) name = `wide apart ${number++}`
    area.value = `${area.value.trimEnd()}\n${EXAMPLE.replace("wide apart", name)}`.trimStart()
    area.scrollTop = area.scrollHeight
    typed()
    area.focus()
  })
  find(".save").addEventListener("click", () => ask("save"))
  find(".revert").addEventListener("click", () => ask("revert"))
  const buttons = () => {
    find(".save").disabled = !model.can_change || !model.is_changed || !!model.mistake.words
    find(".save").title = model.can_change ? "Ctrl+S" : "You may look and rehearse; saving is for operators"
    find(".revert").hidden = !model.is_changed
    find(".draft").hidden = !model.is_changed
    find(".version").textContent = model.version ? `version ${model.version}` : ""
    const notice = find(".notice")
    notice.textContent = model.notice.words ?? ""
    notice.dataset.state = model.notice.is_bad ? "bad" : ""
  }

  // --- the list of rules ---------------------------------------------------------------------------------------------
  const list = () => {
    find(".rules").replaceChildren(...model.rules.map((rule, number) => {
      const box = make("input", {type: "checkbox", role: "switch", "aria-label": `${rule.name} is armed`, title: rule.armed ? "Armed: press to disarm" : "Not armed: never fires"})
      box.checked = rule.armed
      box.disabled = !model.can_change
      box.addEventListener("change", () => ask("arm", {rule: number, armed: box.checked}))
      const pick = make("button", {type: "button", "aria-pressed": String(number === model.chosen)}, make("i", {"data-level": rule.level, title: rule.level}, SHAPES[rule.level]), make("b", {}, rule.name), make("code", {}, rule.when))
      pick.addEventListener("click", () => {
        ask("choose", {rule: number})
        const step = parseFloat(getComputedStyle(area).lineHeight)
        area.scrollTop = Math.max(0, (rule.line - 3) * step)
      })
      return make("li", {class: rule.armed ? "" : "idle"}, box, pick)
    }))
    find(".name").textContent = model.rules[model.chosen]?.name ?? ""
  }
  const button = find(".past")
  button.addEventListener("click", () => {
    if (past.matches(":popover-open")) { past.hidePopover(); return }
    const at = button.getBoundingClientRect(), width = Math.min(360, window.innerWidth - 16)
    past.style.width = `${width}px`
    past.style.left = `${Math.max(8, Math.min(at.right, window.innerWidth - 8) - width)}px`
    past.style.top = `${Math.min(at.bottom + 6, window.innerHeight - 300)}px`
    past.showPopover()
  })
  const versions = () => past.querySelector("ol").replaceChildren(...model.versions.map(([version, when, who]) => {
    const back = make("button", {type: "button"}, version === model.version ? "in force" : "Restore")
    back.disabled = version === model.version
    back.addEventListener("click", () => { past.hidePopover(); ask("restore", {version}) })
    return make("li", {}, make("code", {}, version), make("span", {}, when, make("small", {}, who)), back)
  }))

  // --- the rehearsal -------------------------------------------------------------------------------------------------
  let turning = null, waiting = null, shape = ""
  const send = (dial, value, done) => {
    // While it turns at most one question is on its way; the newest value is asked next.
    if (turning && !done) { waiting = [dial, value]; return }
    waiting = null
    turning = done ? null : setTimeout(() => { turning = null; if (waiting) send(...waiting, false) }, 120)
    ask("move", {dial, value, done})
  }
  const dials = () => {
    const now = JSON.stringify(model.dials.map(({key, label, least, most}) => [key, label.replace(/[\d.]+/g, "#"), least, most]))
    const places = find(".dials")
    if (now !== shape) {
      shape = now
      places.replaceChildren(...model.dials.map((dial, number) => {
        const slider = make("input", {type: "range", min: dial.least, max: dial.most, step: dial.step, "aria-label": `${dial.key}: ${dial.label}`})
        const figure = make("output", {}), field = make("label", {}, make("span", {}, dial.key), make("code", {}, dial.label), slider, figure)
        const show = () => { figure.textContent = Number(Number(slider.value).toPrecision(4)) }
        slider.addEventListener("input", () => { show(); send(number, Number(slider.value), false) })
        slider.addEventListener("change", () => send(number, Number(slider.value), true))
        return field
      }))
    }
    model.dials.forEach((dial, number) => {
      const field = places.children[number], slider = field.querySelector("input")
      field.querySelector("code").textContent = dial.label
      if (field.getRootNode().activeElement !== slider || !slider.matches(":active")) { slider.value = dial.value; field.querySelector("output").textContent = Number(Number(dial.value).toPrecision(4)) }
    })
  }
  const result = () => {
    const found = model.result
    const tiles = find(".tiles")
    if (found.problem) {
      tiles.replaceChildren(make("p", {class: "problem"}, found.problem))
      find(".lines").replaceChildren()
      find(".judged").textContent = ""
      return
    }
    if (!found.tiles) {
      tiles.replaceChildren(make("p", {class: "quiet"}, "…"))
      find(".lines").replaceChildren()
      find(".judged").textContent = ""
      return
    }
    tiles.replaceChildren(...found.tiles.map(([name, figure, small, tip]) => make("div", {title: tip}, make("span", {}, name), make("b", {}, figure), make("small", {}, small))))
    find(".judged").textContent = found.judged
    find(".lines").replaceChildren(...found.lines.map((line) => make("div", {class: "line"}, make("span", {}, line.name), make("em", {}, line.back ? `${line.fired} fired, ${line.back} back` : `${line.fired} fired`),
      make("div", {class: "track", role: "img", "aria-label": `${line.fired} alerts over ${line.name}`}, ...line.marks.map(([left, outcome, words]) => {
        const mark = make("s", {"data-outcome": outcome, title: words})
        mark.style.left = `${left}%`
        return mark
      })))), ...(found.lines.length ? [make("p", {class: "legend"}, make("s", {"data-outcome": "back"}), " came back ", make("s", {"data-outcome": "out"}), " did not ", make("s", {"data-outcome": "open"}), " not judged")] : []))
  }
  const over = () => {
    const names = () => [...root.querySelectorAll(".picks input:checked")].map((box) => box.value)
    const costs = find(".costs input")
    const say = () => ask("over", {names: names(), costs: Number(costs.value)})
    find(".over summary").textContent = `Over ${model.over.length === 1 ? model.over[0] : `${model.over.length} recordings`}, ${model.costs_bps} bps of costs`
    find(".picks").replaceChildren(...model.recordings.map(([name, about]) => {
      const box = make("input", {type: "checkbox", value: name})
      box.checked = model.over.includes(name)
      box.addEventListener("change", say)
      return make("label", {}, box, make("b", {}, name), make("small", {}, about))
    }))
    if (document.activeElement !== costs) costs.value = model.costs_bps
    costs.onchange = say
    if (!model.over.length) find(".over").open = true
  }
  const stage = () => { find(".stage").textContent = model.stage; find(".stage").hidden = !model.stage }

  model.on("stamp", fill)
  model.on("mistake", complain)
  for (const name of ["is_changed", "can_change", "version", "notice"]) model.on(name, buttons)
  for (const name of ["rules", "chosen"]) model.on(name, list)
  model.on("versions", versions)
  model.on("version", versions)
  model.on("dials", dials)
  model.on("result", result)
  for (const name of ["over", "recordings", "costs_bps"]) model.on(name, over)
  model.on("stage", stage)
  fill(); complain(); list(); versions(); dials(); result(); over(); stage()
  return root
}
