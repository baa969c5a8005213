// <live-pairs page="spread" pair="ETHUSDT/BTCUSDT" theme="dark" frame="0"></live-pairs>
//
// Shows a page of a livepairs server inside another page, and lets the two talk. Load it from that server:
//   <script src="https://server/embed.js"></script>
// Attributes: page, pair, run, recording, at, speed, theme (light, dark), frame (0: the views alone, deck: with the
// deck), token (good once), token-url (asked for a token before each load), server (where this script is not from it).
// Events: livepairs-ready, livepairs-pair, livepairs-time, livepairs-alert, each with a detail, and livepairs-error.
// Methods: seek(time), play(), pause(), speed(times). A pair or a page is set by its attribute.
(() => {
  const HOME = new URL(".", document.currentScript.src).href
  const SAID = ["page", "pair", "run", "recording", "at", "speed", "theme", "frame", "token", "token-url", "server"]

  class LivePairs extends HTMLElement {
    static observedAttributes = SAID
    #frame = null
    #load = null
    #now = null
    #more = {}
    #isMoving = false

    connectedCallback() {
      const root = this.shadowRoot ?? this.attachShadow({mode: "open"})
      const style = document.createElement("style")
      style.textContent = ":host { display: block; min-height: 320px } iframe { border: 0; width: 100%; height: 100%; display: block; min-height: inherit }"
      this.#frame = document.createElement("iframe")
      this.#frame.allow = "fullscreen; clipboard-write"
      root.replaceChildren(style, this.#frame)
      window.addEventListener("message", this.#hear)
      this.#reload()
    }

    disconnectedCallback() {
      window.removeEventListener("message", this.#hear)
      this.shadowRoot.replaceChildren()
      this.#frame = this.#now = null
    }

    attributeChangedCallback(name, before, after) {
      if (!this.#frame || before === after || this.#isMoving) return
      // What a link said of one recording's moment does not hold for what the host asks for now.
      if (["run", "recording", "at", "server"].includes(name)) this.#more = {}
      this.#reload()
    }

    get now() { return this.#now }
    get run() { return this.getAttribute("run") }
    seek(time) { this.#order("seek", time instanceof Date || typeof time === "string" ? new Date(time).getTime() : time) }
    play() { this.#order("play") }
    pause() { this.#order("pause") }
    speed(times) { this.#order("speed", times === Infinity ? 0 : times) }

    get #server() { return new URL(this.getAttribute("server") ?? HOME, document.baseURI) }

    #order(name, value) {
      this.#frame?.contentWindow.postMessage({livepairs: name, value}, this.#server.origin)
    }

    // Several attributes set one after the other are one change.
    #reload() {
      this.#load ??= Promise.resolve().then(() => this.#show()).catch((error) => this.#say("error", {message: String(error.message ?? error)}))
        .finally(() => { this.#load = null })
    }

    async #show() {
      const page = this.getAttribute("page") ?? "spread"
      const url = new URL(page, this.#server)
      for (const [name, text] of Object.entries(this.#more)) url.searchParams.set(name, text)
      for (const name of ["pair", "run", "recording", "at", "speed", "theme", "frame"]) {
        if (this.hasAttribute(name)) url.searchParams.set(name, this.getAttribute(name))
      }
      url.searchParams.set("host", window.location.origin)
      const token = await this.#token()
      if (token) url.searchParams.set("token", token)
      if (!this.#frame) return
      this.#frame.title = `livepairs: ${page}`
      this.#frame.src = url.href
    }

    async #token() {
      const from = this.getAttribute("token-url")
      if (!from) return this.getAttribute("token")
      const answer = await fetch(from, {credentials: "same-origin", cache: "no-store"})
      if (!answer.ok) throw new Error(`${from} gave no token (${answer.status})`)
      return (await answer.text()).trim()
    }

    #hear = (event) => {
      if (event.source !== this.#frame?.contentWindow || event.origin !== this.#server.origin) return
      const {livepairs: type, detail} = event.data ?? {}
      if (type === "ready") this.#ready(detail)
      else if (type === "go") this.#go(detail)
      else if (type === "time") { this.#now = detail.now; this.#say("time", detail) }
      else if (type === "alert") this.#say("alert", detail)
      else if (type === "error") { this.#order("hello"); this.#say("error", detail) }
    }

    #ready(detail) {
      this.#order("hello")
      // The run is kept, so that another page or pair shows the same moment; a live feed needs no name.
      const isNew = this.getAttribute("pair") !== detail.pair
      this.#quietly({run: detail.kind === "replay" ? detail.run : null, pair: detail.pair, token: null, at: null})
      this.#now = detail.now
      this.#say("ready", detail)
      if (isNew) this.#say("pair", {pair: detail.pair})
    }

    #go({page, query}) {
      const {pair, run, recording, token, host, frame, theme, ...more} = query
      this.#more = more
      this.#quietly({page, pair: pair ?? null, run: run ?? null, recording: recording ?? null})
      this.#reload()
    }

    #quietly(attributes) {
      this.#isMoving = true
      for (const [name, text] of Object.entries(attributes)) {
        if (text === null) this.removeAttribute(name)
        else this.setAttribute(name, text)
      }
      this.#isMoving = false
    }

    #say(type, detail) {
      this.dispatchEvent(new CustomEvent(`livepairs-${type}`, {detail, bubbles: true, composed: true}))
    }
  }

  if (!customElements.get("live-pairs")) customElements.define("live-pairs", LivePairs)
})()
