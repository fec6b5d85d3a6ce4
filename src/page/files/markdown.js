// SPDX-License-Identifier: Apache-2.0
// A small part of Markdown as DOM nodes: headings, paragraphs, lists, quotes, tables, code, bold, italic. Links and HTML stay
// the text that they are.

import { element } from "./dom.js";
import { copy_button } from "./clipboard.js";

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w+#.-]*)\s*$/;
const HEADING = /^(#{1,6})\s+(.+?)\s*#*$/;
const RULE = /^\s{0,3}(?:-{3,}|\*{3,}|_{3,})\s*$/;
const QUOTE = /^\s{0,3}>\s?/;
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const INLINE = /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\*\*(?=\S)([\s\S]*?\S)\*\*|(?<![\w*])\*(?=[^\s*])([^*]*?[^\s*])\*(?![\w*])/g;
const INLINE_CHARACTERS_MAX = 5000; // longer paragraphs are plain text: the pattern looks ahead from each mark
const QUOTES_MAX = 5; // quotes inside quotes; deeper ones are plain text

// ---- inline ----

function inline(text) {
  if (text.length > INLINE_CHARACTERS_MAX) return [text];
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, match.index));
    const [whole, , code, bold, italic] = match;
    if (code !== undefined) nodes.push(element("code", {}, code));
    else if (bold !== undefined) nodes.push(element("strong", {}, ...inline(bold)));
    else nodes.push(element("em", {}, ...inline(italic)));
    end = match.index + whole.length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

// ---- blocks ----

function starts_block(line, next) {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line) || is_table(line, next);
}

function is_table(line, next) {
  return line.includes("|") && next !== undefined && next.includes("|") && TABLE_RULE.test(next);
}

// The line behind the block that begins at `start`.
function block_end(lines, start) {
  const line = lines[start];
  let end = start + 1;
  const fence = FENCE.exec(line);
  if (fence) {
    while (end < lines.length && lines[end].trim() !== fence[2]) ++end;
    return Math.min(end + 1, lines.length);
  }
  if (HEADING.test(line) || RULE.test(line)) return end;
  const goes_on = QUOTE.test(line) ? (at) => QUOTE.test(lines[at])
    : ITEM.test(line) ? (at) => in_list(lines, at)
    : is_table(line, lines[end]) ? (at) => lines[at].includes("|")
    : (at) => lines[at].trim() !== "" && !starts_block(lines[at], lines[at + 1]);
  while (end < lines.length && goes_on(end)) ++end;
  return end;
}

function in_list(lines, at) {
  if (FENCE.test(lines[at])) return false;
  if (lines[at].trim() === "") return at + 1 < lines.length && ITEM.test(lines[at + 1]);
  return ITEM.test(lines[at]) || /^\s{2,}\S/.test(lines[at]) || lines[at - 1].trim() !== "" && !starts_block(lines[at], lines[at + 1]);
}

function split(text) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at].trim() === "") {
      ++at;
      continue;
    }
    const end = block_end(lines, at);
    blocks.push(lines.slice(at, end));
    at = end;
  }
  return blocks;
}

// ---- blocks to nodes ----

export function code_block(text, language) {
  const code = element("code", {}, text);
  return element("figure", { class: "code-block" },
    element("figcaption", {}, element("span", {}, language || "text"), copy_button("Copy the code", () => code.textContent)),
    element("pre", { tabindex: "0", role: "group", "aria-label": language ? `Code in ${language}` : "Code" }, code));
}

function fenced(lines) {
  const [, indent, fence, language] = FENCE.exec(lines[0]);
  const is_closed = lines.length > 1 && lines.at(-1).trim() === fence;
  const inside = lines.slice(1, is_closed ? -1 : undefined);
  const dedented = inside.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
  return code_block(dedented.join("\n"), language);
}

function list(lines) {
  const items = [];
  for (const line of lines) {
    const match = ITEM.exec(line);
    if (match) items.push({ indent: match[1].length, number: match[2], text: match[3] });
    else if (line.trim() !== "") items.at(-1).text += `\n${line.trim()}`;
  }
  return list_of(items, 0, items.length);
}

// Of items[start..end), whose first one is the least indented; deeper ones are lists inside.
function list_of(items, start, end) {
  const { indent, number } = items[start];
  const made = element(number === undefined ? "ul" : "ol", { start: number !== undefined && number !== "1" ? number : null });
  for (let at = start; at < end;) {
    let next = at + 1;
    while (next < end && items[next].indent >= indent + 2) ++next;
    const item = element("li", {}, ...inline(items[at].text));
    if (next > at + 1) item.append(list_of(items, at + 1, next));
    made.append(item);
    at = next;
  }
  return made;
}

function table(lines) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const row = (line, tag) => element("tr", {}, ...cells(line).map((cell) => element(tag, tag === "th" ? { scope: "col" } : {}, ...inline(cell))));
  return element("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": "Table" },
    element("table", {}, element("thead", {}, row(lines[0], "th")), element("tbody", {}, ...lines.slice(2).map((line) => row(line, "td")))));
}

function node_of(lines, quotes = 0) {
  const heading = HEADING.exec(lines[0]);
  if (FENCE.test(lines[0])) return fenced(lines);
  if (heading) return element(`h${Math.min(heading[1].length + 2, 6)}`, {}, ...inline(heading[2]));
  if (RULE.test(lines[0])) return element("hr");
  if (QUOTE.test(lines[0]) && quotes < QUOTES_MAX) return element("blockquote", {}, ...nodes_of(lines.map((line) => line.replace(QUOTE, "")).join("\n"), quotes + 1));
  if (ITEM.test(lines[0])) return list(lines);
  if (is_table(lines[0], lines[1])) return table(lines);
  return element("p", {}, ...inline(lines.join("\n")));
}

function nodes_of(text, quotes) {
  return split(text).map((lines) => node_of(lines, quotes));
}

// Shows `text` in `box`. Blocks that are as they were stay, so that a text which grows costs its end only.
export class MarkdownBox {
  constructor(box) {
    this.box = box;
    this.sources = [];
  }

  show(text) {
    const blocks = split(text);
    blocks.forEach((lines, at) => {
      const source = lines.join("\n");
      if (this.sources[at] === source) return;
      const node = node_of(lines);
      if (at < this.box.children.length) this.box.children[at].replaceWith(node);
      else this.box.append(node);
      this.sources[at] = source;
    });
    while (this.box.children.length > blocks.length) this.box.lastElementChild.remove();
    this.sources.length = blocks.length;
  }
}
