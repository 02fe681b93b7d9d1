"""Writes the model folder that the runtimes load: five ONNX graphs, tokenizer.json and manifest.json."""

import argparse
import copy
import hashlib
import json
from pathlib import Path

import onnx
import torch
from torch import nn

from . import flow, half
from . import vocabulary as v
from .autoencoder import Autoencoder, LinearDecoder
from .denoiser import SIZES, Size, Zoetrope
from .patches import CHANNELS, GRID, GROUP
from .scenes import FPS, FRAMES

OPSET = 20
VERSION = "0.14.0"
STEPS, GUIDANCE, SHIFT = 12, 3.0, 4.0
ROLES = ("text-encoder", "denoiser", "decoder", "encoder", "preview")
NAMES = {"s": ("zoetrope-s", "Zoetrope S"), "m": ("zoetrope-m", "Zoetrope M"), "tiny": ("zoetrope-tiny", "Zoetrope Tiny")}
KINDS = {"s": "A small", "m": "The larger Zoetrope: a small", "tiny": "A tiny"}
# The family's hybrid schedule and the quick one, where a model offers them.
STAGES = {"zoetrope-m": (("zoetrope-s", 0.5), ("zoetrope-m", 0.5))}
FEW_STEPS = {"zoetrope-m": 4, "zoetrope-s": 4}
EXAMPLES = (
    "a red ball bounces on a green meadow",
    "a large yellow star spins at night",
    "a pink heart grows on a white background",
    "a yellow heart stays still over the blue sea, the camera zooms in",
    "an orange ring rises over the blue sea",
    "a small purple triangle falls in the snow",
    "a white ball circles around on a black background",
    "a red heart bounces and a yellow star spins on a green meadow",
)


def load_checkpoint(path: Path) -> tuple[Zoetrope, dict]:
    """The averaged net of a training run in evaluation mode, rounded as it is shipped, and what its card and manifest tell of it: steps,
    clips seen, seconds, the guidance that is built in (1: none), and the number of sampling steps it was made for."""
    state = torch.load(path, weights_only=True, map_location="cpu")
    model = Zoetrope(SIZES[state["plan"]["size"]])
    model.load_state_dict(state["average"])
    facts = {
        "size": state["plan"]["size"],
        "steps": state["step"],
        "clips": state["step"] * state["plan"]["batch"],
        "seconds": round(state["elapsed"]),
        "guidance_built_in": state["plan"].get("guidance", 1.0),
        "sampling_steps": state["plan"].get("jumps") or STEPS,
    }
    return half.round_weights(model.eval()), facts


def export_graphs(model: Zoetrope, ends: Autoencoder, out: Path) -> None:
    """Export with dynamic batch, frames and groups; all weights inside the files.

    `preview` is the decoder without its refiner: a hundredth of the work, for pictures of a forming clip.
    """
    out.mkdir(parents=True, exist_ok=True)
    size: Size = model.size
    decoder, encoder = ends.decoder, ends.encoder
    batch, frames, groups = (torch.export.Dim(name, min=1) for name in ("batch", "frames", "groups"))
    frames = torch.export.Dim("frames", min=1, max=size.frames)
    latents = torch.randn(2, CHANNELS, 3, GRID, GRID)
    sigmas = torch.rand(2, 3)
    tokens = torch.tensor([v.encode(EXAMPLES[0]), v.encode(EXAMPLES[7])])
    text, mask = model.text(tokens)
    plain = nn.Module.to(copy.deepcopy(model), memory_format=torch.contiguous_format)
    export_graph(plain.text, (tokens,), ["tokens"], ["text", "text_mask"], ({0: batch},), out / "text-encoder.onnx")
    shapes = ({0: batch, 2: frames}, {0: batch, 1: frames}, {0: batch}, {0: batch})
    names = ["latents", "sigmas", "text", "text_mask"]
    export_graph(plain.denoiser, (latents, sigmas, text.detach(), mask), names, ["velocity"], shapes, out / "denoiser.onnx")
    cells = torch.randn(3, CHANNELS, GRID, GRID)
    export_graph(decoder, (cells,), ["latents"], ["frames"], ({0: groups},), out / "decoder.onnx")
    export_graph(LinearDecoder(decoder), (cells,), ["latents"], ["frames"], ({0: groups},), out / "preview.onnx")
    pictures = torch.rand(3, GROUP, 3, 128, 128)
    export_graph(encoder, (pictures,), ["frames"], ["latents"], ({0: groups},), out / "encoder.onnx")


