"""Writes the 200 held-out prompts: combinations of shape, colour, size, motion and background never drawn in training."""

import argparse
from pathlib import Path

import numpy as np

from . import vocabulary as v
from .export import write_json
from .scenes import Scene, Thing, sample_scene

PROMPTS = 200
PAIRS = 30


def sentence(scene: Scene, form: int) -> str:
    """One of three sentence forms; a medium size is not said."""
    parts = " and ".join(_phrase(thing, 0 if len(scene.things) == 2 else form) for thing in scene.things)
    place = v.BACKGROUND_PHRASES[scene.background]
    return f"{place}, {parts}" if form == 2 else f"{parts} {place}"


def _phrase(thing: Thing, form: int) -> str:
    size = "" if thing.size == "medium" else f"{thing.size} "
    noun = f"{size}{thing.colour} {thing.shape}"
    article = "an" if noun[0] in "aeiou" else "a"
    return f"{article} {noun} {'that ' if form == 1 else ''}{v.MOTION_PHRASES[thing.motion]}"


def held_out(number: int = PROMPTS, pairs: int = PAIRS, seed: int = 2026) -> list[dict]:
    """The prompts with what they ask for and the seed of their noise; all different."""
    rng = np.random.default_rng(seed)
    rows, said = [], set()
    while len(rows) < number:
        scene = sample_scene(rng, held_out=True, pair_share=float(len(rows) >= number - pairs))
        text = sentence(scene, len(rows) % 3)
        if text in said:
            continue
        said.add(text)
        things = [{"shape": t.shape, "colour": t.colour, "size": t.size, "motion": t.motion} for t in scene.things]
        rows.append({"id": f"{len(rows):03d}", "prompt": text, "seed": 1000 + len(rows), "things": things, "background": scene.background})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/prompts.json"))
    args = parser.parse_args()
    write_json(args.out, held_out())


if __name__ == "__main__":
    main()
