"""Clips that a net made by itself, each with the noise it was made from: what the net learns to go on from.

A drawn clip follows the world's law exactly, a made one only nearly. A net that has only seen drawn clips go on takes up the law where
a made one ends, and that is a jump; beside its own clips it learns to go on as they are. Files as of the pool, and the noise.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import flow, vision
from .autoencoder import Autoencoder, frames_of
from .captions import tokens_of
from .denoiser import Zoetrope
from .export import GUIDANCE, SHIFT, load_checkpoint
from .patches import CHANNELS, GRID, cell_cover
from .pool import PAIR_SHARE, append, count, scene_row
from .scenes import sample_scene

GROUPS, STEPS, BATCH = 7, 8, 4


def fill(folder: Path, model: Zoetrope, ends: Autoencoder, clips: int, seed: int = 5) -> None:
    """Append clips until the folder holds `clips`; safe to stop and run again. Row i depends on the seed and the net alone."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shape.txt").write_text(str(GROUPS))
    start, began = count(folder), time.monotonic()
    for first in range(start, clips, BATCH):
        append(folder, made(model, ends, seed, range(first, min(clips, first + BATCH))), first)
        done = count(folder)
        left = (clips - done) * (time.monotonic() - began) / (done - start)
        print(f"{done}/{clips} clips made, {left:.0f} s left", flush=True)


@torch.no_grad()
def made(model: Zoetrope, ends: Autoencoder, seed: int, numbers: range) -> dict[str, np.ndarray]:
    """The rows of some clips, by the names of their files."""
    generators = [np.random.default_rng([seed, number]) for number in numbers]
    scenes = [scene_row(sample_scene(rng, pair_share=PAIR_SHARE), 0) for rng in generators]
    tokens = torch.tensor([tokens_of(scene, rng, drop=0) for scene, rng in zip(scenes, generators, strict=True)])
    noise = np.stack([rng.standard_normal((CHANNELS, GROUPS, GRID, GRID), dtype=np.float32) for rng in generators])
    latents = flow.sample([(model, STEPS, GUIDANCE)], tokens, torch.from_numpy(noise), SHIFT)
    by_frame = {"latents.f16": latents.numpy(), "noise.f16": noise}
    rows = {name: values.swapaxes(1, 2).astype(np.float16) for name, values in by_frame.items()}
    return rows | {"cover.u8": np.stack([_cover(ends, clip) for clip in latents]), "scenes.u8": np.stack(scenes)}


def _cover(ends: Autoencoder, clip: Tensor) -> np.ndarray:
    """Which cells hold a thing, as far as it differs from the background, uint8 [GROUPS, 16, 16] in 0..255."""
    frames = frames_of(ends.decoder, clip[None])[0].numpy()
    return (cell_cover(vision.different(frames).astype(np.float32)) * 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("runs/own"))
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/m/last.pt"))
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--clips", type=int, default=1000)
    args = parser.parse_args()
    net, facts = load_checkpoint(args.checkpoint)
    print(json.dumps(facts), flush=True)
    fill(args.folder, net, Autoencoder.load(args.autoencoder), args.clips)


if __name__ == "__main__":
    main()
