"""Compares PyTorch with ONNX Runtime on the exported files and measures the speed of one denoiser pass in both."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from . import vocabulary as v
from .autoencoder import Autoencoder
from .denoiser import Zoetrope
from .export import EXAMPLES, load_checkpoint, write_json
from .patches import CHANNELS, GRID, GROUP
from .pool import GROUPS

LIMIT = 1e-3


def session(path: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@torch.no_grad()
def compare(model: Zoetrope, ends: Autoencoder, folder: Path, threads: int = 2) -> dict:
    """Largest absolute difference per output over several batch sizes, lengths and noise levels; seconds per pass."""
    generator = torch.Generator().manual_seed(5)
    sessions = {name: session(folder / f"{name}.onnx", threads) for name in ("text-encoder", "denoiser", "decoder", "encoder")}
    worst = {"text": 0.0, "velocity": 0.0, "frames": 0.0, "latents": 0.0}
    for batch, frames in ((1, 5), (2, 5), (2, 3), (1, 1)):
        tokens = torch.tensor([v.encode(EXAMPLES[i]) for i in range(batch)])
        text, mask = model.text(tokens)
        got_text, got_mask = sessions["text-encoder"].run(None, {"tokens": tokens.numpy()})
        _note(worst, "text", text, got_text)
        assert np.array_equal(mask.numpy(), got_mask)
        for level in (0.02, 0.5, 0.98, None):
            latents = torch.randn(batch, CHANNELS, frames, GRID, GRID, generator=generator)
            sigmas = torch.rand(batch, frames, generator=generator) if level is None else torch.full((batch, frames), level)
            feed = {"latents": latents, "sigmas": sigmas, "text": text, "text_mask": mask}
            (got,) = sessions["denoiser"].run(None, {name: value.numpy() for name, value in feed.items()})
            _note(worst, "velocity", model.denoiser(**feed), got)
        cells = torch.randn(frames, CHANNELS, GRID, GRID, generator=generator)
        _note(worst, "frames", ends.decoder(cells), sessions["decoder"].run(None, {"latents": cells.numpy()})[0])
        pictures = torch.rand(frames, GROUP, 3, 128, 128, generator=generator)
        _note(worst, "latents", ends.encoder(pictures), sessions["encoder"].run(None, {"frames": pictures.numpy()})[0])
    return {"max_abs_error": worst, "limit": LIMIT, "passes": worst["velocity"] <= LIMIT} | _speed(model, sessions["denoiser"], threads)


def _note(worst: dict, name: str, want: torch.Tensor, got: np.ndarray) -> None:
    assert tuple(want.shape) == got.shape
    worst[name] = max(worst[name], float(np.abs(want.numpy() - got).max()))


@torch.no_grad()
def _speed(model: Zoetrope, denoiser: ort.InferenceSession, threads: int) -> dict:
    """Median milliseconds of one guided step's pass: two clips of 17 frames."""
    torch.set_num_threads(threads)
    text, mask = model.text(torch.tensor([v.encode(EXAMPLES[0]), v.encode("")]))
    feed = {
        "latents": torch.randn(2, CHANNELS, GROUPS, GRID, GRID),
        "sigmas": torch.full((2, GROUPS), 0.5),
        "text": text,
        "text_mask": mask,
    }
    arrays = {name: value.numpy() for name, value in feed.items()}
    return {
        "threads": threads,
        "pytorch_ms": _median_ms(lambda: model.denoiser(**feed)),
        "onnxruntime_ms": _median_ms(lambda: denoiser.run(None, arrays)),
    }


def _median_ms(call: Callable[[], object], times: int = 15) -> float:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return round(1000 * float(np.median(seconds[3:])), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/s/last.pt"))
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--model", type=Path, default=Path("../models/zoetrope-s"))
    parser.add_argument("--out", type=Path, default=Path("results/parity-zoetrope-s.json"))
    args = parser.parse_args()
    model, _ = load_checkpoint(args.checkpoint)
    result = compare(model, Autoencoder.load(args.autoencoder), args.model)
    write_json(args.out, result | {"torch": torch.__version__, "onnxruntime": ort.__version__})
    print(json.dumps(result))
    if not result["passes"]:
        raise SystemExit(f"velocity differs by {result['max_abs_error']['velocity']}, allowed {LIMIT}")


if __name__ == "__main__":
    main()
