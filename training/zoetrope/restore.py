"""Gets the trainable form back from a shipped model folder, so that training goes on without the files of the first run.

Writes patches.npz (the latent space), decoder.pt and start.pt (weights for `train --start`). The exporter keeps some
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

from .autoencoder import Decoder, Encoder
from .denoiser import SIZES, Zoetrope
from .export import export_graphs
from .patches import Patches


def constants(path: Path) -> dict[str, np.ndarray]:
    """Name -> value of everything stored in the graph."""
    return {item.name: numpy_helper.to_array(item) for item in onnx.load(path).graph.initializer}


def restore_patches(folder: Path) -> Patches:
    """The linear map from the two ends: rows of the encoder are basis / std, the decoder's bias is the empty block."""
    scaled = constants(folder / "encoder.onnx")["map.weight"].reshape(-1, constants(folder / "decoder.onnx")["map.bias"].size)
    std = 1 / np.linalg.norm(scaled, axis=1)
    return Patches(constants(folder / "decoder.onnx")["map.bias"], scaled * std[:, None], np.zeros_like(std), std)


def restore_model(folder: Path, size: str, patches: Patches) -> tuple[Zoetrope, Decoder]:
    """Nets with the shipped weights."""
    model, decoder = _fresh(size, patches)
    with tempfile.TemporaryDirectory() as scratch:
        export_graphs(model, decoder, Encoder(patches), Path(scratch))
        for name, net in (("text-encoder", model.text), ("denoiser", model.denoiser), ("decoder", decoder)):
            _fill(net, constants(Path(scratch) / f"{name}.onnx"), constants(folder / f"{name}.onnx"))
    return model, decoder


def _fresh(size: str, patches: Patches) -> tuple[Zoetrope, Decoder]:
    model, decoder = Zoetrope(SIZES[size]).eval(), Decoder(patches).eval()
    for parameter in (*model.parameters(), *decoder.parameters()):
        nn.init.normal_(parameter)
    return model, decoder


def _fill(net: nn.Module, known: dict[str, np.ndarray], shipped: dict[str, np.ndarray]) -> None:
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
    (args.runs / "pool").mkdir(parents=True, exist_ok=True)
    (args.runs / args.size).mkdir(parents=True, exist_ok=True)
    for path in (args.runs / "pool" / "patches.npz", args.runs / "decoder.pt"):
        if path.exists():
            parser.error(f"{path} exists already; move it away or choose another --runs")
    patches = restore_patches(args.model)
    model, decoder = restore_model(args.model, args.size, patches)
    patches.save(args.runs / "pool" / "patches.npz")
    torch.save(decoder.state_dict(), args.runs / "decoder.pt")
    torch.save(model.state_dict(), args.runs / args.size / "start.pt")


if __name__ == "__main__":
    main()
