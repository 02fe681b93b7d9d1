"""Flow matching with one noise level per latent frame: the training loss and the Euler sampler.

x_sigma = (1 - sigma) x0 + sigma noise; velocity v = noise - x0; one step is x += (sigma_next - sigma) v.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from .denoiser import Zoetrope
from .vocabulary import BOS, MAX_TOKENS

OBJECT_WEIGHT = 5.0
INDEPENDENT_SHARE = 0.3
SIGMA_MEAN, SIGMA_SPREAD = 0.9, 1.4


def channel_weights(std: np.ndarray) -> Tensor:
    """Loss weight per latent channel, growing with what the channel changes in the picture; mean 1, [C]."""
    weight = torch.from_numpy(std.astype(np.float32)) ** 0.7
    return weight / weight.mean()


def draw_sigmas(batch: int, frames: int, generator: torch.Generator) -> Tensor:
    """Logit-normal noise levels [B, T]; a share of the clips has an independent level in every latent frame."""
    each = torch.randn(batch, frames, generator=generator)
    alone = torch.rand(batch, 1, generator=generator) < INDEPENDENT_SHARE
    return torch.sigmoid(SIGMA_MEAN + SIGMA_SPREAD * torch.where(alone, each, each[:, :1]))


def loss(model: Zoetrope, x0: Tensor, cover: Tensor, tokens: Tensor, sigmas: Tensor, noise: Tensor, weights: Tensor) -> Tensor:
    """Weighted squared error of the velocity, scaled to the network's unit-variance target.

    x0 and noise [B, C, T, H, W], cover [B, T, H, W] in [0, 1], tokens [B, L], sigmas [B, T], weights [C].
    """
    level = sigmas[:, None, :, None, None]
    velocity = model((1 - level) * x0 + level * noise, sigmas, tokens)
    power = (1 - level).square() + level.square()
    error = (velocity - (noise - x0)).square() * power * weights[:, None, None, None]
    cells = 1 + (OBJECT_WEIGHT - 1) * (cover > 0.02).float()[:, None]
    return (error * cells).mean() / 2


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
def sample(model: Zoetrope, tokens: Tensor, noise: Tensor, steps: int, guidance: float, shift: float) -> Tensor:
    """Euler with classifier-free guidance: noise [B, C, T, H, W] -> latents of the same shape."""
    both = [torch.cat(pair) for pair in zip(model.text(tokens), model.text(empty_tokens(len(tokens))), strict=True)]
    x = noise
    sigmas = schedule(steps, shift)
    for now, after in pairwise(sigmas):
        level = torch.full((2 * len(x), x.shape[2]), now)
        cond, uncond = model.denoiser(torch.cat([x, x]), level, *both).chunk(2)
        x = x + (after - now) * (uncond + guidance * (cond - uncond))
    return x
