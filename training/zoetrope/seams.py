"""How often the drawn world itself would pass the test of a clip's joins (`bench/extend-seam.ts`).

There, a join is inside a clip's range if the two frames at it differ by no more than any other two neighbours of the clip. What bounces is
fastest where it meets the ground, so a drawn clip has its largest difference there, join or not. This draws longer clips in one piece and
asks the same where a join would be: what comes out is what a join without any fault would reach.
"""

import argparse
from pathlib import Path

import numpy as np

from .export import write_json
from .render import render
from .scenes import FRAMES, Scene, Thing

# As the bench has them: frames that are added, and its prompts (`promptFor` in bench/lib/denoise-time.ts).
NEW, PROMPTS = 8, 20
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
SHAPES = ("ball", "square", "triangle", "star", "heart", "ring")
MOTIONS = ("bounces", "right", "rises", "spins", "circles")
PLACES = ("meadow", "sea", "desert", "night")
WAYS_TO_DRAW = 10
# Name -> the first frame in the scene's time, and after how many frames the join would be.
WAYS = {"forwards": (0, FRAMES), "backwards": (-NEW, NEW + 1)}


def excess(scene: Scene, first: int, join: int) -> float:
    """The difference at the join as a share of the largest other one of the clip."""
    frames, _ = render(scene, FRAMES + NEW, first)
    differences = np.abs(np.diff(frames.astype(np.float32), axis=0)).mean((1, 2, 3))
    return float(differences[join - 1] / np.delete(differences, join - 1).max())


def scenes_of(number: int, rng: np.random.Generator) -> list[Scene]:
    """What the bench's prompt of this number says, drawn in several ways."""
    names = (group[number % len(group)] for group in (SHAPES, COLOURS, ("medium",), MOTIONS))
    thing, place = Thing(*names), PLACES[number % len(PLACES)]
    return [Scene((thing,), place, rng.random(12, dtype=np.float32)) for _ in range(WAYS_TO_DRAW)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/drawn-seams.json"))
    args = parser.parse_args()
    scenes = [scene for number in range(PROMPTS) for scene in scenes_of(number, np.random.default_rng(number))]
    result = {}
    for name, (first, join) in WAYS.items():
        every = np.array([excess(scene, first, join) for scene in scenes])
        result[name] = {"inside_of_20": round(20 * float((every <= 1).mean()), 1), "worst": round(float(every.max()), 3)}
        print(name, result[name], flush=True)
    write_json(args.out, {"clips": len(scenes), "frames": FRAMES + NEW} | result)


if __name__ == "__main__":
    main()
