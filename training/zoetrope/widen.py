"""The same function in a wider net.

What is handed on from block to block is zero in the new channels at first: what writes them is zero, what reads them is drawn at random
and so tells the writers where to begin. Inside a block they are live, and what leads out of it is zero. Norms are over more channels then,
and the scale after them is less by as much; only those that take a mean as well see another one.
"""

from dataclasses import replace

import torch
from torch import Tensor

from .denoiser import ConvBlock, Size, WaistBlock, WordBlock, Zoetrope

# Layers that write what is handed on, those that read what is live, and those with keys, which must not answer what is newly asked.
WRITERS = {"enter", "place", "to_middle", "to_waist", "from_waist", "join_middle", "from_middle", "join_fine"}
WRITERS |= {"space", "moment", "out", "down"}
INSIDE = {"low", "ask", "condition.2", "qkv", "up"}
KEYED = {"words", "qkv"}


@torch.no_grad()
def fitted(weights: dict[str, Tensor], new: Size) -> dict[str, Tensor]:
    """The weights of a net whose `fine`, `middle` or `waist` are narrower than those of `new`, for one as wide and of whatever depth; those
    of a net as wide are returned as they are."""
    layers = {"fine": "enter", "middle": "to_middle", "waist": "to_waist"}
    old = replace(new, **{name: len(weights[f"denoiser.{layer}.bias"]) for name, layer in layers.items()})
    if old == new:
        return weights
    if any(getattr(old, name) > getattr(new, name) for name in layers):
        raise ValueError("The weights are of a wider net; start a run of its size or of a larger one.")
    net = Zoetrope(new)
    for name, value in net.denoiser.state_dict(prefix="denoiser.").items():
        known = weights.get(name)
        if known is not None and known.shape == value.shape:
            value.copy_(known)
        elif known is not None:
            _embed(value, known.to(value), _layer(name), old, new)
    _keep_scales(net, old, new)
    grown = net.state_dict()
    return {name: grown[name] if name.startswith("denoiser.") else known for name, known in weights.items()}


def _keep_scales(net: Zoetrope, old: Size, new: Size) -> None:
    """What follows norms and attention is told that they are over more channels."""
    less = (old.waist / new.waist) ** 0.5
    for row in (0, 3):
        scale = slice(row * new.waist, row * new.waist + old.waist)
        net.denoiser.shared.weight[scale] *= less
        net.denoiser.shared.bias[scale] *= less
    for name, module in net.named_modules():
        if isinstance(module, ConvBlock):
            known, wide = (size.fine if "fine" in name else size.middle for size in (old, new))
            module.modulation.weight[:known] *= (known / wide) ** 0.5
            module.modulation.bias[:known] = (1 + module.modulation.bias[:known]) * (known / wide) ** 0.5 - 1
        elif isinstance(module, WordBlock):
            _ask_louder(module.ask.weight, module.ask.bias, new.middle / old.middle)
        elif isinstance(module, WaistBlock):
            module.table[[0, 3], : old.waist] = (1 + module.table[[0, 3], : old.waist]) * less - 1
            _ask_louder(module.qkv.weight[: new.waist], module.qkv.bias[: new.waist], new.waist / old.waist)


def _ask_louder(weight: Tensor, bias: Tensor, wider: float) -> None:
    """Attention divides by the root of a head's width."""
    weight *= wider**0.5
    bias *= wider**0.5


def _layer(name: str) -> str:
    path = name.removesuffix(".weight").removesuffix(".bias").split(".")
    return ".".join(path[-2:]) if path[-1].isdigit() else path[-1]


def _embed(value: Tensor, known: Tensor, layer: str, old: Size, new: Size) -> None:
    """Lay what is known into a new layer's weight or bias, and set to zero what would change its answers."""
    heads = new.heads
    rows = {"modulation": 4, "shared": 6, "ask": heads, "words": 2 * heads, "qkv": 3 * heads}.get(layer, 1)
    columns = {"mix": 3, "join_middle": 2, "join_fine": 2, "out": heads}.get(layer, 1)
    parts = (rows, columns, 1, 1)[: known.ndim]
    places = [_places(have, want, equal) for have, want, equal in zip(known.shape, value.shape, parts, strict=True)]
    if layer == "leave" and known.ndim > 1:
        # After the cells' channels come those of the noisy latents.
        noisy = torch.arange(known.shape[1] - old.fine)
        places[1] = torch.cat([torch.arange(old.fine), new.fine + noisy])
    if layer in WRITERS:
        value.zero_()
    if layer in INSIDE:
        value[places[0]] = 0
    if layer in KEYED:
        each = len(value) // (rows // heads)
        value[-2 * each : -each] = 0
    value[torch.meshgrid(*places, indexing="ij")] = known


def _places(known: int, wide: int, parts: int) -> Tensor:
    """Where the known entries of an axis lie in the wider one, both being so many equal parts."""
    part = torch.arange(known // parts)
    return torch.cat([part + index * (wide // parts) for index in range(parts)])
