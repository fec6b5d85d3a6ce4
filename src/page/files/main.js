// SPDX-License-Identifier: Apache-2.0
// Starts the page, and shows the view that the address names.

import { has_metrics, hide_activity, show_activity, start_activity } from "./activity.js";
import { ApiError } from "./api.js";
import { start_chat } from "./chat.js";
import { by_id, hidden, icon } from "./dom.js";
import { load_models, start_model_picker } from "./model_picker.js";
import { show_models, start_models } from "./models.js";
import { HERE_IN_A_SENTENCE } from "./place.js";
import { has_privacy, show_privacy, start_privacy } from "./privacy.js";
import { start_settings } from "./settings.js";
import { say } from "./announcer.js";

const VIEWS = {
  chat: { title: "Chat" },
  models: { title: "Models", show: show_models },
  activity: { title: "Activity", show: show_activity, hide: hide_activity },
  privacy: { title: "Privacy", show: show_privacy },
};

let shown = null;

// ---- views ----

function show_view(moves_focus) {
  const asked = location.hash.replace("#/", "");
  const name = asked in VIEWS && !by_id(`to-${asked}`).hidden ? asked : "chat";
  if (name === shown) return;
  VIEWS[shown]?.hide?.();
  shown = name;
  for (const [other, { title }] of Object.entries(VIEWS)) {
    by_id(`view-${other}`).hidden = other !== name;
    if (other !== name) by_id(`to-${other}`).removeAttribute("aria-current");
    else {
      by_id(`to-${other}`).setAttribute("aria-current", "page");
      document.title = `${title} – hearth`;
    }
  }
  document.body.dataset.view = name;
  if (name !== "chat") by_id("settings").close();
  VIEWS[name].show?.();
  scrollTo({ top: name === "chat" ? document.documentElement.scrollHeight : 0, behavior: "instant" });
  if (moves_focus) by_id(`${name}-heading`).focus({ preventScroll: true });
}

function skip_to_content(event) {
  event.preventDefault(); // its address is no view's
  by_id("content").focus();
}

// ---- theme ----

const THEMES = { auto: "as the system has it", light: "light", dark: "dark" };

function theme() {
  return document.documentElement.dataset.theme ?? "auto";
}

function show_theme() {
  const label = `Theme: ${THEMES[theme()]}`;
  by_id("theme").replaceChildren(icon(`theme-${theme()}`), hidden(label));
  by_id("theme").title = label;
}

function change_theme() {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(theme()) + 1) % names.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("theme", next);
  } catch {
    // Not remembered, then.
  }
  show_theme();
}

// ---- start ----

async function ask_server() {
  try {
    await load_models();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(error.message);
    if (error.status === 401) document.addEventListener("key", ask_server, { once: true }); // one that is given later
  }
  by_id("to-activity").hidden = !(await has_metrics());
  by_id("to-privacy").hidden = !(await has_privacy());
  if (["#/activity", "#/privacy"].includes(location.hash)) show_view(false);
}

show_theme();
by_id("place").textContent = HERE_IN_A_SENTENCE;
by_id("theme").addEventListener("click", change_theme);
document.querySelector(".skip").addEventListener("click", skip_to_content);
start_settings();
start_model_picker();
start_chat();
start_models();
start_activity();
start_privacy();
addEventListener("hashchange", () => show_view(true));
show_view(false);
if (matchMedia("(hover: hover)").matches && shown === "chat") by_id("question").focus();
ask_server();
