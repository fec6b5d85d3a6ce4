// SPDX-License-Identifier: Apache-2.0
// Prometheus text, and what is read out of it: sums, rates, quantiles of histograms.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

// Name -> [{labels, value}].
export function parse_metrics(text) {
  const metrics = new Map();
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (!match || line.startsWith("#")) continue;
    const labels = Object.fromEntries([...(match[2] ?? "").matchAll(LABEL)].map(([, name, value]) => [name, value]));
    const value = Number(match[3].replace("+Inf", "Infinity"));
    if (!metrics.has(match[1])) metrics.set(match[1], []);
    metrics.get(match[1]).push({ labels, value });
  }
  return metrics;
}

// Over all labels; null where there is no such metric.
export function sum(metrics, name) {
  return metrics.get(name)?.reduce((total, { value }) => total + value, 0) ?? null;
}

// Of a histogram: upper limit -> how many lie below it.
export function buckets(metrics, name) {
  const counts = new Map();
  for (const { labels, value } of metrics.get(`${name}_bucket`) ?? []) {
    const limit = Number(labels.le.replace("+Inf", "Infinity"));
    counts.set(limit, (counts.get(limit) ?? 0) + value);
  }
  return counts;
}

// What lies between two readings of a histogram; `share` of it is below the value. Inside a bucket, values are taken to be spread
// evenly, as Prometheus does it. Null where nothing lies between.
export function quantile(share, before, after) {
  const limits = [...after.keys()].toSorted((a, b) => a - b);
  const count = (limit) => after.get(limit) - (before.get(limit) ?? 0);
  if (limits.length === 0 || !(count(limits.at(-1)) > 0)) return null;
  const wanted = share * count(limits.at(-1));
  const at = limits.findIndex((limit) => count(limit) >= wanted);
  const low = at === 0 ? 0 : limits[at - 1];
  if (limits[at] === Infinity) return low;
  const below = at === 0 ? 0 : count(limits[at - 1]);
  const inside = count(limits[at]) - below;
  return low + (inside > 0 ? ((wanted - below) / inside) * (limits[at] - low) : 0);
}
