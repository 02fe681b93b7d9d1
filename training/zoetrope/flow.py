"""Flow matching with one noise level per latent frame: the training loss and the Euler sampler.

x_sigma = (1 - sigma) x0 + sigma noise; velocity v = noise - x0; one step is x += (sigma_next - sigma) v.

A clip is continued, filled in or led to an end by frames at level 0 that the others are made beside. Where what is made lies
later in a longer clip, its first frame is out of sight: noise at level 1. Training sees both cases as they are used.
"""

from itertools import pairwise

import torch
from torch import Tensor

from .autoencoder import Decoder
from .denoiser import Zoetrope
from .vocabulary import BOS, MAX_TOKENS

OBJECT_WEIGHT, STEADY_WEIGHT = 5.0, 1.0
INDEPENDENT_SHARE, CONTEXT_SHARE, ABSENT_SHARE = 0.15, 0.5, 0.5
SIGMA_MEAN, SIGMA_SPREAD = 0.9, 1.4
# From this level on a step is not guided: what is drawn is decided by then, and guidance would disturb how.
GUIDANCE_UNTIL = 0.5


@torch.no_grad()
def channel_weights(decoder: Decoder, latents: Tensor, amount: float = 0.5) -> Tensor:
    """Loss weight per latent channel, growing with what an error in it changes in the picture; mean 1, [C].

    latents [N, C, 16, 16], cells of which a good part should hold things.
    """
    change = torch.empty(latents.shape[1])
    clean = decoder.picture(latents)
    for channel in range(len(change)):
        moved = latents.clone()
        moved[:, channel] += amount
        change[channel] = (decoder.picture(moved) - clean).square().mean().sqrt()
    return change / change.mean()


def draw_sigmas(batch: int, frames: int, generator: torch.Generator, absent: Tensor | bool = False) -> Tensor:
    """Logit-normal noise levels [B, T].

    One level for the clip; or an independent one in every latent frame; or one in a stretch of frames that is made between
    finished ones (level 0), with the first frame absent (level 1) in a share of those where another finished one is left.
    `absent`: in which clips the first frame is absent, bool [B] or one for all.
    """
    each = torch.randn(batch, frames, generator=generator)
    kind = torch.rand(batch, 1, generator=generator)
    alone, beside = kind < INDEPENDENT_SHARE, kind > 1 - CONTEXT_SHARE
    levels = torch.sigmoid(SIGMA_MEAN + SIGMA_SPREAD * torch.where(alone, each, each[:, :1]))
    length = torch.randint(1, frames, (batch, 1), generator=generator)
    start = (torch.rand(batch, 1, generator=generator) * (frames - length + 1)).long()
    place = torch.arange(frames)
    made = (place >= start) & (place < start + length)
    levels = torch.where(beside & ~made, 0.0, levels)
    hidden = torch.rand(batch, generator=generator) < ABSENT_SHARE
    hidden &= beside[:, 0] & (start[:, 0] > 0) & (length[:, 0] < frames - 1)
    levels[:, 0] = torch.where(hidden | absent, 1.0, levels[:, 0])
    return levels


def loss(model: Zoetrope, x0: Tensor, cover: Tensor, tokens: Tensor, sigmas: Tensor, noise: Tensor, weights: Tensor) -> Tensor:
    """Weighted squared error of the velocity, scaled to the network's unit-variance target, and of its change from frame to frame:
    errors that stay are seen far less than errors that flicker. Beside a finished frame, which has no error, all of an error is change.

    x0 and noise [B, C, T, H, W], cover [B, T, H, W] in [0, 1], tokens [B, L], sigmas [B, T], weights [C]. Frames at level 0 (the noise
    is not in them) and at level 1 (absent ones) are not counted.
    """
    level = sigmas[:, None, :, None, None]
    velocity = model((1 - level) * x0 + level * noise, sigmas, tokens)
    power = (1 - level).square() + level.square()
    error = (velocity - (noise - x0)) * (power * weights[:, None, None, None]).sqrt()
    cells = 1 + (OBJECT_WEIGHT - 1) * (cover > 0.02).float()[:, None]
    counted = (sigmas > 0) & (sigmas < 1)
    error = error * counted[:, None, :, None, None]
    join = (sigmas == 0)[:, 1:] != (sigmas == 0)[:, :-1]
    steady = counted[:, 1:] & (sigmas[:, 1:] == sigmas[:, :-1]) | join & (counted[:, 1:] | counted[:, :-1])
    change = error[:, :, 1:] - error[:, :, :-1]
    return _mean(error.square() * cells, counted) / 2 + STEADY_WEIGHT * _mean(change.square(), steady) / 2


def _mean(values: Tensor, frames: Tensor) -> Tensor:
    """Mean of values [B, C, T, H, W] over the frames [B, T] that count; 0 where none does."""
    counted = frames.float()
    return (values.mean((1, 3, 4)) * counted).sum() / counted.sum().clamp(min=1)


def schedule(steps: int, shift: float) -> list[float]:
    """The sigmas 1 -> 0, steps + 1 of them."""
    levels = [1 - i / steps for i in range(steps + 1)]
    return [shift * u / (1 + (shift - 1) * u) for u in levels]


def empty_tokens(batch: int) -> Tensor:
    """The tokens of the unconditional pass, [B, L]."""
    tokens = torch.zeros(batch, MAX_TOKENS, dtype=torch.int64)
    tokens[:, 0] = BOS
    return tokens


def sample(stages: list[tuple[Zoetrope, int, float]], tokens: Tensor, noise: Tensor, shift: float) -> Tensor:
    """From noise to clips by the whole schedule: noise [B, C, T, H, W] -> latents of the same shape.

    `stages`: the models that follow one another on one schedule, each with its number of steps and its guidance as a multiple of
    what is built in.
    """
    x, levels = noise, schedule(sum(steps for _, steps, _ in stages), shift)
    for model, steps, guidance in stages:
        x, levels = denoise(model, x, levels[: steps + 1], tokens, guidance), levels[steps:]
    return x


@torch.no_grad()
def denoise(model: Zoetrope, x: Tensor, levels: list[float], tokens: Tensor, guidance: float) -> Tensor:
    """Clips [B, C, T, H, W] at the first of the levels -> at the last, by Euler's steps with classifier-free guidance down to
    GUIDANCE_UNTIL; one pass a step where that is 1 and from there on."""
    text = model.text(tokens)
    both = text if guidance == 1 else [torch.cat(pair) for pair in zip(text, model.text(empty_tokens(len(tokens))), strict=True)]
    for now, after in pairwise(levels):
        guided = guidance != 1 and now > GUIDANCE_UNTIL
        inputs = torch.cat([x, x]) if guided else x
        velocity = model.denoiser(inputs, torch.full((len(inputs), x.shape[2]), now), *(both if guided else text))
        if guided:
            cond, uncond = velocity.chunk(2)
            velocity = uncond + guidance * (cond - uncond)
        x = x + (after - now) * velocity
    return x
