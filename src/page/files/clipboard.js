// SPDX-License-Identifier: Apache-2.0
// Copying, and saying that it was done.

import { element, hidden, icon } from "./dom.js";
import { say } from "./announcer.js";

const SHOWN_MS = 1600;

// Without TLS, beyond this machine, browsers have only the old way.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = element("textarea", { class: "hidden", readonly: true });
  field.value = text;
  document.body.append(field);
  field.select();
  const is_copied = document.execCommand("copy");
  field.remove();
  if (!is_copied) throw new Error("refused");
}

// A button that copies what `text()` gives when it is pressed.
export function copy_button(label, text) {
  const button = element("button", {
    type: "button", class: "quiet square copy", title: label,
    onclick: async () => {
      let done = "check";
      try {
        await copy(text());
        say("Copied.");
      } catch {
        done = "close";
        say("The browser does not allow copying.");
      }
      button.firstChild.replaceWith(icon(done));
      button.focus();
      setTimeout(() => button.firstChild.replaceWith(icon("copy")), SHOWN_MS);
    },
  }, icon("copy"), hidden(label));
  return button;
}
