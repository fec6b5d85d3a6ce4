// SPDX-License-Identifier: Apache-2.0
// The activity view: what /metrics says, once a second while somebody looks.

import { request } from "./api.js";
import { Chart } from "./chart.js";
import { by_id, element } from "./dom.js";
import { buckets, parse_metrics, quantile, sum } from "./metrics.js";

const PERIOD_MS = 1000;
const SPAN = 120; // samples that are shown
const RATE_SAMPLES = 3; // tokens/s is a mean over so many
const QUANTILE_SAMPLES = 60; // times are those of the requests in so many

const count_text = (value) => Math.round(value).toLocaleString("en");
const rate_text = (value) => (value < 10 ? value.toFixed(1) : count_text(value));
const time_text = (s) => (s < 0.01 ? `${(s * 1000).toFixed(1)} ms` : s < 1 ? `${Math.round(s * 1000)} ms` : `${s.toFixed(2)} s`);

const charts = [
  new Chart({ title: "Tokens per second", text: rate_text, span: SPAN, series: [{ name: "Written", field: "rate" }, { name: "Read", field: "read_rate" }] }),
  new Chart({ title: "Requests", text: count_text, span: SPAN, series: [{ name: "Running", field: "running" }, { name: "Waiting", field: "waiting" }] }),
  new Chart({ title: "Time to the first token", text: time_text, span: SPAN, series: [{ name: "Median", field: "first_p50" }, { name: "95th percentile", field: "first_p95" }] }),
  new Chart({ title: "Time between tokens", text: time_text, span: SPAN, series: [{ name: "Median", field: "gap_p50" }, { name: "95th percentile", field: "gap_p95" }] }),
  new Chart({ title: "Pages of the KV cache", text: count_text, span: SPAN, limit_field: "pages_max", series: [{ name: "Used", field: "pages" }] }),
];

const readings = []; // {time, metrics, first, gap}, the oldest first
const samples = []; // what the charts draw
let timer = 0;
let is_paused = false;

function rate(name, samples_back) {
  const now = readings.at(-1);
  const then = readings.at(-1 - Math.min(samples_back, readings.length - 1));
  const seconds = (now.time - then.time) / 1000;
  const grown = sum(now.metrics, name) - sum(then.metrics, name);
  return seconds > 0 ? Math.max(0, grown / seconds) : null; // a server that started again counts from 0
}

function sample() {
  const now = readings.at(-1);
  const then = readings.at(-1 - Math.min(QUANTILE_SAMPLES, readings.length - 1));
  return {
    rate: rate("hearth_answer_tokens_total", RATE_SAMPLES),
    read_rate: rate("hearth_prompt_tokens_total", RATE_SAMPLES),
    running: sum(now.metrics, "hearth_requests_running"),
    waiting: sum(now.metrics, "hearth_requests_waiting"),
    pages: sum(now.metrics, "hearth_kv_pages_used"),
    pages_max: sum(now.metrics, "hearth_kv_pages"),
    first_p50: quantile(0.5, then.first, now.first),
    first_p95: quantile(0.95, then.first, now.first),
    gap_p50: quantile(0.5, then.gap, now.gap),
    gap_p95: quantile(0.95, then.gap, now.gap),
  };
}

function show_totals(metrics) {
  const read = sum(metrics, "hearth_prompt_tokens_total");
  const cached = sum(metrics, "hearth_cached_tokens_total");
  const totals = [
    ["Tokens read", read],
    ["of them known from before", cached, read > 0 ? ` (${Math.round((100 * cached) / read)} %)` : ""],
    ["Tokens written", sum(metrics, "hearth_answer_tokens_total")],
    ["Models in memory", sum(metrics, "hearth_models_loaded")],
  ];
  by_id("totals").replaceChildren(...totals.filter(([, value]) => value !== null).map(([what, value, more = ""]) =>
    element("div", {}, element("dt", {}, what), element("dd", {}, count_text(value) + more))));
  const requests = metrics.get("hearth_requests_total") ?? [];
  by_id("requests-frame").hidden = requests.length === 0;
  by_id("requests").replaceChildren(...requests.toSorted((a, b) => b.value - a.value).map(({ labels, value }) =>
    element("tr", {}, element("td", {}, labels.route ?? ""), element("td", {}, labels.status ?? ""), element("td", { class: "number" }, count_text(value)))));
}

async function read() {
  const metrics = parse_metrics(await (await request("/metrics", { asks: false })).text());
  readings.push({ time: performance.now(), metrics, first: buckets(metrics, "hearth_first_token_seconds"), gap: buckets(metrics, "hearth_token_gap_seconds") });
  if (readings.length > QUANTILE_SAMPLES + 1) readings.shift();
  samples.push(sample());
  if (samples.length > SPAN + 1) samples.shift();
  for (const chart of charts) chart.draw(samples);
  show_totals(metrics);
}

async function poll() {
  const is_shown = !by_id("view-activity").hidden && !document.hidden;
  if (is_shown && !is_paused) {
    try {
      await read();
      by_id("activity-error").hidden = true;
    } catch (error) {
      by_id("activity-error").textContent = error.message;
      by_id("activity-error").hidden = false;
    }
  }
  timer = setTimeout(poll, PERIOD_MS);
}

export function show_activity() {
  clearTimeout(timer);
  poll();
}

export function hide_activity() {
  clearTimeout(timer);
}

// Whether this server has metrics for us.
export async function has_metrics() {
  try {
    await request("/metrics", { asks: false });
    return true;
  } catch {
    return false;
  }
}

export function start_activity() {
  by_id("charts").append(...charts.map((chart) => chart.root));
  by_id("pause").addEventListener("click", () => {
    is_paused = !is_paused;
    by_id("pause").setAttribute("aria-pressed", String(is_paused));
  });
}
