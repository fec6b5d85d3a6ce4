// SPDX-License-Identifier: Apache-2.0
// One answer on the page: its text as it comes, what it took, and where it was computed.

import { AnswerSpeaker } from "./announcer.js";
import { copy_button } from "./clipboard.js";
import { element, icon, icon_button } from "./dom.js";
import { is_json, pretty_json } from "./json_text.js";
import { code_block, MarkdownBox } from "./markdown.js";
import { HERE } from "./place.js";

function seconds(ms) {
  return ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 9950 ? 2 : 1)} s`;
}

function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

// `hearth.route` of an answer: {target, reason, ...}. Servers that do not say compute where they are.
function is_from_here(route) {
  return !route?.target || route.target === "local";
}

function route_text(route, model) {
  const where = is_from_here(route) ? `${HERE} — ${model || "default model"}` : `Not on this device — ${route.target}`;
  return `${where}${route?.reason ? `: ${route.reason}` : ""}`;
}

// What a check of the answer found, in words.
const CHECKS = { secret: "has what looks like a password or a key", canary: "has what must not be in it", loop: "goes round in a circle", too_long: "is longer than asked for" };

export class AnswerView {
  // `retry`: called by its button.
  constructor({ is_json: as_json, retry }) {
    this.as_json = as_json;
    this.text = "";
    this.thoughts = "";
    this.pieces = 0; // events that brought text
    this.started = performance.now();
    this.box = element("div", { class: "text" });
    this.markdown = new MarkdownBox(this.box);
    this.waiting = element("p", { class: "waiting" }, element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i")), element("span", {}, "Reading your message"));
    this.foot = element("footer", { hidden: true });
    this.root = element("article", { class: "answer", "aria-busy": "true" }, element("h2", { class: "hidden" }, "Answer"), this.waiting, this.box, this.foot);
    this.retry = retry;
    this.speaker = new AnswerSpeaker();
  }

  // One document of the stream.
  take(event) {
    if (event.model) this.model = event.model;
    if (event.hearth?.route) this.route = event.hearth.route;
    if (event.hearth) this.hearth = event.hearth;
    if (event.usage) this.usage = event.usage;
    const choice = event.choices?.[0];
    if (!choice) return;
    if (choice.finish_reason) this.finish_reason = choice.finish_reason;
    const { content, reasoning_content } = choice.delta ?? {};
    if (!content && !reasoning_content) return;
    this.last = performance.now();
    this.first ??= this.last;
    ++this.pieces;
    this.text += content ?? "";
    this.thoughts += reasoning_content ?? "";
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = null;
    if (this.text) this.waiting.remove();
    else this.waiting.lastChild.textContent = "Thinking";
    this.draw_thoughts();
    if (this.as_json) this.draw_json();
    else this.markdown.show(this.text);
    if (!this.as_json && this.root.ariaBusy === "true") this.speaker.grow(this.text);
  }

  draw_thoughts() {
    if (!this.thoughts) return;
    if (!this.thoughts_box) {
      this.thoughts_box = element("p");
      this.box.before(element("details", { class: "thoughts" }, element("summary", {}, "Thoughts"), this.thoughts_box));
    }
    this.thoughts_box.textContent = this.thoughts;
  }

  draw_json() {
    if (!this.code) {
      this.block = code_block("", "json");
      this.code = this.block.querySelector("code");
      this.box.replaceChildren(this.block);
    }
    this.code.textContent = pretty_json(this.text);
  }

  // It is whole, or the user stopped it.
  end(is_stopped = false) {
    this.close();
    if (is_stopped && !this.text) this.box.replaceChildren(element("p", { class: "soft" }, "Stopped before the first word."));
    else if (!this.text) this.box.replaceChildren(element("p", { class: "soft" }, "The answer is empty."));
    if (this.as_json && this.text) this.add_json_state();
    this.show_foot(is_stopped);
  }

  // The server's own words, in place of what is missing.
  fail(message) {
    this.close();
    this.has_failed = true;
    this.box.after(element("p", { class: "notice", role: "alert" }, message));
    this.show_foot(false);
  }

  close() {
    if (this.frame) cancelAnimationFrame(this.frame);
    this.root.ariaBusy = "false";
    if (this.text || this.thoughts) this.draw();
    this.waiting.remove();
    this.speaker.end(this.as_json && this.code ? this.code.textContent : this.text);
  }

  add_json_state() {
    const is_valid = is_json(this.text);
    this.block.querySelector("figcaption span").append(element("span", { class: is_valid ? "good" : "problem" }, is_valid ? " · valid" : " · not complete"));
  }

  show_foot(is_stopped) {
    const buttons = element("div", { class: "actions" });
    if (this.text) buttons.append(copy_button("Copy the answer", () => (this.code ? this.code.textContent : this.text)));
    buttons.append(icon_button("retry", "Answer again", this.retry, { class: "quiet square only-last" }));
    this.foot.replaceChildren(buttons);
    const facts = this.facts(is_stopped);
    if (this.text) {
      const where = element("li", { class: "where" }, icon(is_from_here(this.route) ? "device" : "away"), route_text(this.route, this.model));
      this.foot.append(element("ul", { class: "facts", "aria-label": "About this answer" }, where, ...facts.map((fact) => element("li", {}, fact))));
    }
    this.foot.hidden = false;
  }

  // What it took, each in a few words.
  facts(is_stopped) {
    const facts = [];
    if (this.first) facts.push(`first token after ${seconds(this.first - this.started)}`);
    const tokens = this.usage?.completion_tokens ?? this.pieces;
    if (tokens > 1 && this.last > this.first) {
      const rate = ((tokens - 1) * 1000) / (this.last - this.first);
      facts.push(`${this.usage ? "" : "about "}${rate < 9.95 ? rate.toFixed(1) : Math.round(rate)} tokens/s`);
    }
    if (this.usage) {
      const cached = this.usage.prompt_tokens_details?.cached_tokens ?? 0;
      facts.push(`${plural(this.usage.prompt_tokens, "token")} read${cached ? `, ${cached.toLocaleString("en")} of them known` : ""}`);
      facts.push(`${plural(tokens, "token")} written`);
    }
    if (typeof this.hearth?.confidence === "number") facts.push(`right with probability ${Math.round(100 * this.hearth.confidence)} %`);
    if (this.hearth?.ledger_id) facts.push(`entry ${this.hearth.ledger_id} of the ledger`);
    for (const check of this.hearth?.checks ?? []) facts.push(CHECKS[check] ?? check);
    if (is_stopped) facts.push("stopped by you");
    else if (this.finish_reason === "length") facts.push("ended by its limit of tokens");
    return facts;
  }
}
