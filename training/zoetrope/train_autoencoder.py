"""Trains both ends of the latent space on crops around the things of freshly drawn scenes, planned by steps or by wall clock.

Run again, it goes on from the saved nets for the whole plan.

Latents are disturbed while they are between the two ends, by as much as the denoiser errs at its worst. So the encoder learns a
code in which near is alike, and the decoder learns to draw what was meant. `train_decoder.py` goes on with the decoder alone.
"""

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool as Processes
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .autoencoder import PICTURE, Autoencoder, Decoder
from .optimiser import move, optimisers
from .patches import GRID, PATCH, cell_cover, fit, grouped
from .precision import bfloat16_autocast
from .render import SIZE, render
from .scenes import CAMERA_SHARE, FRAMES, LONGEST, sample_scene

OBJECT_WEIGHT, MOVING_WEIGHT, STILL_WEIGHT = 8.0, 2.0, 4.0
# Of the brightness, within a group: from here on a pixel is one that a thing enters or leaves, and no wave or cloud.
MOVING = 0.1
# Of the brightness, from a row or column to the next: from here on there is an edge, as the horizon is one.
SHARP = 0.04
LATENT_NOISE = 0.6
# A few are disturbed until little is left of them, so that the decoder does not answer what it never saw with numbers beyond all measure.
FAR_NOISE, FAR_SHARE = 1.5, 0.02
PREVIEW_WEIGHT, STEADY_WEIGHT, EDGE_WEIGHT, COVER_WEIGHT = 0.1, 1.0, 1.0, 0.5
# cells; a crop is 64 pixels wide
CROP = 8
# Groups in which nothing moves are easy: so many are kept; all are from this mean change from frame to frame on, in 0..255.
CALM_SHARE, LIVELY = 0.35, 4.0


