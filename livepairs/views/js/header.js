// The navigation. It also writes the run into the address, so that a reload or a shared link finds the same moment,
// and remembers the theme for the next page in a cookie, so that the server can send that page in the right colours.
export function render({model, view}) {
  const nav = document.createElement("nav")
  nav.setAttribute("aria-label", "Pages")

  // The page's heading, which the eye finds in the navigation.
  const heading = document.createElement("h1")
  heading.textContent = model.pages.find(([key]) => key === model.current)?.[1] ?? "livepairs"

  nav.append(...model.pages.map(([key, title]) => {
    const link = document.createElement("a")
    link.textContent = title
    if (key === model.current) link.setAttribute("aria-current", "page")
    return link
  }))
  // The links stay, lest the one that has the focus loses it, and the row its place.
  const lead = () => model.pages.forEach(([key], place) => {
    nav.children[place].href = `./${key}${model.query ? "?" + model.query : ""}`
  })
  // A link to a page of ours, wherever on the page it is, is turned to instead of loaded (turn.js). What a host's page
  // decides (hostbridge.js), and a press that asks for another window, is not ours.
  const follow = (event) => {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement)
    if (!link || link.target || link.download || event.defaultPrevented || event.button) return
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || window.livepairsGo || !window.livepairsTurn) return
    const [here, there] = [window.location.href, link.href].map((to) => new URL(to))
    const isOurs = model.pages.some(([key]) => new URL(`./${key}`, here).href === there.origin + there.pathname)
    if (!isOurs || there.href === here.href) return
    event.preventDefault()
    link.setAttribute("aria-busy", "true")
    window.livepairsTurn(there)
  }
  const address = () => {
    if (!model.query) return
    const url = new URL(window.location.href)
    for (const [name, value] of new URLSearchParams(model.query)) url.searchParams.set(name, value)
    if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url)
  }
  const recolour = () => {
    // pmui restyles axes, grids and backgrounds; what we fill with the paper's colour ourselves is found by name.
    for (const drawn of view.model.document?.all_models ?? []) {
      if (drawn.name === "candle-fill") drawn.palette = [model.dark ? "#11151a" : "#ffffff", drawn.palette[1]]
    }
  }

  lead()
  address()
  // Where the links are wider than the screen, as on a phone, the page one is on is in view.
  const watch = new ResizeObserver(() => {
    const here = nav.querySelector("[aria-current]")
    if (here) nav.scrollLeft = Math.round(here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2)
  })
  // The links too: they change their widths as the font comes.
  for (const element of [nav, ...nav.children]) watch.observe(element)
  model.on("remove", () => watch.disconnect())
  document.addEventListener("click", follow)
  model.on("remove", () => document.removeEventListener("click", follow))
  model.on("query", () => { lead(); address() })
  model.on("dark", () => {
    document.cookie = `livepairs-theme=${model.dark ? "dark" : "light"}; path=/; max-age=31536000; samesite=lax`
    const url = new URL(window.location.href)
    url.searchParams.delete("theme")
    window.history.replaceState(window.history.state, "", url)
    recolour()
  })
  recolour()
  model.on("remove", mendNowAndThen())
  const root = document.createElement("div")
  root.append(heading, nav)
  return root
}
