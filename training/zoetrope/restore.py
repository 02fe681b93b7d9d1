"""Gets the trainable form back from a shipped model folder, so that training goes on without the files of the first run.

Writes autoencoder.pt (the latent space) and start.pt (weights for `train --start`). The exporter keeps some
matrices transposed under names of its own; which is which is learnt from a fresh net exported by the same version.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from . import half
from .autoencoder import Autoencoder
from .denoiser import SIZES, Zoetrope
from .export import export_graphs


def constants(path: Path) -> dict[str, np.ndarray]:
    """Name -> value of everything stored in the graph."""
    return {item.name: numpy_helper.to_array(item) for item in half.widen(onnx.load(path)).graph.initializer}


def restore(folder: Path, size: str) -> tuple[Zoetrope, Autoencoder]:
    """Nets with the shipped weights."""
    model, ends = Zoetrope(SIZES[size]).eval(), Autoencoder().settled()
    for parameter in (*model.parameters(), *ends.parameters()):
        nn.init.normal_(parameter)
    with tempfile.TemporaryDirectory() as scratch:
        export_graphs(model, ends, Path(scratch))
        for name, net in (("text-encoder", model.text), ("denoiser", model.denoiser), ("decoder", ends.decoder), ("encoder", ends.encoder)):
            _fill(net, constants(Path(scratch) / f"{name}.onnx"), constants(folder / f"{name}.onnx"))
    return model, ends


def _fill(net: nn.Module, known: dict[str, np.ndarray], shipped: dict[str, np.ndarray]) -> None:
    if known.keys() != shipped.keys():
        raise ValueError("Another version of the exporter wrote these files; use the one that training/pyproject.toml names.")
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            value = parameter.numpy()
            if name in known and np.array_equal(known[name], value):
                parameter.copy_(torch.from_numpy(shipped[name].copy()))
            else:
                key = next(key for key, kept in known.items() if kept.ndim == 2 and np.array_equal(kept.T, value))
                parameter.copy_(torch.from_numpy(shipped[key].T.copy()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("../models/zoetrope-s"))
    parser.add_argument("--size", default="s")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    args = parser.parse_args()
    (args.runs / args.size).mkdir(parents=True, exist_ok=True)
    path = args.runs / "autoencoder.pt"
    if path.exists():
        parser.error(f"{path} exists already; move it away or choose another --runs")
    model, ends = restore(args.model, args.size)
    ends.save(path)
    torch.save(model.state_dict(), args.runs / args.size / "start.pt")


if __name__ == "__main__":
    main()
