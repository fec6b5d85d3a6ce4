// SPDX-License-Identifier: Apache-2.0
// JSON with indentation, as it is written: unlike by JSON.parse, long numbers stay whole, and half a document is fine too.

export function pretty_json(text) {
  let out = "";
  let depth = 0;
  let in_string = false;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (let at = 0; at < text.length; ++at) {
    const character = text[at];
    if (in_string) {
      out += character;
      if (character === "\\") out += text[++at] ?? "";
      else if (character === '"') in_string = false;
    } else if (character === '"') {
      in_string = true;
      out += character;
    } else if (character === "{" || character === "[") {
      const close = character === "{" ? "}" : "]";
      const rest = /^\s*/.exec(text.slice(at + 1, at + 200))[0].length;
      if (text[at + 1 + rest] === close) {
        out += character + close;
        at += 1 + rest;
      } else {
        ++depth;
        out += character + line();
      }
    } else if (character === "}" || character === "]") {
      depth = Math.max(0, depth - 1);
      out += line() + character;
    } else if (character === ",") {
      out += character + line();
    } else if (character === ":") {
      out += ": ";
    } else if (!/\s/.test(character)) {
      out += character;
    }
  }
  return out;
}

export function is_json(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
