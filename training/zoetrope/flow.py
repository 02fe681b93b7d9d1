"""Flow matching with one noise level per latent frame: the training loss and the Euler sampler.

x_sigma = (1 - sigma) x0 + sigma noise; velocity v = noise - x0; one step is x += (sigma_next - sigma) v.

A clip is continued, filled in or led to an end by frames at level 0 that the others are made beside. Where what is made lies
later in a longer clip, its first frame is out of sight: noise at level 1. Training sees both cases as they are used.
"""

from dataclasses import dataclass, fields
from itertools import islice, pairwise

import torch
from torch import Tensor

from .autoencoder import Decoder
from .denoiser import Zoetrope
from .vocabulary import BOS, MAX_TOKENS

STEADY_WEIGHT = 1.0
INDEPENDENT_SHARE, BESIDE_SHARE, ABSENT_SHARE = 0.15, 0.5, 0.5
# Finished frames of clips that the net made are seen under some of their own noise: at this share of the level of what is made beside
# them, and at all of it where no prompt is given. So guidance leads away from what does not heed them, too.
ON_THEIR_WAY = 0.5
SIGMA_MEAN, SIGMA_SPREAD = 0.9, 1.4


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


def draw_sigmas(
    batch: int, frames: int, generator: torch.Generator, absent: Tensor | bool = False, beside_share: float = BESIDE_SHARE
) -> Tensor:
    """Logit-normal noise levels [B, T].

    One level for the clip; or an independent one in every latent frame; or one in a stretch of frames that is made between
    finished ones (level 0), with the first frame absent (level 1) in a share of those where another finished one is left.
    `absent`: in which clips the first frame is absent, bool [B] or one for all. `beside_share`: of clips with finished frames.
    """
    each = torch.randn(batch, frames, generator=generator)
    kind = torch.rand(batch, 1, generator=generator)
    alone, beside = kind < INDEPENDENT_SHARE, kind > 1 - beside_share
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


def on_their_way(sigmas: Tensor, prompted: Tensor | bool) -> Tensor:
    """Levels [B, T] as drawn -> those at which the net sees clips it made, `prompted` [B] or all of them with a prompt or without."""
    moving = torch.where(sigmas < 1, sigmas, 0.0).amax(1, keepdim=True)
    share = torch.where(torch.as_tensor(prompted, device=sigmas.device), ON_THEIR_WAY, 1.0).reshape(-1, 1)
    return torch.where(sigmas == 0, share * moving, sigmas)


@dataclass(frozen=True)
class Examples:
    """Clips to learn from: x0 and noise [B, C, T, H, W], what an error in each cell counts [B, T, H, W], tokens [B, L], sigmas [B, T].

    Frames at level 0 (finished) and at level 1 (absent) are not learnt. `shown` [B, T] are the levels that the net sees: those of
    `sigmas`, but finished frames may have some of their noise.
    """

    x0: Tensor
    cells: Tensor
    tokens: Tensor
    sigmas: Tensor
    shown: Tensor
    noise: Tensor

    def to(self, device: str) -> "Examples":
        return Examples(*(getattr(self, field.name).to(device, non_blocking=True) for field in fields(self)))

    def of(self, clips: Tensor) -> "Examples":
        """Some of the clips, bool [B]."""
        return Examples(*(getattr(self, field.name)[clips] for field in fields(self)))

    def seen(self, levels: Tensor | None = None) -> Tensor:
        """What the net sees, at `shown` or at other levels: like x0."""
        level = (self.shown if levels is None else levels)[:, None, :, None, None]
        return (1 - level) * self.x0 + level * self.noise


def loss(model: Zoetrope, examples: Examples, weights: Tensor) -> Tensor:
    """Weighted squared error of the velocity, scaled to the network's unit-variance target, and of its change from frame to frame:
    errors that stay are seen far less than errors that flicker. Beside a finished frame, which has no error, all of an error is change.

    `weights` [C].
    """
    sigmas, level = examples.sigmas, examples.shown[:, None, :, None, None]
    velocity = model(examples.seen(), examples.shown, examples.tokens)
    power = (1 - level).square() + level.square()
    error = (velocity - (examples.noise - examples.x0)) * (power * weights[:, None, None, None]).sqrt()
    counted = (sigmas > 0) & (sigmas < 1)
    error = error * counted[:, None, :, None, None]
    join = (sigmas == 0)[:, 1:] != (sigmas == 0)[:, :-1]
    steady = counted[:, 1:] & (sigmas[:, 1:] == sigmas[:, :-1]) | join & (counted[:, 1:] | counted[:, :-1])
    change = error[:, :, 1:] - error[:, :, :-1]
    return _mean(error.square() * examples.cells[:, None], counted) / 2 + STEADY_WEIGHT * _mean(change.square(), steady) / 2


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


@torch.no_grad()
def sample(stages: list[tuple[Zoetrope, int, float]], tokens: Tensor, noise: Tensor, shift: float) -> Tensor:
    """Euler with classifier-free guidance (one pass a step where it is 1): noise [B, C, T, H, W] -> latents of the same shape.

    `stages`: the models that follow one another on one schedule, each with its number of steps and its guidance as a multiple of
    what is built in.
    """
    x = noise
    levels = pairwise(schedule(sum(steps for _, steps, _ in stages), shift))
    for model, steps, guidance in stages:
        text = model.text(tokens)
        if guidance != 1:
            text = [torch.cat(pair) for pair in zip(text, model.text(empty_tokens(len(tokens))), strict=True)]
        for now, after in islice(levels, steps):
            inputs = x if guidance == 1 else torch.cat([x, x])
            velocity = model.denoiser(inputs, torch.full((len(inputs), x.shape[2]), now), *text)
            if guidance != 1:
                cond, uncond = velocity.chunk(2)
                velocity = uncond + guidance * (cond - uncond)
            x = x + (after - now) * velocity
    return x
