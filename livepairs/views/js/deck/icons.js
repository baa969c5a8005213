// What the deck's buttons show, and how its elements are made.
const ICONS = {
  back: `<svg viewBox="0 0 16 16"><path d="M3 2.5h2v11H3zM13.5 2.5v11L6 8z"/></svg>`,
  play: `<svg viewBox="0 0 16 16"><path d="M3.5 2v12l10-6z"/></svg>`,
  pause: `<svg viewBox="0 0 16 16"><path d="M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z"/></svg>`,
  step: `<svg viewBox="0 0 16 16"><path d="M11 2.5h2v11h-2zM2.5 2.5v11L10 8z"/></svg>`,
  follow: `<svg viewBox="0 0 16 16"><path d="M2 7.2h7.2L6.4 4.4l1.1-1.1L12.2 8l-4.7 4.7-1.1-1.1 2.8-2.8H2zM13 3h1.6v10H13z"/></svg>`,
  link: `<svg viewBox="0 0 16 16"><path d="M6.6 9.4a3 3 0 0 1 0-4.2l2.3-2.3a3 3 0 0 1 4.2 4.2l-1.3 1.3-1-1 1.3-1.3a1.6 1.6 0 0 0-2.2-2.2L7.6 6.2a1.6 1.6 0 0 0 0 2.2zM9.4 6.6a3 3 0 0 1 0 4.2l-2.3 2.3a3 3 0 0 1-4.2-4.2l1.3-1.3 1 1-1.3 1.3a1.6 1.6 0 0 0 2.2 2.2l2.3-2.3a1.6 1.6 0 0 0 0-2.2z"/></svg>`,
  more: `<svg viewBox="0 0 16 16"><path d="M3.5 6.6a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8zm4.5 0a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8zm4.5 0a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8z"/></svg>`,
}

const made = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== null && value !== false) element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}
