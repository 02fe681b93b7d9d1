"""Muon for the matrices inside the net, AdamW for everything else.

Muon: momentum, then the nearest orthogonal matrix by five Newton-Schulz iterations (Keller Jordan et al., 2024),
scaled so that its root mean square equals what AdamW would move (Liu et al., "Muon is scalable for LLM training").
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

SCALE = 2.5
LARGEST_NORM = 2.0
ADAM_ONLY = (
    "modulation",
    "words.weight",
    "enter",
    "leave",
    "even",
    "share",
    "colour",
    "field",
    "outline",
    "place",
    "condition",
    "pooled",
    "table",
    "space",
    "moment",
)


class Muon(torch.optim.Optimizer):
    """Parameters of two or more dimensions; all but the first are flattened. `each` may be a thread pool's `map`."""

    def __init__(self, params: list[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01, each: Callable = map):
        self.each = each
        super().__init__(params, {"lr": lr, "scale": SCALE, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            if group["params"][0].is_cuda:
                self._move_stacked(group)
            else:
                list(self.each(partial(self._move, group), group["params"]))

    def _move_stacked(self, group: dict) -> None:
        """The same on a GPU, where a hundred small matrices one by one cost more than the net: those of one shape at once."""
        params, grads = group["params"], [p.grad for p in group["params"]]
        for p in params:
            self.state[p].setdefault("momentum", torch.zeros_like(p))
        momenta = [self.state[p]["momentum"] for p in params]
        torch._foreach_lerp_(momenta, grads, 1 - group["momentum"])
        directions = [g.flatten(1) for g in torch._foreach_lerp(grads, momenta, group["momentum"])]
        torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
        for shape in {d.shape for d in directions}:
            chosen = [i for i, d in enumerate(directions) if d.shape == shape]
            updates = orthogonal(torch.stack([directions[i] for i in chosen])) * (0.2 * max(shape) ** 0.5)
            moved = [params[i] for i in chosen]
            torch._foreach_add_(moved, [u.view_as(p) for u, p in zip(updates, moved, strict=True)], alpha=-group["lr"])

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
    """The quintic Newton-Schulz iteration towards the orthogonal factor of every matrix of [..., m, n]."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = (matrix.mT if tall else matrix) / (matrix.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


def move(optimisers: list[torch.optim.Optimizer], params: list[Tensor], rate: float) -> None:
    """One step along the gradients of `params`, clipped, at a learning rate for all."""
    torch.nn.utils.clip_grad_norm_(params, LARGEST_NORM)
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = rate * group.get("scale", 1.0)
        optimiser.step()


def optimisers(model: nn.Module, lr: float, each: Callable = map) -> list[torch.optim.Optimizer]:
    """Split the parameters that are trained by name and shape."""
    matrices, rest = [], []
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        adam = p.ndim < 2 or (any(part in name for part in ADAM_ONLY) and "waist" not in name) or "table" in name
        (rest if adam else matrices).append(p)
    return [Muon(matrices, lr, each=each), torch.optim.AdamW(rest, lr, betas=(0.9, 0.98), weight_decay=0.0)]
