// SPDX-License-Identifier: Apache-2.0
// The chat: turns of a question and its answer, which are on the page and nowhere else.

import { AnswerView } from "./answer.js";
import { say } from "./announcer.js";
import { chat } from "./api.js";
import { by_id, element, icon_button } from "./dom.js";
import { chosen_model } from "./model_picker.js";
import { open_settings, read_settings } from "./settings.js";

const IDEAS = ["Why is the sky blue? Explain it to a child.", "Write a haiku about rain.", "Thank a neighbour for watering the plants.", "How do I undo the last commit in git?"];
const NEAR_END_PIXELS = 120;
const SETTLED_MS = 500; // after its end an answer still gets its foot

const turns = []; // {question, root, view}
let running = null; // the AbortController of the answer that is being written
let ended = 0; // when the last one was

// ---- where the page is scrolled ----

function is_at_end() {
  const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
  return scrollHeight - clientHeight - scrollTop < NEAR_END_PIXELS;
}

function go_to_end() {
  scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
}

function show_to_end() {
  by_id("to-end").hidden = turns.length === 0 || by_id("view-chat").hidden || is_at_end();
}

// Answers that grow keep their end in sight, unless the reader went elsewhere.
function follow_growth() {
  let was_at_end = true;
  addEventListener("scroll", () => {
    was_at_end = is_at_end();
    show_to_end();
  }, { passive: true });
  new ResizeObserver(() => {
    if (was_at_end && (running || performance.now() - ended < SETTLED_MS)) go_to_end();
    show_to_end();
  }).observe(by_id("messages"));
}

// ---- what is sent ----

// Turns without an answer, as where there was an error, are no part of the talk: two questions in a row would confuse models.
function messages_before(turn, system) {
  const messages = system ? [{ role: "system", content: system }] : [];
  for (const earlier of turns) {
    if (earlier === turn) break;
    if (!earlier.view?.text) continue;
    messages.push({ role: "user", content: earlier.question }, { role: "assistant", content: earlier.view.text });
  }
  return [...messages, { role: "user", content: turn.question }];
}

// ---- turns ----

function question_element(turn) {
  return element("article", { class: "question" },
    element("h2", { class: "hidden" }, "You"),
    element("p", { class: "bubble" }, turn.question),
    element("div", { class: "actions only-last" }, icon_button("edit", "Edit your message", () => edit(turn))));
}

function edit(turn) {
  if (running) return;
  const field = element("textarea", { "aria-label": "Edit your message", rows: "3" });
  field.value = turn.question;
  const cancel = () => {
    form.replaceWith(question_element(turn));
    turn.root.querySelector(".question button").focus();
  };
  const send = (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    turns.splice(turns.indexOf(turn), 1);
    turn.root.remove();
    ask(field.value.trim());
  };
  const form = element("form", {
    class: "edit", onsubmit: send,
    onkeydown: (event) => {
      if (event.key === "Escape") cancel();
      else if (is_send_key(event)) send(event);
    },
  }, element("div", { class: "grow" }, field), element("div", { class: "buttons" },
    element("button", { type: "button", class: "quiet", onclick: cancel }, "Cancel"),
    element("button", { type: "submit", class: "main" }, "Send")));
  grow_with_text(field);
  turn.root.querySelector(".question").replaceWith(form);
  field.focus();
}

function settings_or_problem() {
  const settings = read_settings();
  if (!settings.problem) return settings;
  say(settings.problem);
  open_settings(settings.field);
  return null;
}

function ask(question) {
  const turn = { question, root: element("section", { class: "turn", "aria-label": `Turn ${turns.length + 1}` }) };
  turn.root.append(question_element(turn));
  turns.push(turn);
  by_id("messages").append(turn.root);
  by_id("welcome").hidden = true;
  by_id("new-chat").hidden = false;
  answer(turn);
  by_id("question").focus({ preventScroll: true });
}

async function answer(turn) {
  const settings = settings_or_problem();
  if (running || !settings) return;
  turn.view?.root.remove();
  const view = new AnswerView({ is_json: settings.has_schema, retry: () => answer(turn) });
  turn.view = view;
  turn.root.append(view.root);
  const body = { messages: messages_before(turn, settings.system), ...settings.fields };
  if (chosen_model()) body.model = chosen_model();
  const own = set_running(new AbortController());
  go_to_end();
  try {
    for await (const event of chat(body, own.signal)) view.take(event);
    view.end();
  } catch (error) {
    if (error.name === "AbortError") view.end(true);
    else view.fail(error.message);
  }
  if (running === own) set_running(null);
}

function set_running(controller) {
  running = controller;
  ended = performance.now();
  by_id("messages").classList.toggle("running", running !== null);
  const had_focus = document.activeElement === by_id("stop");
  by_id("stop").hidden = running === null;
  by_id("send").hidden = running !== null;
  if (had_focus && running === null) by_id("question").focus({ preventScroll: true });
  return running;
}

function stop() {
  running?.abort();
}

export function new_chat() {
  stop();
  running = null;
  turns.length = 0;
  by_id("messages").replaceChildren();
  set_running(null);
  by_id("welcome").hidden = false;
  by_id("new-chat").hidden = true;
  show_to_end();
  by_id("question").focus();
}

// ---- the composer ----

// Its box is as high as a copy of the text, which the style sheet draws behind it.
function grow_with_text(field) {
  const show = () => (field.parentElement.dataset.text = field.value);
  field.addEventListener("input", show);
  queueMicrotask(show);
}

// Keyboards on glass have no Shift+Enter: there Enter makes a line, and the button sends.
function is_send_key(event) {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing && !matchMedia("(pointer: coarse)").matches;
}

function send_question(event) {
  event.preventDefault();
  const field = by_id("question");
  const question = field.value.trim();
  if (!question || running || !settings_or_problem()) return;
  field.value = "";
  field.dispatchEvent(new Event("input"));
  ask(question);
}

export function start_chat() {
  by_id("question").value = "";
  grow_with_text(by_id("question"));
  by_id("question").addEventListener("keydown", (event) => is_send_key(event) && send_question(event));
  by_id("composer").addEventListener("submit", send_question);
  by_id("stop").addEventListener("click", stop);
  by_id("new-chat").addEventListener("click", new_chat);
  by_id("to-end").addEventListener("click", () => {
    go_to_end();
    by_id("question").focus({ preventScroll: true });
  });
  by_id("ideas").append(...IDEAS.map((idea) => element("li", {}, element("button", { type: "button", class: "idea", onclick: () => running || ask(idea) }, idea))));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog:modal")) stop();
  });
  follow_growth();
}
