"""Trains the decoder on alone, on what finished denoisers make of drawn scenes: latents, pools and denoisers stay what they are.

A scene is drawn, encoded, brought back to a level at which its things still stand where they stood, and denoised. What comes out has
the faults of generated clips (dents, fringes, a little trembling), and the drawn scene is what was meant: that is what the decoder
learns to draw. In its other examples it sees the scenes' own latents, disturbed at random, so that given frames stay as they are.
"""

import argparse
import time
from multiprocessing import Pool as Processes
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from . import flow
from .autoencoder import Autoencoder, pictures_of
from .captions import tokens_of
from .denoiser import Zoetrope
from .export import GUIDANCE, SHIFT, load_checkpoint
from .patches import GRID, cell_cover
from .pool import GROUPS, scene_row
from .render import render
from .scenes import CAMERA_SHARE, sample_scene
from .train_autoencoder import CROP, add_plan, channels_of, cut, descend, disturb, looked_at, loss, places, squares

# Most of what it will draw is made by a denoiser.
MADE_SHARE = 0.65
NOISE = 0.45
# Scenes are denoised by the last steps of a schedule of so many, from one of these on: levels 0.73 to 0.31.
STEPS, FIRST_STEPS = 10, (6, 10)
TOGETHER = 8
# of the plan; whole pictures then
CROPS_SHARE = 0.5


class Groups(NamedTuple):
    """Of many scenes: pictures uint8 [N, 16, 128, 128] (`channels_of`), which cells hold things, bool [N, 16, 16], latents f32
    [N, 2, C, 16, 16] (the scene's own and what a denoiser made of them), and the first groups of pairs that follow one another, [M]."""

    pictures: np.ndarray
    things: np.ndarray
    latents: np.ndarray
    pairs: np.ndarray


def bank(denoisers: list[tuple[Zoetrope, float]], ends: Autoencoder, scenes: int, salt: int, processes: int) -> Groups:
    """Groups of new scenes, which the `denoisers` remake in turn, each with its guidance as a multiple of what is built in."""
    seeds = [[salt, index] for index in range(-(-scenes // TOGETHER))]
    began, parts = time.monotonic(), []
    with Processes(processes, _get_ready, (denoisers, ends)) as workers:
        for part in workers.imap(_scenes, seeds):
            parts.append(part)
            left = (time.monotonic() - began) * (len(seeds) / len(parts) - 1)
            print(f"{len(parts) * TOGETHER}/{len(seeds) * TOGETHER} scenes denoised, {left:.0f} s left", flush=True)
    *arrays, looked = (np.concatenate(several) for several in zip(*parts, strict=True))
    return Groups(*arrays, np.flatnonzero(looked))


_nets: list = []


def _get_ready(denoisers: list[tuple[Zoetrope, float]], ends: Autoencoder) -> None:
    torch.set_num_threads(1)
    _nets[:] = [denoisers, ends]


@torch.no_grad()
def _scenes(seed: list[int]) -> tuple[np.ndarray, ...]:
    """TOGETHER scenes as in `Groups`, but for the last: after which groups to look at the border to the next one, bool."""
    denoisers, ends = _nets
    rng = np.random.default_rng(seed)
    scenes = [sample_scene(rng, camera_share=CAMERA_SHARE) for _ in range(TOGETHER)]
    drawn = [render(scene) for scene in scenes]
    pictures = np.stack([channels_of(frames, cover) for frames, cover in drawn])
    things = np.stack([cell_cover(cover) > 0.02 for _, cover in drawn])
    own = ends.encode(torch.cat([pictures_of(frames) for frames, _ in drawn]))
    clips = own.unflatten(0, (TOGETHER, GROUPS)).transpose(1, 2)
    tokens = torch.tensor([tokens_of(scene_row(scene, 0), rng, drop=0) for scene in scenes])
    levels = flow.schedule(STEPS, SHIFT)[rng.integers(*FIRST_STEPS) :]
    noise = torch.randn(clips.shape, generator=torch.Generator().manual_seed(int(rng.integers(2**62))))
    net, guidance = denoisers[seed[1] % len(denoisers)]
    made = flow.denoise(net, (1 - levels[0]) * clips + levels[0] * noise, levels, tokens, guidance)
    latents = torch.stack([own, made.transpose(1, 2).flatten(0, 1)], 1).numpy()
    looked = np.stack([looked_at(groups, rng) for groups in pictures])
    return np.concatenate(pictures), np.concatenate(things), latents, looked.reshape(-1)


def train(net: Autoencoder, groups: Groups, salt: int, args: argparse.Namespace) -> None:
    """The decoder on crops and then on whole pictures."""

    def part(seed: list[int], pairs_each: int, done: float) -> tuple[Tensor, float]:
        rng = np.random.default_rng(seed)
        # A crop holds as much of a thing as four whole pictures, but what is even, and the picture's edge, are in those.
        side, pairs_each = (CROP, pairs_each * (GRID // CROP) ** 2) if done < CROPS_SHARE else (GRID, pairs_each)
        where = places(groups.things, groups.pairs[rng.integers(len(groups.pairs), size=pairs_each)], side, rng)
        wanted, cover, weights = (part.to(args.device) for part in squares(groups.pictures, groups.things, where, side))
        own, made = torch.from_numpy(cut(groups.latents, where, side)).to(args.device).unbind(1)
        is_made = torch.from_numpy(rng.random(pairs_each) < MADE_SHARE).repeat_interleave(2)[:, None, None, None].to(args.device)
        disturbed, _ = disturb(own, NOISE, torch.Generator().manual_seed(seed[1] * 100 + seed[2]))
        return loss(net.decoder, torch.where(is_made, made, disturbed), wanted, cover, weights, is_made, done)

    net.eval()
    net.encoder.requires_grad_(False)
    descend(net, net.decoder, part, salt, args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"), help="what to begin with")
    parser.add_argument("--out", type=Path, default=Path("runs/decoder.pt"), help="both ends with the new decoder; run again, it goes on")
    parser.add_argument("--denoisers", type=Path, nargs="+", default=[Path("runs/m/last.pt"), Path("runs/s/last.pt")], help="checkpoints")
    parser.add_argument("--scenes", type=int, default=2400, help="scenes drawn and denoised at the start")
    add_plan(parser, batch=12, lr=3e-4)
    args = parser.parse_args()
    salt, nets = int(time.time()), []
    for path in args.denoisers:
        denoiser, facts = load_checkpoint(path)
        nets.append((denoiser, GUIDANCE / facts["guidance_built_in"]))
    groups = bank(nets, Autoencoder.load(args.autoencoder), args.scenes, salt, args.workers)
    net = Autoencoder()
    net.load_state_dict(torch.load(args.out if args.out.exists() else args.autoencoder, weights_only=True, map_location="cpu"))
    train(net, groups, salt, args)


if __name__ == "__main__":
    main()
