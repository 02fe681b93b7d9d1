"""Makes videos from prompts, with an exported model folder through ONNX Runtime or with a training checkpoint."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor

from . import flow, video
from . import vocabulary as v
from .autoencoder import Autoencoder, frames_of
from .export import EXAMPLES, GUIDANCE, SHIFT, load_checkpoint
from .parity import session
from .patches import CHANNELS, GRID, GROUP
from .scenes import FRAMES


class OnnxModel:
    """The exported graphs behind the same two calls as `Zoetrope`, the decoder as a third, and the model's own numbers."""

    def __init__(self, folder: Path, threads: int):
        manifest = json.loads((folder / "manifest.json").read_text())
        self.steps, self.guidance_built_in = manifest["defaults"]["num_inference_steps"], manifest["guidance_built_in"]
        self.graphs = {name: session(folder / f"{name}.onnx", threads) for name in ("text-encoder", "denoiser", "decoder")}

    def text(self, tokens: Tensor) -> tuple[Tensor, ...]:
        return _run(self.graphs["text-encoder"], tokens=tokens)

    def denoiser(self, latents: Tensor, sigmas: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        return _run(self.graphs["denoiser"], latents=latents, sigmas=sigmas, text=text, text_mask=text_mask)[0]

    def decoder(self, latents: Tensor) -> Tensor:
        return _run(self.graphs["decoder"], latents=latents)[0]


def _run(graph: ort.InferenceSession, **inputs: Tensor) -> tuple[Tensor, ...]:
    feed = {name: value.contiguous().numpy() for name, value in inputs.items()}
    return tuple(torch.from_numpy(value) for value in graph.run(None, feed))


def noise_of(seeds: list[int], frames: int = FRAMES) -> Tensor:
    """Standard normal noise [B, C, T, 16, 16] for clips of `frames` frames, each clip from its own seed."""
    groups = 1 + (frames - 1) // GROUP
    draw = [np.random.default_rng(seed).standard_normal((CHANNELS, groups, GRID, GRID), dtype=np.float32) for seed in seeds]
    return torch.from_numpy(np.stack(draw))


@torch.no_grad()
def make(stages: list, decoder: Callable, prompts: list[str], noise: Tensor, shift: float) -> np.ndarray:
    """Prompts and noise -> uint8 RGB videos [B, frames, 128, 128, 3]; `stages` as `flow.sample` takes them."""
    tokens = torch.tensor([v.encode(prompt) for prompt in prompts])
    latents = flow.sample(stages, tokens, noise, shift)
    return frames_of(decoder, latents).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="exported folder; without it the checkpoint is used")
    parser.add_argument("--then", type=Path, help="exported folder of the model that finishes the schedule")
    parser.add_argument("--hand-over", type=int, help="steps before that; half of them unless given")
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/s/last.pt"))
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--frames", type=int, default=FRAMES, help="1 + 4n")
    parser.add_argument("--prompts", type=Path, help="prompts.json; without it the model's examples")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--steps", type=int, help="the model's default unless given")
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--shift", type=float, default=SHIFT)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/videos"))
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.model:
        model = OnnxModel(args.model, args.threads)
        decoder, own, built_in = model.decoder, model.steps, model.guidance_built_in
    else:
        (model, facts), decoder = load_checkpoint(args.checkpoint), Autoencoder.load(args.autoencoder).decoder
        own, built_in = facts["sampling_steps"], facts["guidance_built_in"]
    steps = first = args.steps or own
    finish = []
    if args.then:
        first, then = steps // 2 if args.hand_over is None else args.hand_over, OnnxModel(args.then, args.threads)
        finish = [(then, steps - first, args.guidance / then.guidance_built_in)]
    stages = [(model, first, args.guidance / built_in), *finish]
    examples = [{"id": f"example-{i}", "prompt": text, "seed": i} for i, text in enumerate(EXAMPLES)]
    rows = json.loads(args.prompts.read_text()) if args.prompts else examples
    rows = rows[:: max(1, len(rows) // args.limit)][: args.limit]
    shown, began = [], time.monotonic()
    for at in range(0, len(rows), 8):
        part = rows[at : at + 8]
        texts, noise = [row["prompt"] for row in part], noise_of([row["seed"] for row in part], args.frames)
        for row, frames in zip(part, make(stages, decoder, texts, noise, args.shift), strict=True):
            video.write(args.out / f"{row['id']}.mp4", frames)
            shown.append(frames)
        done = at + len(part)
        print(f"{done}/{len(rows)} videos, {(time.monotonic() - began) / done * (len(rows) - done):.0f} s left", flush=True)
    if args.sheet:
        video.sheet(shown, args.sheet, abreast=2)


if __name__ == "__main__":
    main()
