"""The pool: latents of many drawn scenes in flat files that grow while training reads them.

Files: latents.f16 [N, 5, CHANNELS, 16, 16], cover.u8 [N, 5, 16, 16] (0..255), scenes.u8 [N, 10] (see `scene_row`), and
count.txt, the number of complete rows, written last. Row i depends on the seed and i alone.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from . import vocabulary as v
from .patches import CHANNELS, GRID, Patches, cell_cover, fit
from .render import render
from .scenes import Scene, sample_scene

GROUPS = 5
NONE = 255


def scene_row(scene: Scene) -> np.ndarray:
    """Scene -> uint8 [10]: background, number of things, then shape, colour, size, motion of each (255 = absent)."""
    row = np.full(10, NONE, np.uint8)
    row[0], row[1] = v.BACKGROUNDS.index(scene.background), len(scene.things)
    for index, thing in enumerate(scene.things):
        row[2 + 4 * index : 6 + 4 * index] = (
            v.SHAPES.index(thing.shape),
            v.COLOURS.index(thing.colour),
            v.SIZES.index(thing.size),
            v.MOTIONS.index(thing.motion),
        )
    return row


def fill(folder: Path, clips: int, seed: int = 7, chunk: int = 200) -> None:
    """Append rows until the pool holds `clips`; safe to stop and run again."""
    folder.mkdir(parents=True, exist_ok=True)
    patches_path = folder / "patches.npz"
    if not patches_path.exists():
        fit().save(patches_path)
    patches = Patches.load(patches_path)
    start = done = count(folder)
    began = time.monotonic()
    shapes = {"latents.f16": (GROUPS * CHANNELS * GRID * GRID * 2), "cover.u8": GROUPS * GRID * GRID, "scenes.u8": 10}
    for name, size in shapes.items():
        with open(folder / name, "ab") as file:
            file.truncate(done * size)
    while done < clips:
        rows = [_row(patches, seed, index) for index in range(done, min(done + chunk, clips))]
        for name, arrays in zip(shapes, zip(*rows, strict=True), strict=True):
            with open(folder / name, "ab") as file:
                file.write(np.stack(arrays).tobytes())
        done += len(rows)
        (folder / "count.tmp").write_text(str(done))
        (folder / "count.tmp").rename(folder / "count.txt")
        left = (clips - done) * (time.monotonic() - began) / (done - start)
        print(f"pool {done}/{clips} clips, {left:.0f} s left", flush=True)


def _row(patches: Patches, seed: int, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scene = sample_scene(np.random.default_rng([seed, index]))
    frames, cover = render(scene)
    cells = (cell_cover(cover) * 255).astype(np.uint8)
    return patches.encode(frames).astype(np.float16), cells, scene_row(scene)


def count(folder: Path) -> int:
    """Number of complete rows."""
    path = folder / "count.txt"
    return int(path.read_text()) if path.exists() else 0


class Pool:
    """Read side: memory-mapped rows, as many as are complete when `refresh` was last called."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.refresh()

    def refresh(self) -> None:
        rows = self.rows = count(self.folder)
        self.latents = np.memmap(self.folder / "latents.f16", np.float16, "r", shape=(rows, GROUPS, CHANNELS, GRID, GRID))
        self.cover = np.memmap(self.folder / "cover.u8", np.uint8, "r", shape=(rows, GROUPS, GRID, GRID))
        self.scenes = np.memmap(self.folder / "scenes.u8", np.uint8, "r", shape=(rows, 10))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("runs/pool"))
    parser.add_argument("--clips", type=int, default=60000)
    args = parser.parse_args()
    fill(args.folder, args.clips)


if __name__ == "__main__":
    main()
