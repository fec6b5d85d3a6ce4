// SPDX-License-Identifier: Apache-2.0
// A line chart over the last minutes: lines in SVG, words in HTML, and the same numbers as a table.

import { element, svg } from "./dom.js";

const WIDTH = 240; // of the drawing, in its own units; one that is stretched to its box
const HEIGHT = 100;
const ROWS = 12; // of the table

// 1, 2 or 5 times a power of ten, not below `value`.
function round_limit(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((limit) => limit >= value * 0.9999);
}

// The stretches of values without a gap, as points of the drawing.
function stretches(values, span, limit) {
  const found = [];
  values.forEach((value, at) => {
    if (value === null) return;
    if (at === 0 || values[at - 1] === null) found.push([]);
    const x = WIDTH - ((values.length - 1 - at) * WIDTH) / span;
    const y = HEIGHT - 2 - (Math.min(value, limit) / limit) * (HEIGHT - 6);
    found.at(-1).push(`${x.toFixed(1)} ${y.toFixed(1)}`);
  });
  return found;
}

// A single value is a dot.
const line_of = (points) => `M${points.join("L")}${points.length === 1 ? "h.01" : ""}`;
const area_of = (points) => `M${points[0].split(" ")[0]} ${HEIGHT}L${points.join("L")}L${points.at(-1).split(" ")[0]} ${HEIGHT}Z`;

export class Chart {
  // `series`: [{name, field}], one or two; `text` of a value; `span`: samples from left to right; `limit_field`: of the samples,
  // where the axis ends.
  constructor({ title, series, text, span, limit_field }) {
    Object.assign(this, { title, series, text, span, limit_field });
    this.values = series.map(({ name }) => ({ name, node: element("span", { class: "value" }, "–") }));
    this.paths = series.map((_, at) => svg("path", { class: `line line-${at + 1}`, "vector-effect": "non-scaling-stroke" }));
    this.area = svg("path", { class: "area" });
    this.drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
      ...[0.333, 0.667].map((y) => svg("path", { class: "grid", d: `M0 ${HEIGHT * y}H${WIDTH}`, "vector-effect": "non-scaling-stroke" })), this.area, ...this.paths);
    this.top = element("span", { class: "axis-top" });
    this.body = element("tbody");
    this.details = element("details", { class: "numbers", ontoggle: () => this.draw_table() },
      element("summary", {}, "As a table"),
      element("table", {}, element("caption", { class: "hidden" }, title), element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Ago"),
        ...series.map(({ name }) => element("th", { scope: "col", class: "number" }, name)))), this.body));
    this.root = element("section", { class: "card chart", "aria-label": title }, element("h2", {}, title), this.legend(),
      element("div", { class: "plot" }, this.top, this.drawing, element("div", { class: "axis", "aria-hidden": "true" }, element("span", {}, `${span / 60} min ago`), element("span", {}, "now"))),
      this.details);
  }

  legend() {
    return element("dl", { class: "legend" }, ...this.values.map(({ name, node }, at) =>
      element("div", {}, element("dt", { class: `key key-${at + 1}` }, name), element("dd", {}, node))));
  }

  // All samples of the span, the oldest first, a second apart.
  draw(samples) {
    this.samples = samples;
    const columns = this.series.map(({ field }) => samples.map((sample) => sample[field]));
    const last = samples.at(-1);
    const limit = (this.limit_field && last?.[this.limit_field]) || round_limit(Math.max(0, ...columns.flat().filter((value) => value !== null)));
    this.top.textContent = this.text(limit);
    columns.forEach((column, at) => {
      const parts = stretches(column, this.span, limit);
      this.paths[at].setAttribute("d", parts.map(line_of).join(""));
      if (at === 0) this.area.setAttribute("d", parts.map(area_of).join(""));
      this.values[at].node.replaceChildren(...this.value_nodes(last, this.series[at].field));
    });
    this.drawing.setAttribute("aria-label", `${this.title} over the last ${this.span / 60} minutes; now ${this.values.map(({ name, node }) => `${name} ${node.textContent}`).join(", ")}`);
    this.draw_table();
  }

  value_nodes(sample, field) {
    if (!sample || sample[field] === null) return ["–"];
    const most = this.limit_field ? sample[this.limit_field] : null;
    return [this.text(sample[field]), ...(most ? [element("small", {}, ` of ${this.text(most)}`)] : [])];
  }

  draw_table() {
    if (!this.details.open || !this.samples) return;
    const step = this.span / ROWS;
    const rows = [];
    for (let ago = 0; ago < this.samples.length && rows.length < ROWS; ago += step) {
      const sample = this.samples.at(-1 - ago);
      rows.push(element("tr", {}, element("th", { scope: "row" }, ago === 0 ? "now" : `${ago} s`),
        ...this.series.map(({ field }) => element("td", { class: "number" }, sample[field] === null ? "–" : this.text(sample[field])))));
    }
    this.body.replaceChildren(...rows);
  }
}
