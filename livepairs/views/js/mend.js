// What the libraries leave without a name or in the wrong place, for those who listen to a page instead of looking at it.
// Their elements come and go inside shadow roots, which no observer of the page sees, so they are looked for now and then.
const MENDS = [
  [".MuiLinearProgress-root:not([aria-hidden])", (one) => one.setAttribute("aria-hidden", "true")], // never shown: busy_indicator is off
  ["h5.MuiTypography-h5:not([aria-hidden])", (one) => one.textContent.trim() || one.setAttribute("aria-hidden", "true")], // a spacer
  [".tabulator-tableholder:not([role])", (one) => { // a grid holds row groups; this one stood between
    one.setAttribute("role", "rowgroup")
    one.querySelector(".tabulator-table")?.setAttribute("role", "presentation")
  }],
  [".tabulator-col.empty:not([aria-hidden])", (one) => one.setAttribute("aria-hidden", "true")],
]
const mend = (root) => {
  for (const [what, how] of MENDS) root.querySelectorAll(what).forEach(how)
  for (const one of root.querySelectorAll("*")) if (one.shadowRoot) mend(one.shadowRoot)
}
const mendNowAndThen = () => {
  const soon = () => window.requestIdleCallback ? requestIdleCallback(() => mend(document), {timeout: 1000}) : mend(document)
  const timer = setInterval(soon, 2000)
  soon()
  return () => clearInterval(timer)
}
