// SPDX-License-Identifier: Apache-2.0
// The models view: what is installed, and where the server says so, how large it is and what is in memory.

import { get_json } from "./api.js";
import { by_id, element } from "./dom.js";
import { choose_model, chosen_model, load_models } from "./model_picker.js";

function bytes_text(bytes) {
  if (!(bytes > 0)) return null;
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;
}

// What an endpoint of Ollama's shape lists, by name; null where the server has no such endpoint.
async function listed(path) {
  try {
    const { models } = await get_json(path, { asks: false });
    return new Map(models.map((model) => [(model.model ?? model.name).replace(/:latest$/, ""), model]));
  } catch {
    return null;
  }
}

// Rows of [what, value], of which those without a value are left out.
function facts(tag, loaded) {
  const details = (tag ?? loaded)?.details ?? {};
  const rows = [
    ["Size", bytes_text((tag ?? loaded)?.size)],
    ["Parameters", details.parameter_size],
    ["Quantization", details.quantization_level],
    ["Family", details.family],
    ["In memory", bytes_text(loaded?.size_vram || loaded?.size)],
    ["Kept until", until_text(loaded?.expires_at)],
  ];
  return rows.filter(([, value]) => value);
}

// Times far from now mean that it stays.
function until_text(time) {
  const date = new Date(time ?? NaN);
  const hours = (date - Date.now()) / 3.6e6;
  return hours > 0 && hours < 24 ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : null;
}

function use(name) {
  choose_model(name);
  location.hash = "#/chat";
}

function card(name, tag, loaded, knows_loaded) {
  const [base, adapter] = name.split(/\+(.*)/s);
  const rows = facts(tag, loaded).map(([what, value]) => element("div", {}, element("dt", {}, what), element("dd", {}, value)));
  const state = loaded ? element("span", { class: "badge on" }, "Loaded") : knows_loaded ? element("span", { class: "badge" }, "Loads when asked") : null;
  const id = `model-${name}`;
  return element("li", { class: "card" },
    element("div", { class: "heading-row" }, element("h2", { id }, adapter ? `${base} + ${adapter}` : name), state),
    adapter ? element("p", { class: "soft" }, `An adapter on ${base}`) : null,
    rows.length ? element("dl", { class: "facts-list" }, ...rows) : null,
    element("button", { type: "button", class: "gentle", "aria-describedby": id, onclick: () => use(name) }, name === chosen_model() ? "Go on chatting with it" : "Chat with it"));
}

export async function show_models() {
  by_id("models-status").textContent = "Looking…";
  let list;
  try {
    list = await load_models();
  } catch (error) {
    by_id("models-status").textContent = error.message;
    by_id("models").replaceChildren();
    return;
  }
  const [tags, loaded] = await Promise.all([listed("/api/tags"), listed("/api/ps")]);
  const names = list.map((model) => model.id).toSorted();
  by_id("models").replaceChildren(...names.map((name) => card(name, tags?.get(name), loaded?.get(name), loaded !== null)));
  by_id("models-status").textContent = names.length === 0
    ? "No model is installed by name; “hearth import FILE --name NAME” installs one."
    : `${names.length} installed${loaded ? `, ${names.filter((name) => loaded.has(name)).length} in memory` : ""}.`;
}

export function start_models() {
  by_id("refresh-models").addEventListener("click", show_models);
}
