# SPDX-License-Identifier: Apache-2.0
"""Rounds of measurements to medians, ratios and their intervals, as a table and as a plot.

A round maps a system's name to what was measured of it (peers/systems.py); summaries map a model's name to its summary().
"""

import random
import statistics

from peers.systems import ANSWER, DEPTH, PROMPT, SHORT, Hearth

PREFILL, DECODE, DECODE_DEEP = f"pp{PROMPT}", f"tg{ANSWER}", f"tg{ANSWER}@d{DEPTH}"
UNITS = {PREFILL: f"prefill {PROMPT}, token/s", DECODE: f"decode {ANSWER}, token/s",
         DECODE_DEEP: f"decode {ANSWER} behind {DEPTH} tokens, token/s", f"pp{SHORT}_ms": f"first token behind {SHORT}, ms",
         "start_ms": "whole process to one token, ms", "peak_mib": "its peak memory, MiB"}


def interval_of_median(values: list[float]) -> tuple[float, float]:
    """The middle 95 % of the medians of as many values drawn from `values` with replacement (Efron 1979)."""
    draw = random.Random(1)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(10_000))
    return medians[250], medians[-251]


def summary(rounds: list[dict]) -> dict:
    """Medians by what was measured and by system, of a 95th percentile too where one is; of a peer the ratio of hearth to it."""
    result = {}
    for key in UNITS:
        result[key] = {}
        for name in rounds[0]:
            row = {"median": statistics.median(one[name][key] for one in rounds)}
            if f"{key}_p95" in rounds[0][name]:
                row["p95"] = statistics.median(one[name][f"{key}_p95"] for one in rounds)
            if name != Hearth.name:
                ratios = [one[Hearth.name][key] / one[name][key] for one in rounds]
                row["ratio"] = statistics.median(ratios)
                row["ratio_low"], row["ratio_high"] = interval_of_median(ratios)
            result[key][name] = row
    return result


def figure(row: dict) -> str:
    return f"{row['median']:.0f}" + (f" (p95 {row['p95']:.0f})" if "p95" in row else "")


def ratio_figure(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio > 0.01 else f"{ratio:.1g}"


def table(measured: dict) -> str:
    peers = [name for name in measured[PREFILL] if name != Hearth.name]
    head = "| | hearth |" + "".join(f" {name} | ratio (95 % interval) |" for name in peers)
    lines = [head, "|---|---|" + "---|---|" * len(peers)]
    for key, unit in UNITS.items():
        line = f"| {unit} | {figure(measured[key][Hearth.name])} |"
        for row in (measured[key][name] for name in peers):
            ratio, low, high = (ratio_figure(row[value]) for value in ("ratio", "ratio_low", "ratio_high"))
            line += f" {figure(row)} | {ratio} ({low} to {high}) |"
        lines.append(line)
    return "\n".join(lines)


SPEEDS = {PREFILL: ("prefill", "#0072b2"), DECODE: ("decode", "#d55e00"), DECODE_DEEP: ("decode, deep", "#009e73")}


def plot(summaries: dict, peer: str) -> str:
    """An SVG of how many times as fast hearth is: a bar for each model and speed, whiskers for the intervals."""
    left, scale, row, gap = 280, 90, 18, 14
    height = 50 + len(summaries) * (len(SPEEDS) * row + gap)
    most = max(measured[key][peer]["ratio_high"] for measured in summaries.values() for key in SPEEDS)
    width = left + int(scale * most) + 130
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
             f'font-size="12" role="img" aria-label="Speed of hearth as a multiple of {peer}\'s">',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    for times in range(int(most) + 2):
        x = left + scale * times
        parts.append(f'<line x1="{x}" y1="24" x2="{x}" y2="{height - 8}" stroke="{"#444" if times == 1 else "#ddd"}"/>'
                     f'<text x="{x}" y="16" text-anchor="middle" fill="#444">{times}x</text>')
    y = 30
    for name, measured in summaries.items():
        parts.append(f'<text x="8" y="{y + row * 1.9:.0f}" fill="#222">{name}</text>')
        for key, (label, colour) in SPEEDS.items():
            ratio, low, high = (measured[key][peer][value] for value in ("ratio", "ratio_low", "ratio_high"))
            middle = y + row / 2
            parts.append(f'<rect x="{left}" y="{y + 2}" width="{scale * ratio:.1f}" height="{row - 4}" fill="{colour}"/>'
                         f'<line x1="{left + scale * low:.1f}" y1="{middle}" x2="{left + scale * high:.1f}" y2="{middle}" '
                         f'stroke="black"/>'
                         f'<text x="{left + scale * high + 6:.1f}" y="{middle + 4}" fill="#222">{label} {ratio:.2f}x</text>')
            y += row
        y += gap
    return "\n".join([*parts, "</svg>"]) + "\n"