def groups_of(seed: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One new scene: pictures uint8 [5, 16, 128, 128], which cells hold a thing, bool [5, 16, 16], and `looked_at`."""
    rng = np.random.default_rng(seed)
    frames, cover = render(sample_scene(rng, camera_share=CAMERA_SHARE), first=int(rng.integers(LONGEST - FRAMES + 1)))
    pictures = channels_of(frames, cover)
    return pictures, cell_cover(cover) > 0.02, looked_at(pictures, rng)


def channels_of(frames: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """A clip's frames uint8 [F, 128, 128, 3] and coverage [F, 128, 128] in [0, 1] -> its groups, the colours of all their frames as
    channels and after them the coverage in each, uint8 [groups, 12 + 4, 128, 128]."""
    colours = grouped(frames).transpose(0, 1, 4, 2, 3).reshape(-1, PICTURE, SIZE, SIZE)
    return np.concatenate([colours, (grouped(cover) * 255 + 0.5).astype(np.uint8)], 1)


def looked_at(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """After which of a clip's groups to look at the border to the next one, bool [groups]: after some of those in which little moves."""
    colours = pictures[:, :PICTURE].astype(np.int16)
    change = np.abs(colours[:, 3:] - colours[:, :-3]).mean((1, 2, 3))
    kept = rng.random(len(change)) < CALM_SHARE + (1 - CALM_SHARE) * change / LIVELY
    kept[-1] = False
    return kept


def bank(scenes: int, salt: int, processes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Groups of many new scenes: pictures uint8 [N, 16, 128, 128], things bool [N, 16, 16], and the first groups of pairs that
    follow one another, [M]."""
    with Processes(processes) as workers:
        pictures, things, kept = zip(*workers.imap(groups_of, [[salt, index] for index in range(scenes)], chunksize=50), strict=True)
    return np.concatenate(pictures), np.concatenate(things), np.flatnonzero(np.concatenate(kept))


def places(things: np.ndarray, chosen: np.ndarray, side: int, rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """Where to cut squares of `side` cells about a cell with a thing, out of the groups `chosen` [N] and of those after them: (group, first
    row, first column) of 2 N, a group and its next one in turn."""
    out = []
    for index in chosen:
        cells = np.argwhere(things[index])
        centre = cells[rng.integers(len(cells))] if len(cells) else rng.integers(GRID, size=2)
        top, left = np.clip(centre - rng.integers(side, size=2), 0, GRID - side)
        out += [(index, top, left), (index + 1, top, left)]
    return out


def cut(arrays: np.ndarray, where: list[tuple[int, int, int]], side: int, scale: int = 1) -> np.ndarray:
    """Squares of arrays [N, ..., GRID * scale, GRID * scale] at `places`: [2 N, ..., side * scale, side * scale]."""
    wide = side * scale
    return np.stack([arrays[index][..., top * scale :, left * scale :][..., :wide, :wide] for index, top, left in where])


def squares(pictures: np.ndarray, things: np.ndarray, where: list[tuple[int, int, int]], side: int) -> tuple[Tensor, Tensor, Tensor]:
    """What is to be drawn at `places` and what its pixels count: pictures f32 [2 N, 12, 8 side, 8 side] and coverage [2 N, 4, ...] in
    [0, 1], `pixel_weights`."""
    channels = torch.from_numpy(cut(pictures, where, side, PATCH)).float() / 255
    return channels[:, :PICTURE], channels[:, PICTURE:], pixel_weights(cut(things, where, side))


def pixel_weights(things: np.ndarray) -> Tensor:
    """Which cells hold a thing, bool [N, h, w] -> what their pixels count, [N, 1, 8 h, 8 w]."""
    pixels = np.kron(things, np.ones((1, PATCH, PATCH)))[:, None]
    return torch.from_numpy(1 + (OBJECT_WEIGHT - 1) * pixels.astype(np.float32))


def disturb(latents: Tensor, noise: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Latents [N, C, h, w], most of them disturbed by up to `noise`, and which of them are as they were, bool [N, 1, 1, 1]."""
    level = noise * torch.rand(len(latents), 1, 1, 1, generator=generator)
    kind = torch.rand(level.shape, generator=generator)
    level = torch.where(kind < 0.25, 0.0, torch.where(kind > 1 - FAR_SHARE, FAR_NOISE, level))
    return latents + (level * torch.randn(latents.shape, generator=generator)).to(latents.device), (level == 0).to(latents.device)


def loss(
    decoder: Decoder, latents: Tensor, pictures: Tensor, cover: Tensor, weights: Tensor, shown: Tensor, done: float
) -> tuple[Tensor, float]:
    """Weighted absolute error of what the decoder draws, of the pixels, of their change from frame to frame and of that to their
    neighbours (a grid, an edge), and the cross-entropy of where it shows things; and the squared error on things for the log. What is
    beside an edge counts as much as a thing: horizons are few pixels and were lost without that.

    latents [2 N, C, h, w], pictures [2 N, 12, 8 h, 8 w] and coverage [2 N, 4, 8 h, 8 w], a group and its next one in turn: the change
    counts across their border too; weights [2 N, 1, 8 h, 8 w]; shown: which of them the log tells of, bool [2 N, 1, 1, 1].
    done: the share of the plan that is. At its end pictures alone count: where latents leave it open by a pixel where an edge is,
    cross-entropy asks for a soft one.
    """
    # What paints pixels is in full precision: a step of bfloat16 is a whole step of brightness.
    linear = decoder.linear(latents)
    with bfloat16_autocast(pictures.device.type):
        features = decoder.refiner.features(latents, linear)
    features = [part.float() for part in features]
    drawn, covered = decoder.refiner.paint(*features, linear)
    error = drawn - pictures
    plain = (linear - pictures).square().mean()
    told = shown & (weights > 1.5)
    squared = float((error.detach().square() * told).sum() / told.sum().clamp(min=1) / PICTURE)
    weights = torch.maximum(weights * (1 + (MOVING_WEIGHT - 1) * _moving(pictures)), OBJECT_WEIGHT * _sharp(pictures))
    frames = error.unflatten(0, (-1, 2)).flatten(1, 2).unflatten(1, (-1, 3))
    # What should stay as it is weighs more here than in a picture: it is most of it, and trembles at every border of two groups.
    either = weights.unflatten(0, (-1, 2)).amax(1)[:, None].clamp(min=STILL_WEIGHT)
    value = (_smooth(error) * weights).mean() + STEADY_WEIGHT * (_smooth(frames[:, 1:] - frames[:, :-1]) * either).mean()
    across, down = error[..., 1:] - error[..., :-1], error[..., 1:, :] - error[..., :-1, :]
    value = value + EDGE_WEIGHT * ((_smooth(across) * weights[..., 1:]).mean() + (_smooth(down) * weights[..., 1:, :]).mean())
    outlines = F.binary_cross_entropy_with_logits(covered, cover, reduction="none")
    value = value + COVER_WEIGHT * (1 - done) * (outlines * weights).mean()
    return 10 * value + PREVIEW_WEIGHT * 100 * plain, squared


def _moving(pictures: Tensor) -> Tensor:
    """Which pixels are not alike in all frames of their group: pictures [N, 12, h, w] -> 0 or 1, [N, 1, h, w]."""
    frames = pictures.unflatten(1, (-1, 3))
    return ((frames.amax(1) - frames.amin(1)).amax(1, keepdim=True) > MOVING).float()


def _sharp(pictures: Tensor) -> Tensor:
    """Which pixels are beside an edge in any frame: pictures [N, 12, h, w] -> 0 or 1, [N, 1, h, w]."""
    down = (pictures[..., 1:, :] - pictures[..., :-1, :]).abs().amax(1, keepdim=True) > SHARP
    across = (pictures[..., 1:] - pictures[..., :-1]).abs().amax(1, keepdim=True) > SHARP
    edges = F.pad(down.float(), (0, 0, 0, 1)) + F.pad(across.float(), (0, 1))
    return F.max_pool2d(edges.clamp(max=1), 3, stride=1, padding=1)


def _smooth(error: Tensor) -> Tensor:
    """The absolute error, rounded off below a quarter of a brightness step: what is even must become exactly even."""
    return (error.square() + 1e-6).sqrt() - 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--scenes", type=int, default=4000, help="scenes drawn at the start")
    add_plan(parser, batch=48, lr=1.5e-3)
    args = parser.parse_args()
    if args.out.exists():
        net = Autoencoder()
        net.load_state_dict(torch.load(args.out, weights_only=True, map_location="cpu"))
    else:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        net = Autoencoder(fit())
    salt = int(time.time())
    groups = bank(args.scenes, salt, args.workers)
    print(f"{len(groups[0])} groups drawn", flush=True)
    train(net, *groups, salt, args)


def add_plan(parser: argparse.ArgumentParser, batch: int, lr: float) -> None:
    """What `descend` reads."""
    parser.add_argument("--seconds", type=float, default=2400)
    parser.add_argument("--steps", type=int, default=0, help="instead of --seconds; 0 = not used")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--lr", type=float, default=lr)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")


def train(net: Autoencoder, pictures: np.ndarray, things: np.ndarray, pairs: np.ndarray, salt: int, args: argparse.Namespace) -> None:
    """Both ends on crops of the groups of a `bank`."""

    def part(seed: list[int], pairs_each: int, done: float) -> tuple[Tensor, float]:
        rng = np.random.default_rng(seed)
        where = places(things, pairs[rng.integers(len(pairs), size=pairs_each)], CROP, rng)
        wanted, cover, weights = (part.to(args.device) for part in squares(pictures, things, where, CROP))
        generator = torch.Generator().manual_seed(seed[1] * 100 + seed[2])
        latents, shown = disturb(net.encode(wanted.unflatten(1, (-1, 3))), LATENT_NOISE, generator)
        return loss(net.decoder, latents, wanted, cover, weights, shown, done)

    net.train()
    descend(net, net, part, salt, args)


def descend(net: Autoencoder, trained: nn.Module, part: Callable, salt: int, args: argparse.Namespace) -> None:
    """Steps of `workers` threads, each on its part of the batch (on a GPU all of it is one part), until the plan is done.

    `part`: (seed [3], pairs of groups in it, share of the plan that is done) -> (loss, squared error for the log). All of `net` is saved.
    """
    number = args.workers if args.device == "cpu" else 1
    threads = ThreadPoolExecutor(number, initializer=torch.set_num_threads, initargs=(1,))
    net.to(args.device, memory_format=torch.channels_last)
    movers = optimisers(trained, args.lr, threads.map)
    params = list(trained.parameters())
    began = saved = time.monotonic()
    step, errors = 0, []

    def progress() -> float:
        return step / args.steps if args.steps else (time.monotonic() - began) / args.seconds

    def gradients(worker: int) -> tuple[list[Tensor], float]:
        value, squared = part([salt, step, worker], args.batch // (2 * number), done)
        return list(torch.autograd.grad(value, params)), squared

    while (done := progress()) < 1:
        parts = list(threads.map(gradients, range(number)))
        for index, p in enumerate(params):
            p.grad = sum(grads[index] for grads, _ in parts) / len(parts)
        step += 1
        rate = args.lr * min(1.0, step / 60, (1 - done) / 0.5)
        move(movers, params, rate)
        errors += [squared for _, squared in parts]
        if time.monotonic() - saved > 30:
            psnr = round(-10 * float(np.log10(np.mean(errors))), 2)
            left = (time.monotonic() - began) * (1 / max(done, 1e-6) - 1)
            print(json.dumps({"step": step, "object_psnr": psnr, "left_s": round(left)}), flush=True)
            saved, errors = time.monotonic(), []
            net.save(args.out)
    net.save(args.out)


if __name__ == "__main__":
    main()
