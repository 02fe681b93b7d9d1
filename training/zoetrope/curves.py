"""Draws the training logs of runs that follow one another as one curve (SVG): loss over the clips seen."""

import argparse
import json
from pathlib import Path

import numpy as np

from .train import Plan

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 260, 52, 36, 16
SMOOTH = 8
GREY, BLUE = "#8a8f98", "#3b82f6"


def read(logs: list[Path], batch: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Per run (clips seen since the first run began, loss), both [N]."""
    runs, before = [], 0
    for path in logs:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        clips = before + batch * np.array([line["step"] for line in lines])
        runs.append((clips, np.array([line["loss"] for line in lines])))
        before = int(clips[-1])
    return runs


def smooth(values: np.ndarray) -> np.ndarray:
    """Running mean over SMOOTH values, fewer at the ends."""
    kernel = np.ones(min(SMOOTH, len(values)))
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")


def svg(runs: list[tuple[np.ndarray, np.ndarray]]) -> str:
    last = max(int(clips[-1]) for clips, _ in runs)
    every = np.concatenate([loss for _, loss in runs])
    low, high = float(every.min()), float(np.quantile(every, 0.995))
    right, base = WIDTH - 12, HEIGHT - BOTTOM

    def point(clips: float, loss: float) -> str:
        x = LEFT + (right - LEFT) * clips / last
        y = TOP + (base - TOP) * (1 - (min(loss, high) - low) / (high - low))
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="{GREY}">',
        f"<title>Training loss, {low:.2f} to {high:.2f}, over {last:,} clips</title>",
    ]
    for loss in np.linspace(low, high, 4):
        x, y = point(0, loss).split(",")
        parts.append(f'<path d="M{x},{y}H{right}" stroke="{GREY}" stroke-opacity="0.3"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{loss:.2f}</text>')
    for clips in np.linspace(0, last, 5):
        x = point(clips, low).split(",")[0]
        parts.append(f'<text x="{x}" y="{base + 18}" text-anchor="middle">{clips / 1000:.0f} k</text>')
    for clips, loss in runs:
        for values, stroke in ((loss, f'"{GREY}" stroke-opacity="0.4"'), (smooth(loss), f'"{BLUE}" stroke-width="2"')):
            line = " ".join(point(a, b) for a, b in zip(clips, values, strict=True))
            parts.append(f'<polyline fill="none" stroke={stroke} points="{line}"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", type=Path, nargs="+", help="log.jsonl of each run, in order")
    parser.add_argument("--batch", type=int, default=Plan.batch, help="clips a step")
    parser.add_argument("--out", type=Path, default=Path("../docs/models/zoetrope-loss.svg"))
    args = parser.parse_args()
    args.out.write_text(svg(read(args.logs, args.batch)))


if __name__ == "__main__":
    main()
