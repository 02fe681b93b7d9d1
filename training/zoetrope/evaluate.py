"""Judges a folder of MP4 files against the prompts they were made from; knows nothing of the model.

Per thing asked for: was its colour, shape and motion seen? Two things are read from the two halves of the picture.
The backgrounds are judged too, by the nearest of the drawn ones at the picture's edge, and by how sharp their horizon is; where nothing in
them moves, so is their flicker.
Where the camera is asked to move, it is read from the background, and a thing that stays still must seem to move against it.
"""

import argparse
import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from . import video, vision
from . import vocabulary as v
from .camera import camera_of, seems
from .export import write_json
from .render import CLOUDY, background
from .scenes import Scene, moments
from .vision import edge_rows

PROPERTIES = ("colour", "shape", "motion")
STILL = ("light", "dark")
BORDER = 10
# Picture heights; a thing that comes further from the path of its motion has left it.
ASTRAY = 1 / 16


def judge(frames: np.ndarray, row: dict) -> dict:
    """Frames and the prompt's row -> what was asked and what was seen."""
    things, camera = asked(row), row.get("camera")
    half = frames.shape[2] // 2
    parts = [frames] if len(things) == 1 else [frames[:, :, :half], frames[:, :, half:]]
    zooms = camera in v.ZOOMS
    seen = [vision.read(part, rows_move=zooms) for part in parts]
    if zooms:
        seen = [replace(reading, motion=reading.growth) for reading in seen]
    return {
        "id": row["id"],
        "prompt": row["prompt"],
        "seen": [_seen(reading) for reading in seen],
        "right": [{p: getattr(reading, p) == thing[p] for p in PROPERTIES} for reading, thing in zip(seen, things, strict=True)],
        "background": background_of(frames) == row["background"],
        "flicker": flicker_of(frames) if row["background"] in STILL and not camera else None,
        "horizon": horizon_of(frames, row["background"]) if row["background"] in v.BACKGROUNDS and not camera else None,
        **({"camera": camera_of(frames, row["background"] in CLOUDY) == camera} if camera else {}),
    }


def _seen(reading: vision.Reading) -> dict:
    names = {name: getattr(reading, name) for name in PROPERTIES}
    return names | {"outline": round(reading.outline, 3), "astray": round(reading.astray, 3)}


def asked(row: dict) -> list[dict]:
    """The things of a prompt's row as they should look: under a camera that moves, what stays still seems to move."""
    return [thing | {"motion": seems(row["camera"])} for thing in row["things"]] if "camera" in row else row["things"]


def flicker_of(frames: np.ndarray) -> float:
    """Mean absolute change from frame to frame in 0..255 along the picture's border, its median pixel: things come by there seldom."""
    frames = frames.astype(np.float32)
    change = np.abs(np.diff(frames, axis=0)).mean((0, 3))
    inner = change[BORDER:-BORDER]
    return round(float(np.median(np.concatenate([change[:BORDER].ravel(), inner[:, :BORDER].ravel(), inner[:, -BORDER:].ravel()]))), 3)


def horizon_of(frames: np.ndarray, name: str) -> float:
    """How sharp the horizon is: the steepest step from row to row at the picture's edges as a share of that of the drawn background."""
    return round(float((_steepest(edge_rows(frames)) / _steepest(_rows(name, tuple(moments(len(frames)))))).mean()), 3)


def _steepest(rows: np.ndarray) -> np.ndarray:
    """Rows [F, H, 3] -> the largest step of their brightness in every frame, [F]."""
    return np.abs(np.diff(rows.astype(np.float64), axis=1)).mean(2).max(1)


def background_of(frames: np.ndarray) -> str:
    """Name of the drawn background whose rows are nearest to the edges of the video, at its beginning, in its middle and at its end."""
    seen = edge_rows(frames)[np.linspace(0, len(frames) - 1, 3).round().astype(int)]
    time = moments(len(frames))[np.linspace(0, len(frames) - 1, 3).round().astype(int)]
    return min(v.BACKGROUNDS, key=lambda name: float(np.abs(_rows(name, tuple(time)) - seen).mean()))


@cache
def _rows(name: str, time: tuple[float, ...]) -> np.ndarray:
    jitter = np.full(12, 0.5, np.float32)
    return np.median(background(Scene((), name, jitter), np.array(time, np.float32)), axis=2)


def summary(judged: list[dict]) -> dict:
    """Shares in percent over all things; `all` needs colour, shape and motion of every thing of the video, and its camera; `outline` is how
    much of things with the right shape and of their ideal outlines is in both; `astray`, where no camera moves, is how many of those with
    the right motion leave its path."""
    every = [thing for video_ in judged for thing in video_["right"]]
    groups = {
        "all_videos": judged,
        "one_thing": [j for j in judged if len(j["right"]) == 1],
        "two_things": [j for j in judged if len(j["right"]) == 2],
    }
    scores = {}
    for name, part in groups.items():
        things = [thing for j in part for thing in j["right"]]
        if things:
            scores[name] = {p: _percent([t[p] for t in things]) for p in PROPERTIES}
            outlines, paths = (
                [seen[what] for j in part for seen, right in zip(j["seen"], j["right"], strict=True) if right[p]]
                for what, p in (("outline", "shape"), ("astray", "motion"))
            )
            scores[name]["outline"] = round(100 * float(np.mean(outlines)), 1) if outlines else None
            if paths and not any("camera" in j for j in part):
                scores[name]["astray"] = _percent([path > ASTRAY for path in paths])
            scores[name]["background"] = _percent([j["background"] for j in part])
            if all("camera" in j for j in part):
                scores[name]["camera"] = _percent([j["camera"] for j in part])
            scores[name]["all"] = _percent([all(all(t.values()) for t in j["right"]) and j.get("camera", True) for j in part])
            scores[name]["videos"] = len(part)
    still = [j["flicker"] for j in judged if j["flicker"] is not None]
    flicker = {"mean": round(float(np.mean(still)), 3), "worst": max(still), "videos": len(still)} if still else None
    horizons = [j["horizon"] for j in judged if j["horizon"] is not None]
    return scores | {"things": len(every), "flicker": flicker, "horizon": round(100 * float(np.mean(horizons)), 1) if horizons else None}


def _percent(values: list[bool]) -> float:
    return round(100 * float(np.mean(values)), 1)


def confusions(judged: list[dict], rows: dict[str, dict]) -> dict:
    """The most frequent mistakes per property, 'asked -> seen': how often."""
    out = {}
    for name in PROPERTIES:
        pairs = Counter()
        for j in judged:
            for thing, seen in zip(asked(rows[j["id"]]), j["seen"], strict=True):
                if thing[name] != seen[name]:
                    pairs[f"{thing[name]} -> {seen[name] or 'nothing'}"] += 1
        out[name] = dict(pairs.most_common(8))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--prompts", type=Path, default=Path("results/prompts.json"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--note", default="", help="how the videos were made; kept in the result")
    args = parser.parse_args()
    rows = {row["id"]: row for row in json.loads(args.prompts.read_text())}
    found = [path for path in sorted(args.videos.glob("*.mp4")) if path.stem in rows]
    judged = [judge(video.read(path), rows[path.stem]) for path in found]
    result = {"note": args.note, "scores": summary(judged), "mistakes": confusions(judged, rows), "missing": len(rows) - len(found)}
    print(json.dumps(result, indent=1))
    if args.out:
        write_json(args.out, result | {"videos": judged})


if __name__ == "__main__":
    main()
