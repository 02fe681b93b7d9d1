"""Turns the attributes of a pool row into the words of a caption, as token ids."""

import numpy as np

from . import vocabulary as v
from .pool import NONE

FREE_ORDER = 0.25


def tokens_of(row: np.ndarray, rng: np.random.Generator, drop: float = 0.1) -> list[int]:
    """Pool row -> MAX_TOKENS ids in one of many word orders; with probability `drop` the empty caption.

    A medium size and a missing motion are what a sentence means when it names neither; background and colour are
    left out now and then, so that a short prompt is legal too.
    """
    if rng.random() < drop:
        return v.pad([])
    things = [_thing(row[at : at + 4], rng) for at in (2, 6) if row[at] != NONE]
    words = things[0] + ["and"] + things[1] if len(things) == 2 else things[0]
    place = v.BACKGROUNDS[row[0]]
    chance = rng.random()
    if chance < 0.70:
        words = [*words, place]
    elif chance < 0.92:
        words = [place, *words]
    if row[11] != NONE:
        camera = v.CAMERAS[row[11]]
        words = [*words, camera] if rng.random() < 0.75 else [camera, *words]
    return v.pad([v.TOKEN_OF[word] for word in words])


def _thing(row: np.ndarray, rng: np.random.Generator) -> list[str]:
    shape, colour, size, motion = (group[i] for group, i in zip((v.SHAPES, v.COLOURS, v.SIZES, v.MOTIONS), row, strict=True))
    words = [] if size == "medium" and rng.random() < 0.7 else [size]
    if rng.random() > 0.03:
        words.append(colour)
    words.append(shape)
    if not (motion == "still" and rng.random() < 0.2):
        words.append(motion)
    if rng.random() < FREE_ORDER:
        rng.shuffle(words)
    return words
