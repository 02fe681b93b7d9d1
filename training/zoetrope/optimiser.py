"""Muon for the matrices inside the net, AdamW for everything else.

Muon: momentum, then the nearest orthogonal matrix by five Newton-Schulz iterations (Keller Jordan et al., 2024),
scaled so that its root mean square equals what AdamW would move (Liu et al., "Muon is scalable for LLM training").
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

SCALE = 2.5
ADAM_ONLY = ("modulation", "words.weight", "enter", "leave", "place", "shared", "condition", "pooled", "table", "space", "moment")


class Muon(torch.optim.Optimizer):
    """Parameters of two or more dimensions; all but the first are flattened. `each` may be a thread pool's `map`."""

    def __init__(self, params: list[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01, each: Callable = map):
        self.each = each
        super().__init__(params, {"lr": lr, "scale": SCALE, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            list(self.each(partial(self._move, group), group["params"]))

    @torch.no_grad()
    def _move(self, group: dict, p: Tensor) -> None:
        state = self.state[p]
        if not state:
            state["momentum"] = torch.zeros_like(p)
        state["momentum"].lerp_(p.grad, 1 - group["momentum"])
        direction = p.grad.lerp(state["momentum"], group["momentum"]).flatten(1)
        update = orthogonal(direction) * (0.2 * max(direction.shape) ** 0.5)
        p.mul_(1 - group["lr"] * group["weight_decay"])
        p.add_(update.view_as(p), alpha=-group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """The quintic Newton-Schulz iteration towards the orthogonal factor of `matrix` [m, n]."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix) / (matrix.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def optimisers(model: nn.Module, lr: float, each: Callable = map) -> list[torch.optim.Optimizer]:
    """Split the parameters by name and shape."""
    matrices, rest = [], []
    for name, p in model.named_parameters():
        adam = p.ndim < 2 or (any(part in name for part in ADAM_ONLY) and "waist" not in name) or "table" in name
        (rest if adam else matrices).append(p)
    return [Muon(matrices, lr, each=each), torch.optim.AdamW(rest, lr, betas=(0.9, 0.98), weight_decay=0.0)]
