// SPDX-License-Identifier: Apache-2.0
// The key that a server may want: asked for in a dialog, and kept in memory. In the tab's storage only if the user says so.

import { by_id } from "./dom.js";

const STORED = "key";

let key = "";
let asked = null; // the promise of a dialog that is open

try {
  key = sessionStorage.getItem(STORED) ?? "";
} catch {
  // Storage is forbidden here.
}

export function known_key() {
  return key;
}

function keep(stored) {
  try {
    if (stored) sessionStorage.setItem(STORED, key);
    else sessionStorage.removeItem(STORED);
  } catch {
    // In memory, then.
  }
}

// True once there is a key to try; false if the user has none. Whoever else asks meanwhile waits for the same dialog.
export function ask_for_key(problem) {
  asked ??= open_dialog(problem).finally(() => (asked = null));
  return asked;
}

function open_dialog(problem) {
  const dialog = by_id("key-dialog");
  const field = by_id("key");
  by_id("key-problem").textContent = problem;
  by_id("key-problem").hidden = !problem;
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    by_id("key-cancel").onclick = () => dialog.close("");
    by_id("key-form").onsubmit = () => (dialog.returnValue = "use");
    dialog.onclose = () => {
      const is_given = dialog.returnValue === "use";
      if (is_given) {
        key = field.value;
        keep(by_id("key-keep").checked);
        document.dispatchEvent(new Event("key"));
      }
      field.value = "";
      resolve(is_given);
    };
  });
}
