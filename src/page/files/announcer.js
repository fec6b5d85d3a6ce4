// SPDX-License-Identifier: Apache-2.0
// What a screen reader says of an answer that grows: whole sentences, a few at a time, and never one twice.

import { by_id, element } from "./dom.js";

const PAUSE_MS = 2000;
const KEPT_MS = 10000;
const SENTENCE_END = /[.!?:;…]["')\]]*\s|\n/g;

let clearing = 0;

// Polite: said when the reader has time. It goes from the page some time later, so that nobody finds it there twice.
export function say(text) {
  const said = text.trim();
  if (!said) return;
  by_id("announcer").append(element("p", {}, said));
  clearTimeout(clearing);
  clearing = setTimeout(() => by_id("announcer").replaceChildren(), KEPT_MS);
}

// Without the marks of Markdown, which readers would spell.
function spoken(text) {
  return text.replace(/\*\*|`+|^\s*#+ |^\s*> ?/gm, "");
}

export class AnswerSpeaker {
  constructor() {
    this.said = 0; // characters of the text
    this.time = performance.now();
  }

  // `text`: all of the answer up to now.
  grow(text) {
    if (performance.now() - this.time < PAUSE_MS) return;
    const rest = text.slice(this.said);
    let end = 0;
    for (const match of rest.matchAll(SENTENCE_END)) end = match.index + match[0].length;
    if (end === 0) return;
    say(spoken(rest.slice(0, end)));
    this.said += end;
    this.time = performance.now();
  }

  end(text) {
    say(spoken(text.slice(this.said)));
    this.said = text.length;
  }
}
