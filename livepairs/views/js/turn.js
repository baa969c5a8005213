// Turns to another page in this window. The server makes each page anew, as a session of its own; but a browser that has
// one of them open has all that a page needs: scripts, styles, compiled code. So the next page's address is asked for
// here, its document drawn behind the page that is shown, and then the one is shown and the other taken away.
// Whatever is not as expected is left to the browser, which loads the address as it loads any other.
(() => {
  const PATIENCE_MS = 10_000
  const filesOf = (page) => [...page.querySelectorAll("script[src], link[rel=stylesheet]")].map((file) => file.getAttribute("src") ?? file.getAttribute("href"))
  let connection = null, place = null, drawing = null, latest = 0

  // Each chart of Bokeh listens to this for as long as the window lives, and would be kept with all it holds.
  let leaving = new AbortController()
  const {addEventListener: listen} = EventTarget.prototype
  visualViewport.addEventListener = (name, heard) => listen.call(visualViewport, name, heard, {signal: leaving.signal})

  // Before Bokeh, which waits for the same event, opens the websocket of the first page.
  addEventListener("DOMContentLoaded", () => {
    const {prototype} = Bokeh.require("client/connection").ClientConnection, {connect} = prototype
    prototype.connect = function () {
      prototype.connect = connect
      connection = this
      return this.connect()
    }
  })

  const asked = async (url) => {
    const answer = await fetch(url, {headers: {Accept: "text/html"}})
    if (!answer.ok || answer.redirected) throw new Error(`${url.pathname} was answered with ${answer.status}`)
    return new DOMParser().parseFromString(await answer.text(), "text/html")
  }
  // A file that another page needs is loaded, before all others, lest its styles outdo those that the theme has set. Of
  // one that is here in another version, the server has been replaced.
  const complete = async (page) => {
    const here = filesOf(document), bare = (file) => file.split("?")[0]
    const missing = [...new Set(filesOf(page))].filter((file) => !here.includes(file))
    if (missing.some((file) => here.map(bare).includes(bare(file)))) throw new Error("the server is another one")
    await Promise.all(missing.map((file) => new Promise((done, failed) => {
      const element = bare(file).endsWith(".css") ? Object.assign(document.createElement("link"), {rel: "stylesheet", href: file})
        : Object.assign(document.createElement("script"), {src: file, async: false})
      element.onload = done
      element.onerror = failed
      document.head.prepend(element)
    })))
  }
  const opened = (url, page) => {
    const [, items] = page.documentElement.textContent.match(/const render_items = (\[.*\]);/)
    const address = new URL(`${url.pathname.replace(/\/+$/, "")}/ws`, url)
    address.protocol = address.protocol.replace("http", "ws")
    return Bokeh.require("client/connection").pull_session(address.href, JSON.parse(items)[0].token, url.search.slice(1))
  }
  const drawn = async (next, place) => {
    await Bokeh.require("embed/standalone").add_document_standalone(next, place, [], true)
    if (!next.is_idle) await new Promise((done) => { next.idle.connect(done); setTimeout(done, PATIENCE_MS) })
  }

  const show = async (session, url, isNew) => {
    const old = Bokeh.documents[0], oldPlace = place, oldLeaving = leaving
    leaving = new AbortController()
    // From here on the page that is shown is a picture of itself: it hears nothing more and can ask for nothing.
    connection.close()
    connection = session._connection
    Bokeh.documents.splice(0, Infinity, session.document)
    if (isNew) history.pushState(null, "", url)
    place = document.createElement("div")
    place.className = "page"
    document.getElementById("pages").append(place)
    await drawn(session.document, place)
    place.classList.add("is-shown")
    old.clear({sync: false})
    oldPlace?.remove()
    oldLeaving.abort()
    if (isNew) scrollTo(0, 0)
    document.getElementById("turned").textContent = document.title
  }
  // The last address asked for is the one that is shown.
  const turn = async (url, isNew) => {
    const mine = ++latest
    const page = await asked(url)
    const [session] = await Promise.all([opened(url, page), complete(page)])
    await drawing
    if (mine !== latest) return session.close()
    await (drawing = show(session, url, isNew))
  }

  const load = (url, isNew) => isNew ? location.assign(url) : location.reload()
  const isLost = () => !connection?.closed_permanently && connection?.socket?.readyState !== WebSocket.OPEN
  const go = (to, isNew = true) => {
    const url = new URL(to, location.href), theme = new URL(location.href).searchParams.get("theme")
    // A link that names the theme means the pages behind it too.
    if (isNew && theme && !url.searchParams.has("theme")) url.searchParams.set("theme", theme)
    if (isLost()) return load(url, isNew)
    // Back or forward: the address is another one already, and the page that is shown must not write to it.
    if (!isNew) connection.close()
    return turn(url, isNew).catch((error) => { console.info(`${error}; loaded instead`); load(url, isNew) })
  }
  addEventListener("popstate", () => go(location.href, false))
  window.livepairsTurn = go
})()
