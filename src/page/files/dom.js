// SPDX-License-Identifier: Apache-2.0
// Elements by code. Text goes in as text nodes only: nothing that a model or a server says is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

// `attributes`: {class, onclick, ...}; functions are listeners, false and null are left out, true is an empty value.
function build(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function element(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));
}

// What only a screen reader says.
export function hidden(text) {
  return element("span", { class: "hidden" }, text);
}

export function by_id(id) {
  return document.getElementById(id);
}

// A button with an icon whose name is its label.
export function icon_button(name, label, onclick, more = {}) {
  return element("button", { type: "button", class: "quiet square", title: label, onclick, ...more }, icon(name), hidden(label));
}
