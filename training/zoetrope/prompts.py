"""Writes the 200 held-out prompts: combinations of shape, colour, size, motion and background never drawn in training.

With `--paraphrases` as many others, said freely: by synonyms, in any order of words, with words around them that mean nothing here.
"""

import argparse
from pathlib import Path

import numpy as np

from . import vocabulary as v
from .export import write_json
from .scenes import Scene, Thing, sample_scene

PROMPTS = 200
PAIRS = 30
PARAPHRASES = 2027


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


def held_out(number: int = PROMPTS, pairs: int = PAIRS, seed: int = 2026, free: bool = False) -> list[dict]:
    """The prompts with what they ask for and the seed of their noise; all different."""
    rng = np.random.default_rng(seed)
    rows, said = [], set()
    while len(rows) < number:
        scene = sample_scene(rng, held_out=True, pair_share=float(len(rows) >= number - pairs))
        text = paraphrase(scene, rng) if free else sentence(scene, len(rows) % 3)
        if text in said:
            continue
        said.add(text)
        things = [{"shape": t.shape, "colour": t.colour, "size": t.size, "motion": t.motion} for t in scene.things]
        rows.append({"id": f"{len(rows):03d}", "prompt": text, "seed": 1000 + len(rows), "things": things, "background": scene.background})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/prompts.json"))
    parser.add_argument("--paraphrases", action="store_true")
    args = parser.parse_args()
    write_json(args.out, held_out(seed=PARAPHRASES, free=True) if args.paraphrases else held_out())


if __name__ == "__main__":
    main()
