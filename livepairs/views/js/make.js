// An element with its attributes and children. An attribute that is null, undefined or false is left out; true is empty.
const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) if (value != null && value !== false) made.setAttribute(name, value === true ? "" : value)
  made.append(...children)
  return made
}
