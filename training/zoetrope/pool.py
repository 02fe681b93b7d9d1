"""The pool: latents of windows of many drawn scenes in flat files that grow while training reads them.

Files: latents.f16 [N, groups, CHANNELS, 16, 16], cover.u8 [N, groups, 16, 16] (0..255), scenes.u8 [N, ROW] (see `scene_row`),
shape.txt (groups) and count.txt, the number of complete rows, written last. Row i depends on the seed and i alone.
"""

import argparse
import time
from collections.abc import Iterable
from functools import partial
from multiprocessing import Pool as Processes
from pathlib import Path

import numpy as np
import torch

from . import vocabulary as v
from .autoencoder import Autoencoder, pictures_of
from .patches import CHANNELS, GRID, GROUP, cell_cover
from .render import render
from .scenes import CAMERA_SHARE, LONGEST, Scene, sample_scene

GROUPS, LONG_GROUPS = 5, 1 + (LONGEST - 1) // GROUP
LATER_SHARE = 0.35
PAIR_SHARE = 0.25
ROW, NONE = 12, 255
CORNERS = [v.SHAPES.index(name) for name in ("star", "triangle", "square")]
FAST, SPINS = [v.MOTIONS.index(name) for name in ("bounces", "circles")], v.MOTIONS.index("spins")


def scene_row(scene: Scene, first_group: int) -> np.ndarray:
    """Scene -> uint8 [ROW]: background, number of things, then shape, colour, size, motion of each, the window's place, the camera.

    255 is what is not there: a second thing, a camera that moves.
    """
    row = np.full(ROW, NONE, np.uint8)
    row[0], row[1], row[10] = v.BACKGROUNDS.index(scene.background), len(scene.things), first_group
    for index, thing in enumerate(scene.things):
        row[2 + 4 * index : 6 + 4 * index] = (
            v.SHAPES.index(thing.shape),
            v.COLOURS.index(thing.colour),
            v.SIZES.index(thing.size),
            v.MOTIONS.index(thing.motion),
        )
    if scene.camera:
        row[11] = v.CAMERAS.index(scene.camera)
    return row


def is_hard(rows: np.ndarray) -> np.ndarray:
    """Rows [N, ROW] -> bool [N]: a thing that moves by more than a cell a frame, or one with corners that is small or turns."""
    hard = np.zeros(len(rows), bool)
    for shape, _, size, motion in rows[:, 2:10].reshape(-1, 2, 4).transpose(1, 2, 0):
        hard |= np.isin(motion, FAST) | np.isin(shape, CORNERS) & ((motion == SPINS) | (size == v.SIZES.index("small")))
    return hard


def window(scene: Scene, groups: int, first_group: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames and coverage of `groups` groups of the endless scene, from group `first_group` on; group 0 is the first frame alone."""
    if first_group == 0:
        return render(scene, 1 + GROUP * (groups - 1))
    return render(scene, GROUP * groups, first=1 + GROUP * (first_group - 1))


def fill(folder: Path, autoencoder: Path, clips: int, groups: int = GROUPS, processes: int = 1, seed: int = 7, chunk: int = 200) -> None:
    """Append rows until the pool holds `clips`; safe to stop and run again."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "shape.txt").exists() and (held := int((folder / "shape.txt").read_text())) != groups:
        raise ValueError(f"The pool in {folder} has rows of {held} latent frames, not of {groups}; choose another folder.")
    (folder / "shape.txt").write_text(str(groups))
    start = done = count(folder)
    began = time.monotonic()
    shapes = {"latents.f16": groups * CHANNELS * GRID * GRID * 2, "cover.u8": groups * GRID * GRID, "scenes.u8": ROW}
    for name, size in shapes.items():
        with open(folder / name, "ab") as file:
            if file.tell() < done * size:
                raise ValueError(f"The rows in {folder / name} are of another version; choose another folder.")
            file.truncate(done * size)
    # Fails here, where it is told, and not in every process.
    Autoencoder.load(autoencoder)
    with Processes(processes, _get_ready, (autoencoder,)) as workers:
        rows = workers.imap(partial(_row, groups, seed), range(done, clips), chunksize=10)
        for part in _parts(rows, chunk):
            for name, arrays in zip(shapes, zip(*part, strict=True), strict=True):
                with open(folder / name, "ab") as file:
                    file.write(np.stack(arrays).tobytes())
            done += len(part)
            (folder / "count.tmp").write_text(str(done))
            (folder / "count.tmp").rename(folder / "count.txt")
            left = (clips - done) * (time.monotonic() - began) / (done - start)
            print(f"pool {done}/{clips} clips, {left:.0f} s left", flush=True)


_encoders: list[Autoencoder] = []


def _get_ready(autoencoder: Path) -> None:
    torch.set_num_threads(1)
    _encoders[:] = [Autoencoder.load(autoencoder)]


@torch.no_grad()
def _row(groups: int, seed: int, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, index])
    scene = sample_scene(rng, pair_share=PAIR_SHARE, camera_share=CAMERA_SHARE)
    later = groups == GROUPS and rng.random() < LATER_SHARE
    first = int(rng.integers(1, LONG_GROUPS - GROUPS + 1)) if later else 0
    frames, cover = window(scene, groups, first)
    latents = _encoders[0].encode(pictures_of(frames)).numpy()
    return latents.astype(np.float16), (cell_cover(cover) * 255).astype(np.uint8), scene_row(scene, first)


def _parts(rows: Iterable, size: int) -> Iterable[list]:
    part = []
    for row in rows:
        part.append(row)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def count(folder: Path) -> int:
    """Number of complete rows."""
    path = folder / "count.txt"
    return int(path.read_text()) if path.exists() else 0


class Pool:
    """Read side: memory-mapped rows, as many as are complete when `refresh` was last called."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.groups = int((folder / "shape.txt").read_text())
        self.refresh()

    def refresh(self) -> None:
        rows = count(self.folder)
        self.latents = np.memmap(self.folder / "latents.f16", np.float16, "r", shape=(rows, self.groups, CHANNELS, GRID, GRID))
        self.cover = np.memmap(self.folder / "cover.u8", np.uint8, "r", shape=(rows, self.groups, GRID, GRID))
        self.scenes = np.memmap(self.folder / "scenes.u8", np.uint8, "r", shape=(rows, ROW))
        self.doubles = np.flatnonzero(self.scenes[:, 1] == 2)
        self.hard = np.flatnonzero(is_hard(self.scenes))
        self.cameras = np.flatnonzero(self.scenes[:, 11] != NONE)
        # Last: threads that draw batches meanwhile take their row numbers from here.
        self.rows = rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("runs/pool"))
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--clips", type=int, default=60000)
    parser.add_argument("--groups", type=int, default=GROUPS, help=f"latent frames of a row; {LONG_GROUPS} for whole long clips")
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    fill(args.folder, args.autoencoder, args.clips, args.groups, args.processes)


if __name__ == "__main__":
    main()
