// SPDX-License-Identifier: Apache-2.0
// Which model answers. The last choice is remembered, if the server still has it.

import { get_json } from "./api.js";
import { by_id, element } from "./dom.js";

const STORED = "model";

let names = [];

export function chosen_model() {
  return by_id("model").value;
}

export function choose_model(name) {
  by_id("model").value = name;
  remember();
}

function remember() {
  try {
    localStorage.setItem(STORED, chosen_model());
  } catch {
    // Not remembered, then.
  }
}

function remembered() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

// "base+adapter" stands below its base.
function option(name) {
  const [base, adapter] = name.split(/\+(.*)/s);
  return element("option", { value: name }, adapter ? `${base} + ${adapter}` : name);
}

// Of the server, and what they are. Errors: those of request().
export async function load_models() {
  const list = (await get_json("/v1/models")).data;
  names = list.map((model) => model.id);
  const chosen = chosen_model() || remembered();
  by_id("model").replaceChildren(element("option", { value: "" }, "Default model"), ...names.toSorted().map(option));
  by_id("model").value = names.includes(chosen) ? chosen : names.length === 1 ? names[0] : "";
  return list;
}

export function start_model_picker() {
  by_id("model").append(element("option", { value: "" }, "Default model"));
  by_id("model").addEventListener("change", remember);
}
