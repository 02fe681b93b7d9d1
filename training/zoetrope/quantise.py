"""Makes an exported model's denoiser again with other numbers and measures what they cost: size, time a pass, error, decoded clips.

Every variant is a whole model folder in the scratch folder, with digests of its own, so that `sample` and `evaluate` take it as it is.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor

from . import flow, half
from . import vocabulary as v
from .autoencoder import frames_of
from .export import GUIDANCE, SHIFT, STEPS, file_entry, write_json
from .parity import session
from .patches import GROUP
from .sample import OnnxModel, noise_of
from .scenes import FRAMES

LEVELS = (0.02, 0.25, 0.5, 0.75, 0.98)
FIRST = "fp32"


def int8_all(source: Path, target: Path) -> None:
    """8-bit weights wherever ONNX Runtime can multiply by them, convolutions too; activations are scaled as they come.

    Weights are unsigned: its integer convolution takes no others.
    """
    _dynamic(source, target, ["Conv", "MatMul", "Gemm"], QuantType.QUInt8)


def int8_matmul(source: Path, target: Path) -> None:
    """8-bit weights in the matrix products alone; convolutions stay as they are."""
    _dynamic(source, target, ["MatMul", "Gemm"], QuantType.QInt8)


def _dynamic(source: Path, target: Path, kinds: list[str], weights: QuantType) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        document = half.widen(onnx.load(source))
        # The quantiser infers shapes anew, and stumbles over those that the exporter wrote down.
        del document.graph.value_info[:]
        onnx.save(document, plain)
        quantize_dynamic(plain, target, op_types_to_quantize=kinds, per_channel=True, weight_type=weights)


def fp32_weights(source: Path, target: Path) -> None:
    """Weights stored as fp32, what the others are measured against."""
    onnx.save(half.widen(onnx.load(source)), target)


VARIANTS: dict[str, Callable[[Path, Path], None]] = {FIRST: fp32_weights, "int8": int8_all, "int8-matmul": int8_matmul}
# Weights in 16 bits, as they are shipped.
SHIPPED = "fp16"


def make_variant(model: Path, name: str, out: Path) -> Path:
    """A copy of the model folder whose denoiser is the variant; returns it."""
    folder = out / name
    shutil.copytree(model, folder, dirs_exist_ok=True)
    VARIANTS[name](model / "denoiser.onnx", folder / "denoiser.onnx")
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] = [file_entry(folder, file["path"], file["role"]) for file in manifest["files"]]
    write_json(path, manifest)
    return folder


def feeds(model: OnnxModel, prompts: list[str], clean: Tensor) -> list[dict[str, np.ndarray]]:
    """What a guided step gives the denoiser at each of LEVELS: the prompt and the empty caption on one clip at that level.

    `clean`: finished latents [N, C, T, 16, 16]; the prompts take turns.
    """
    out = []
    for index, level in enumerate(LEVELS):
        at = index % len(clean)
        text, mask = model.text(torch.tensor([v.encode(prompts[at]), v.encode("")]))
        noisy = (1 - level) * clean[at] + level * noise_of([900 + index], 1 + GROUP * (clean.shape[2] - 1))[0]
        latents = torch.stack([noisy, noisy])
        values = {"latents": latents, "sigmas": torch.full((2, clean.shape[2]), level), "text": text, "text_mask": mask}
        out.append({name: value.numpy() for name, value in values.items()})
    return out


def errors(reference: ort.InferenceSession, other: ort.InferenceSession, inputs: list[dict[str, np.ndarray]]) -> dict[str, dict]:
    """Largest and root-mean-square difference of the velocity per level, and the latter as a share of the velocity's own size."""
    out = {}
    for level, feed in zip(LEVELS, inputs, strict=True):
        (wanted,), (got,) = reference.run(None, feed), other.run(None, feed)
        rms = float(np.sqrt(np.square(got - wanted).mean()))
        share = rms / float(np.sqrt(np.square(wanted).mean()))
        out[str(level)] = {
            "largest": float(f"{np.abs(got - wanted).max():.3g}"),
            "rms": float(f"{rms:.3g}"),
            "rms_share": float(f"{share:.3g}"),
        }
    return out


