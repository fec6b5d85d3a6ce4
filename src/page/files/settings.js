// SPDX-License-Identifier: Apache-2.0
// The settings panel: system text, how tokens are drawn, and the schema of an answer. Beside the chat where there is room, above
// it elsewhere. Held in the form alone: a reload forgets them.

import { by_id, element } from "./dom.js";

const EXAMPLE = `{
  "type": "object",
  "properties": {
    "title": {
      "type": "string",
      "maxLength": 60
    },
    "points": {
      "type": "array",
      "items": {
        "type": "string",
        "maxLength": 80
      },
      "minItems": 1,
      "maxItems": 4
    }
  },
  "required": ["title", "points"]
}`;

// Number fields and the members of a request that they are.
const NUMBERS = { temperature: "temperature", tokens: "max_tokens", seed: "seed" };

const wide = matchMedia("(min-width: 60rem)");
let opener = null;

function panel() {
  return by_id("settings");
}

export function open_settings(focused = "settings-heading") {
  opener = document.activeElement;
  if (!panel().open) {
    if (wide.matches) panel().show();
    else panel().showModal();
  }
  document.body.classList.toggle("with-panel", wide.matches);
  by_id(focused).focus();
}

function close_settings() {
  panel().close();
}

function schema_problem(text) {
  let schema;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    return text.trim() ? `This is not JSON yet: ${error.message}` : "Put a JSON Schema here.";
  }
  const is_schema = typeof schema === "boolean" || (typeof schema === "object" && schema !== null && !Array.isArray(schema));
  return is_schema ? "" : "A schema is an object, as {\"type\": \"object\"}.";
}

function show_schema_state() {
  const is_on = by_id("schema-on").checked;
  const problem = schema_problem(by_id("schema").value);
  by_id("schema-part").hidden = !is_on;
  by_id("schema-chip").hidden = !is_on;
  by_id("schema-state").textContent = problem || "Valid JSON.";
  by_id("schema-state").classList.toggle("problem", problem !== "");
  by_id("schema-state").classList.toggle("good", problem === "");
  by_id("schema").setAttribute("aria-invalid", String(problem !== ""));
}

function show_number_state(field) {
  const is_wrong = !field.validity.valid;
  field.setAttribute("aria-invalid", String(is_wrong));
  const help = by_id(field.getAttribute("aria-describedby"));
  help.querySelector(".problem")?.remove();
  if (is_wrong) help.prepend(element("span", { class: "problem" }, `${field.validationMessage} `));
}

// {system, fields, has_schema}; or {problem, field}: what is wrong, and the id of the field where it can be mended.
export function read_settings() {
  const fields = {};
  for (const [id, name] of Object.entries(NUMBERS)) {
    const field = by_id(id);
    if (!field.validity.valid) return { problem: `The settings are not complete: ${field.validationMessage}`, field: id };
    if (field.value !== "") fields[name] = field.valueAsNumber;
  }
  const has_schema = by_id("schema-on").checked;
  if (has_schema) {
    const problem = schema_problem(by_id("schema").value);
    if (problem) return { problem, field: "schema" };
    fields.response_format = { type: "json_schema", json_schema: { name: "answer", strict: true, schema: JSON.parse(by_id("schema").value) } };
  }
  return { system: by_id("system").value.trim(), fields, has_schema };
}

export function start_settings() {
  by_id("settings-form").reset(); // browsers remember forms over a reload
  by_id("schema").value = EXAMPLE;
  by_id("schema").addEventListener("input", show_schema_state);
  by_id("schema-on").addEventListener("change", show_schema_state);
  for (const id of Object.keys(NUMBERS)) by_id(id).addEventListener("input", (event) => show_number_state(event.target));
  by_id("settings-form").addEventListener("submit", (event) => event.preventDefault());
  by_id("open-settings").addEventListener("click", () => (panel().open ? close_settings() : open_settings()));
  by_id("schema-chip").addEventListener("click", () => open_settings("schema"));
  by_id("close-settings").addEventListener("click", close_settings);
  panel().addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // it is not for the answer
    event.stopPropagation();
    close_settings();
  });
  panel().addEventListener("click", (event) => event.target === panel() && !wide.matches && close_settings()); // beside it
  panel().addEventListener("close", () => {
    document.body.classList.remove("with-panel");
    opener?.focus();
  });
  wide.addEventListener("change", close_settings);
  show_schema_state();
}
