"""Where the autoencoder of latent space zoetrope-v2 begins: a linear map from blocks of 4 frames x 8 x 8 pixels to CHANNELS numbers.

The map is a principal component analysis fitted mostly on blocks that hold an object, each component divided by its standard
deviation.
"""

from dataclasses import dataclass

import numpy as np

from .render import render
from .scenes import sample_scene

GROUP = 4
PATCH = 8
CHANNELS = 16
GRID = 16
BLOCK = GROUP * 3 * PATCH * PATCH


@dataclass(frozen=True)
class Patches:
    """mean [BLOCK]; basis [CHANNELS, BLOCK] with orthonormal rows; offset and std [CHANNELS] of the raw components."""

    mean: np.ndarray
    basis: np.ndarray
    offset: np.ndarray
    std: np.ndarray


def grouped(frames: np.ndarray) -> np.ndarray:
    """Frames [1 + 4n, ...] -> groups [1 + n, 4, ...], the first group is the first frame four times; frames [4n, ...] -> [n, 4, ...]."""
    if len(frames) % GROUP == 0:
        return frames.reshape(-1, GROUP, *frames.shape[1:])
    first = np.repeat(frames[:1], GROUP, axis=0)[None]
    return np.concatenate([first, frames[1:].reshape(-1, GROUP, *frames.shape[1:])])


def blocks(groups: np.ndarray) -> np.ndarray:
    """uint8 groups [N, 4, 128, 128, 3] -> f32 blocks in [0, 1], [N, GRID, GRID, BLOCK] ordered (frame, rgb, y, x)."""
    n = len(groups)
    cut = groups.reshape(n, GROUP, GRID, PATCH, GRID, PATCH, 3).transpose(0, 2, 4, 1, 6, 3, 5)
    return np.ascontiguousarray(cut, dtype=np.float32).reshape(n, GRID, GRID, BLOCK) / 255


def cell_cover(cover: np.ndarray) -> np.ndarray:
    """Object coverage per frame -> the largest coverage in each cell of each group, [groups, GRID, GRID]."""
    groups = grouped(cover)
    return groups.reshape(len(groups), GROUP, GRID, PATCH, GRID, PATCH).max(axis=(1, 3, 5))


def fit(seed: int = 1, scenes: int = 500, object_share: float = 0.85) -> Patches:
    """Fit the map on freshly drawn training scenes."""
    rng = np.random.default_rng(seed)
    held, empty = [], []
    for _ in range(scenes):
        frames, cover = render(sample_scene(rng))
        cells = blocks(grouped(frames)).reshape(-1, BLOCK)
        has = cell_cover(cover).reshape(-1) > 0.02
        held.append(cells[has][rng.permutation(int(has.sum()))[:160]])
        empty.append(cells[~has][rng.permutation(int((~has).sum()))[:24]])
    held, empty = np.concatenate(held), np.concatenate(empty)
    wanted = int(len(held) * (1 - object_share) / object_share)
    sample = np.concatenate([held, empty[rng.permutation(len(empty))[:wanted]]])
    mean = sample.mean(0)
    _, vectors = np.linalg.eigh((sample - mean).T.astype(np.float64) @ (sample - mean) / len(sample))
    basis = vectors[:, ::-1][:, :CHANNELS].T.astype(np.float32)
    half = min(len(held), len(empty))
    raw = (np.concatenate([held[:: max(1, len(held) // half)], empty]) - mean) @ basis.T
    return Patches(mean, basis, raw.mean(0), raw.std(0))