def times(graphs: dict[str, ort.InferenceSession], feed: dict[str, np.ndarray], rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of a pass, and the median over the rounds of its ratio to fp32: every round runs all of them in turn."""
    seconds = {name: [] for name in graphs}
    for turn in range(rounds + 2):
        for name, graph in graphs.items():
            began = time.perf_counter()
            graph.run(None, feed)
            if turn >= 2:
                seconds[name].append(time.perf_counter() - began)
    first = np.array(seconds[FIRST])
    return {
        name: {"ms": round(1000 * float(np.median(s)), 2), "ratio": round(float(np.median(np.array(s) / first)), 3)}
        for name, s in seconds.items()
    }


def latents_of(model: OnnxModel, prompts: list[str], seeds: list[int], steps: int, frames: int) -> Tensor:
    """Finished latents of the prompts' clips [N, C, T, 16, 16], made four at a time."""
    parts = []
    for at in range(0, len(prompts), 4):
        tokens = torch.tensor([v.encode(prompt) for prompt in prompts[at : at + 4]])
        parts.append(flow.sample([(model, steps, GUIDANCE / model.guidance_built_in)], tokens, noise_of(seeds[at : at + 4], frames), SHIFT))
    return torch.cat(parts)


def psnr(wanted: np.ndarray, got: np.ndarray) -> float:
    """Of uint8 videos, in dB; 99 where they are equal."""
    squared = float(np.square(wanted.astype(np.float32) - got).mean())
    return round(min(99.0, 10 * np.log10(255**2 / max(squared, 1e-9))), 2)


def measure(model: Path, out: Path, rows: list[dict], steps: int, frames: int, rounds: int, threads: int) -> dict:
    """The table: one line for fp32, for each variant and for the model as it is shipped."""
    folders = {name: make_variant(model, name, out) for name in VARIANTS} | {SHIPPED: model}
    models = {name: OnnxModel(folder, threads) for name, folder in folders.items()}
    graphs = {name: session(folder / "denoiser.onnx", threads) for name, folder in folders.items()}
    prompts, seeds = [row["prompt"] for row in rows], [row["seed"] for row in rows]
    clean = latents_of(models[FIRST], prompts, seeds, steps, frames)
    inputs = feeds(models[FIRST], prompts, clean)
    speed = times(graphs, inputs[len(inputs) // 2], rounds)
    wanted = frames_of(models[FIRST].decoder, clean).numpy()
    table = {}
    for name, folder in folders.items():
        line = {"bytes": (folder / "denoiser.onnx").stat().st_size, **speed[name]}
        if name != FIRST:
            line["velocity"] = errors(graphs[FIRST], graphs[name], inputs)
            got = frames_of(models[FIRST].decoder, latents_of(models[name], prompts, seeds, steps, frames)).numpy()
            each = [psnr(a, b) for a, b in zip(wanted, got, strict=True)]
            line["clips_psnr"] = {"mean": round(float(np.mean(each)), 2), "worst": min(each)}
        table[name] = line
        print(json.dumps({name: line}), flush=True)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("../models/zoetrope-m"))
    parser.add_argument("--scratch", type=Path, default=Path("runs/variants"), help="where the variants' folders go")
    parser.add_argument("--prompts", type=Path, default=Path("results/prompts.json"))
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--frames", type=int, default=FRAMES, help="1 + 4n")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="result file; results/variants-<model>.json unless given")
    args = parser.parse_args()
    rows = json.loads(args.prompts.read_text())
    rows = [rows[int(at)] for at in np.linspace(0, len(rows) - 1, args.clips).round()]
    table = measure(args.model, args.scratch / args.model.name, rows, args.steps, args.frames, args.rounds, args.threads)
    facts = {"model": args.model.name, "steps": args.steps, "guidance": GUIDANCE, "shift": SHIFT, "threads": args.threads}
    write_json(args.out or Path(f"results/variants-{args.model.name}.json"), facts | {"onnxruntime": ort.__version__, "variants": table})


if __name__ == "__main__":
    main()
