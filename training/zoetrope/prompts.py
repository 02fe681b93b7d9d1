"""Writes the 200 held-out prompts: combinations of shape, colour, size, motion and background never drawn in training.

With `--paraphrases` as many others, said freely: by synonyms, in any order of words, with words around them that mean nothing here.
With `--cameras` 60 with a thing that stays still and a camera that moves, before backgrounds that show it.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import vocabulary as v
from .export import write_json
from .render import BANDS, CLOUDY
from .scenes import Scene, Thing, sample_scene

PROMPTS, CAMERA_PROMPTS = 200, 60
PAIRS = 30
SEED, PARAPHRASE_SEED, CAMERA_SEED = 2026, 2027, 2028


def sentence(scene: Scene, form: int) -> str:
    """One of three sentence forms; a medium size is not said."""
    parts = " and ".join(_phrase(thing, 0 if len(scene.things) == 2 else form) for thing in scene.things)
    place = v.BACKGROUND_PHRASES[scene.background]
    if scene.camera:
        camera = v.CAMERA_PHRASES[scene.camera]
        return (f"{parts} {place}, {camera}", f"{parts} {place} and {camera}", f"{camera} while {parts} {place}")[form]
    return f"{place}, {parts}" if form == 2 else f"{parts} {place}"


def _phrase(thing: Thing, form: int) -> str:
    size = "" if thing.size == "medium" else f"{thing.size} "
    noun = f"{size}{thing.colour} {thing.shape}"
    article = "an" if noun[0] in "aeiou" else "a"
    return f"{article} {noun} {'that ' if form == 1 else ''}{v.MOTION_PHRASES[thing.motion]}"


def paraphrase(scene: Scene, rng: np.random.Generator) -> str:
    """The scene said freely; understood as it is meant, with no word left unknown."""
    said: dict[str, list[str]] = {word: [word] for word in v.WORDS}
    for alias, word in v.synonyms().items():
        said[word].append(alias)
    meant = [*_meant(scene)]
    while True:
        things = []
        for thing in scene.things:
            words = [said[word][rng.integers(len(said[word]))] for word in (thing.size, thing.colour, thing.shape, thing.motion)]
            words = words[thing.size == "medium" :]
            rng.shuffle(words)
            things.append(" ".join([str(rng.choice(["a", "one", "the", "some", "there is a"])), *words]))
        place = said[scene.background][rng.integers(len(said[scene.background]))]
        text = f" {said['and'][rng.integers(len(said['and']))]} ".join(things)
        text = str(rng.choice([f"{text}, {place}", f"{place}: {text}", f"a video of {text}, {place}", f"{place}, {text}, very slowly"]))
        words, unknown = v.words_of(text)
        if not unknown and sorted(words) == sorted(meant):
            return text


def _meant(scene: Scene) -> list[str]:
    words = [w for t in scene.things for w in (t.size, t.colour, t.shape, t.motion) if w != "medium"]
    return [*words, scene.background, *["and"] * (len(scene.things) - 1)]


def held_out(number: int = PROMPTS, pairs: int = PAIRS, seed: int = SEED, free: bool = False) -> list[dict]:
    """The prompts with what they ask for and the seed of their noise; all different."""
    rng = np.random.default_rng(seed)
    rows, said = [], set()
    while len(rows) < number:
        scene = sample_scene(rng, held_out=True, pair_share=float(len(rows) >= number - pairs))
        text = paraphrase(scene, rng) if free else sentence(scene, len(rows) % 3)
        if text in said:
            continue
        said.add(text)
        rows.append(_row(scene, text, len(rows)))
    return rows


def _row(scene: Scene, text: str, number: int) -> dict:
    things = [{"shape": t.shape, "colour": t.colour, "size": t.size, "motion": t.motion} for t in scene.things]
    camera = {"camera": scene.camera} if scene.camera else {}
    return {"id": f"{number:03d}", "prompt": text, "seed": 1000 + number, "things": things, "background": scene.background, **camera}


def with_cameras(number: int = CAMERA_PROMPTS, seed: int = CAMERA_SEED) -> list[dict]:
    """Prompts for every movement of the camera in turn, before backgrounds whose light stays and, for pans, with clouds."""
    rng = np.random.default_rng(seed)
    rows, said = [], set()
    while len(rows) < number:
        camera = v.CAMERAS[len(rows) % len(v.CAMERAS)]
        scene = replace(sample_scene(rng, held_out=True, pair_share=0), camera=camera)
        text = sentence(scene, len(rows) % 3)
        shown = scene.background in (CLOUDY if camera in v.PANS else BANDS)
        if scene.things[0].motion != "still" or not shown or text in said:
            continue
        said.add(text)
        rows.append(_row(scene, text, len(rows)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/prompts.json"))
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--paraphrases", action="store_true")
    kind.add_argument("--cameras", action="store_true")
    args = parser.parse_args()
    if args.cameras:
        write_json(args.out, with_cameras())
    else:
        write_json(args.out, held_out(seed=PARAPHRASE_SEED, free=True) if args.paraphrases else held_out())


if __name__ == "__main__":
    main()