def export_graph(module: nn.Module, args: tuple, inputs: list[str], outputs: list[str], shapes: tuple, path: Path) -> None:
    torch.onnx.export(
        module.eval(),
        args,
        str(path),
        input_names=inputs,
        output_names=outputs,
        dynamic_shapes=shapes,
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    _pack(path)


def _pack(path: Path) -> None:
    """Weights in 16 bits where that loses nothing; and without the exporter's notes: they hold stack traces with paths of the machine."""
    document = onnx.load(path)
    graph = document.graph
    del document.metadata_props[:], graph.metadata_props[:]
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(half.store(document), path)


def manifest(facts: dict, folder: Path) -> dict:
    """The model's entry for the registry, with the digest of every file in `folder`; `facts` as `load_checkpoint` gives them."""
    size, steps = facts["size"], facts["sampling_steps"]
    identity, name = NAMES[size]
    if steps != STEPS:
        identity, name = f"{identity}-{steps}", f"{name} in {steps} steps"
    longest = 1 + GROUP * (SIZES[size].frames - 1)
    groups = v.tokenizer_document()["groups"]
    files = [file_entry(folder, f"{role}.onnx", role.replace("-", "_")) for role in ROLES]
    files.append(file_entry(folder, "tokenizer.json", "tokenizer"))
    return {
        "id": identity,
        "name": name,
        "family": "zoetrope",
        "runtime": "onnx",
        "latent_space": "zoetrope-v2",
        "version": VERSION,
        "description": f"{KINDS[size]} latent video diffusion model trained from scratch on drawn scenes: one or two coloured "
        "shapes that move over simple landscapes. Runs on a CPU.",
        "licence": "Apache-2.0",
        "capabilities": ["text_to_video", "image_to_video", "frame_levels"],
        "latents": {"channels": CHANNELS, "height": GRID, "width": GRID, "frames_per_group": GROUP},
        "limits": {
            "width": [128],
            "height": [128],
            "num_frames": {"min": 5, "max": longest, "step": GROUP},
            "fps": {"min": 1, "max": 30},
            "num_inference_steps": {"min": 1, "max": 100},
            "guidance_scale": {"min": 0, "max": 15},
            "prompt_chars": 2000,
        },
        "defaults": {
            "width": 128,
            "height": 128,
            "num_frames": FRAMES,
            "fps": FPS,
            "num_inference_steps": steps,
            "guidance_scale": GUIDANCE,
            "solver": "euler",
            "shift": SHIFT,
        },
        **({"default_stages": [{"model": model, "share": share} for model, share in STAGES[identity]]} if identity in STAGES else {}),
        "guidance_built_in": facts["guidance_built_in"],
        "guidance_until": flow.GUIDANCE_UNTIL,
        **({"few_steps": FEW_STEPS[identity]} if identity in FEW_STEPS else {}),
        "memory_bytes": 350_000_000,
        "vocabulary": groups,
        "examples": list(EXAMPLES),
        "files": files,
    }


def file_entry(folder: Path, path: str, role: str) -> dict:
    data = (folder / path).read_bytes()
    return {"path": path, "role": role, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def write_json(path: Path, value: dict | list) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/s/last.pt"))
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--out", type=Path, default=Path("../models/zoetrope-s"))
    args = parser.parse_args()
    model, facts = load_checkpoint(args.checkpoint)
    export_graphs(model, Autoencoder.load(args.autoencoder), args.out)
    write_json(args.out / "tokenizer.json", v.tokenizer_document())
    write_json(args.out / "manifest.json", manifest(facts, args.out))
    print(json.dumps(facts | {"bytes": sum(f.stat().st_size for f in args.out.iterdir())}))


if __name__ == "__main__":
    main()
