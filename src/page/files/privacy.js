// SPDX-License-Identifier: Apache-2.0
// The privacy view: what left this machine, what telemetry would send and the user's word on it, and what is kept and how to erase it.

import { get_json, request } from "./api.js";
import { by_id, element } from "./dom.js";

// What can be erased, by the word that the server knows; the number of each comes from it.
const KEPT = [
  { word: "histories", count: "conversations", one: "chat of “hearth chat”", many: "chats of “hearth chat”" },
  { word: "sessions", count: "session_keys", one: "folder of sessions that servers kept", many: "folders of sessions that servers kept" },
  { word: "kept", count: "kept_days", one: "day of messages that left", many: "days of messages that left" },
];

const WHO_SAYS_NO = {
  do_not_track: "Off: DO_NOT_TRACK is set where the server was started.",
  administrator: "Off: the administrator of this machine forbids it.",
  default: "Off: you have not agreed. Nothing is counted, nothing is sent.",
};

// ---- what left ----

function show_ledger({ entries, problem }) {
  by_id("ledger-card").classList.toggle("calm", entries.length === 0 && !problem);
  by_id("ledger-frame").hidden = entries.length === 0;
  by_id("ledger-summary").textContent = problem
    ? problem
    : entries.length === 0 ? "Nothing. No message has left this machine." : `The last ${entries.length === 1 ? "one" : entries.length}, the newest first.`;
  by_id("ledger").replaceChildren(...entries.map((entry) => element("tr", {},
    element("td", {}, new Date(entry.time).toLocaleString()),
    element("td", {}, entry.target, " ", element("span", { class: "soft" }, entry.host)),
    element("td", {}, entry.sensitivity),
    element("td", {}, entry.redactions || "nothing"),
    element("td", { class: "number" }, entry.bytes.toLocaleString("en")))));
}

// ---- telemetry ----

function show_telemetry(telemetry) {
  const { on, decided_by, can_be_changed, endpoint, proposed_endpoint, reports, epsilon_per_answer, epsilon_per_week, problem } = telemetry;
  by_id("telemetry-on").checked = on;
  by_id("telemetry-on").disabled = !can_be_changed && !on;
  by_id("telemetry-endpoint").disabled = on || !can_be_changed;
  by_id("telemetry-endpoint").value = endpoint ?? proposed_endpoint ?? by_id("telemetry-endpoint").value;
  by_id("telemetry-summary").textContent = problem
    ?? (on ? `On: one report a week to ${endpoint}. Each answer in it is noisy (epsilon ${epsilon_per_answer}, ${epsilon_per_week} a week); ${reports.length - 1} wait.` : WHO_SAYS_NO[decided_by]);
  by_id("telemetry-report").textContent = reports.join("\n");
}

async function switch_telemetry() {
  const on = by_id("telemetry-on").checked;
  const endpoint = by_id("telemetry-endpoint").value.trim();
  await act("/v1/privacy/telemetry", on ? { on, endpoint } : { on }, on ? "Telemetry is on." : "Telemetry is off, and what was counted is deleted.");
}

// ---- what is kept ----

function show_kept(kept) {
  by_id("kept").replaceChildren(...KEPT.map(({ word, count, one, many }) => {
    const number = kept[count];
    const text = `${number === 0 ? "No" : number} ${number === 1 ? one : many}`;
    return element("li", {}, element("span", {}, text),
      number > 0 ? element("button", { type: "button", class: "quiet", "aria-haspopup": "dialog", "aria-label": `Erase ${text}`, onclick: (event) => erase(word, text, event.currentTarget) }, "Erase") : null);
  }));
}

function erase(word, text, opener) {
  const dialog = by_id("erase-dialog");
  by_id("erase-text").textContent = `${text}. Their keys are destroyed; nobody can bring them back.`;
  dialog.returnValue = "";
  dialog.showModal();
  by_id("erase-heading").focus();
  by_id("erase-cancel").onclick = () => dialog.close("");
  by_id("erase-form").onsubmit = () => (dialog.returnValue = "erase");
  dialog.onclose = async () => {
    if (dialog.returnValue === "erase") await act("/v1/privacy/forget", { what: word }, "Erased.");
    (opener.isConnected ? opener : by_id("privacy-heading")).focus();
  };
}

// ---- all of it ----

function show(privacy) {
  show_ledger(privacy.ledger);
  show_telemetry(privacy.telemetry);
  show_kept(privacy.kept);
  by_id("privacy-parts").hidden = false;
}

// Does what was asked for and shows what is now; what went wrong is said, and the view is as the server has it.
async function act(path, body, done) {
  try {
    show(await (await request(path, { method: "POST", body })).json());
    by_id("privacy-status").textContent = done;
  } catch (error) {
    await show_privacy();
    by_id("privacy-status").textContent = error.message;
  }
}

export async function show_privacy() {
  by_id("privacy-status").textContent = "Looking…";
  try {
    show(await get_json("/v1/privacy"));
    by_id("privacy-status").textContent = "What left, what would be sent, and what is kept: all of it is on this page.";
  } catch (error) {
    by_id("privacy-status").textContent = error.message;
    by_id("privacy-parts").hidden = true;
  }
}

// Whether this server shows it to us.
export async function has_privacy() {
  try {
    await get_json("/v1/privacy", { asks: false });
    return true;
  } catch {
    return false;
  }
}

export function start_privacy() {
  by_id("refresh-privacy").addEventListener("click", show_privacy);
  by_id("telemetry-on").addEventListener("change", switch_telemetry);
  by_id("telemetry-form").addEventListener("submit", (event) => event.preventDefault());
  by_id("erase-all").addEventListener("click", (event) => erase("all", "All chats, sessions, kept messages and telemetry", event.currentTarget));
}
