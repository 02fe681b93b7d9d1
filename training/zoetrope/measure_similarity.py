"""Exports the similarity model's two towers and measures on held-out scenes how well they tell right from wrong captions.

The threshold of the quality gate is the score that parts true captions from captions wrong in one thing best, taken over clean and
degraded clips together.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import vocabulary as v
from .captions import tokens_of
from .export import export_graph, write_json
from .parity import session
from .similarity import EMBEDDING, FRAMES_SEEN, SIDE, Similarity
from .train_similarity import KINDS, bank, degrade, wrong_caption

SALT = 20261121
LIMIT = 1e-4
POINTS = 33
TRIES = 6


def export(net: Similarity, out: Path) -> None:
    """text.onnx: tokens int64 [B, L] -> vector [B, E]; video.onnx: frames f32 [B, F, 3, 64, 64] -> vector [B, E]."""
    out.mkdir(parents=True, exist_ok=True)
    batch, frames = torch.export.Dim("batch", min=1), torch.export.Dim("frames", min=2)
    tokens = torch.tensor([v.encode("a red ball bounces"), v.encode("")])
    export_graph(net.text, (tokens,), ["tokens"], ["vector"], ({0: batch},), out / "text.onnx")
    clips = torch.rand(2, 5, 3, SIDE, SIDE)
    export_graph(net.video, (clips,), ["frames"], ["vector"], ({0: batch, 1: frames},), out / "video.onnx")


@torch.no_grad()
def parity(net: Similarity, folder: Path) -> dict[str, float]:
    """Largest absolute difference between PyTorch and ONNX Runtime per tower, over batches and numbers of frames."""
    text, video = (session(folder / f"{name}.onnx", 1) for name in ("text", "video"))
    generator = torch.Generator().manual_seed(3)
    worst = {"text": 0.0, "video": 0.0}
    for batch, frames in ((1, FRAMES_SEEN), (3, 5), (2, 2), (1, 17)):
        tokens = torch.tensor([v.encode(prompt) for prompt in ("a pink heart grows at night", "", "red ball and blue star")[:batch]])
        clips = torch.rand(batch, frames, 3, SIDE, SIDE, generator=generator)
        for name, graph, tower, key, value in (("text", text, net.text, "tokens", tokens), ("video", video, net.video, "frames", clips)):
            (got,) = graph.run(None, {key: value.numpy()})
            worst[name] = max(worst[name], float(np.abs(tower(value).numpy() - got).max()))
    return worst


@torch.no_grad()
def scores(net: Similarity, clips: np.ndarray, rows: np.ndarray, seed: int, degraded: bool) -> dict[str, np.ndarray]:
    """The score of each clip with its true caption, with one wrong caption of every kind and with another scene's, f32 [N] each.

    NaN where a caption has no wrong one of the kind, for example nothing to swap.
    """
    rng = np.random.default_rng(seed)
    true = [tokens_of(row, rng, drop=0) for row in rows]
    captions = {"true": true, "random": [true[(at + 1) % len(true)] for at in range(len(true))]}
    for kind in KINDS:
        captions[kind] = [_first(tokens, kind, rng) for tokens in true]
    frames = degrade(clips, rng) if degraded else torch.from_numpy(clips).float() / 255
    video = torch.cat([net.video(part) for part in frames.split(50)])
    return {kind: _scores(net, video, captions[kind]) for kind in captions}


def _first(tokens: list[int], kind: str, rng: np.random.Generator) -> list[int] | None:
    tries = (wrong_caption(tokens, kind, rng) for _ in range(TRIES))
    return next((caption for caption in tries if caption), None)


def _scores(net: Similarity, video: Tensor, captions: list[list[int] | None]) -> np.ndarray:
    text = net.text(torch.tensor([caption or v.pad([]) for caption in captions]))
    out = (video * text).sum(-1).numpy()
    out[[caption is None for caption in captions]] = np.nan
    return out


def rates(true: np.ndarray, wrong: np.ndarray) -> dict:
    """How well one threshold parts the scores: area under the curve, equal-error rate, the best threshold (both sides counting the
    same whatever their numbers) with its accuracy, and the curve as pairs [share of wrong let through, share of true let through].
    """
    borders = np.unique(np.concatenate([true, wrong]))
    borders = np.concatenate([[borders[0] - 1e-3], (borders[1:] + borders[:-1]) / 2, [borders[-1] + 1e-3]])
    passed, slipped = (1 - np.searchsorted(np.sort(part), borders) / len(part) for part in (true, wrong))
    accuracy = (passed + 1 - slipped) / 2
    best, equal = int(accuracy.argmax()), int(np.abs(1 - passed - slipped).argmin())
    shown = np.linspace(0, len(borders) - 1, POINTS).round().astype(int)
    return {
        "auc": _round(-np.trapezoid(passed, slipped)),
        "equal_error_rate": _round((1 - passed[equal] + slipped[equal]) / 2),
        "best_threshold": _round(borders[best]),
        "accuracy": _round(accuracy[best]),
        "roc": [[_round(slipped[at]), _round(passed[at])] for at in shown],
    }


def _round(value: float) -> float:
    return round(float(value), 4)


def report(clean: dict[str, np.ndarray], degraded: dict[str, np.ndarray]) -> dict:
    """Both sets' scores -> what `results/similarity.json` says of the towers."""
    both = {kind: np.concatenate([clean[kind], degraded[kind]]) for kind in clean}
    threshold = rates(both["true"], _wrong(both))["best_threshold"]
    out = {"threshold": threshold}
    for name, part in (("clean", clean), ("degraded", degraded)):
        out[name] = {
            "one_thing_wrong": rates(part["true"], _wrong(part)),
            "random_caption": rates(part["true"], part["random"]),
            "true_passes": _round((part["true"] >= threshold).mean()),
            "kinds": {kind: _kind(part["true"], part[kind], threshold) for kind in (*KINDS, "random")},
        }
    return out


def _wrong(part: dict[str, np.ndarray]) -> np.ndarray:
    every = np.concatenate([part[kind] for kind in KINDS])
    return every[~np.isnan(every)]


def _kind(true: np.ndarray, wrong: np.ndarray, threshold: float) -> dict:
    has = ~np.isnan(wrong)
    return {
        "captions": int(has.sum()),
        "refused": _round((wrong[has] < threshold).mean()),
        "below_the_true_one": _round((wrong[has] < true[has]).mean()),
    }


def load(path: Path) -> Similarity:
    net = Similarity()
    net.load_state_dict(torch.load(path, weights_only=True)["model"])
    return net.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/similarity.pt"))
    parser.add_argument("--folder", type=Path, default=Path("../bench/zoetrope-similarity"), help="where the graphs go")
    parser.add_argument("--out", type=Path, default=Path("results/similarity.json"))
    parser.add_argument("--scenes", type=int, default=600)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    net = load(args.checkpoint)
    export(net, args.folder)
    errors = parity(net, args.folder)
    clips, rows = bank(args.scenes, SALT, args.workers, held_out=True)
    result = report(*(scores(net, clips, rows, SALT, degraded) for degraded in (False, True)))
    facts = {"held_out_scenes": args.scenes, "scale": _round(net.scale()), "learned_border": _round(net.border)}
    write_json(args.out, facts | result | {"parity_max_abs_error": errors, "parity_limit": LIMIT})
    card = {"threshold": result["threshold"], "embedding": EMBEDDING, "frames": FRAMES_SEEN, "side": SIDE}
    write_json(args.folder / "similarity.json", card)
    write_json(args.folder / "tokenizer.json", v.tokenizer_document())
    print(json.dumps({"threshold": result["threshold"], **{name: result[name]["kinds"] for name in ("clean", "degraded")}}, indent=1))
    if max(errors.values()) > LIMIT:
        raise SystemExit(f"ONNX Runtime differs from PyTorch by {max(errors.values())}, allowed {LIMIT}")


if __name__ == "__main__":
    main()
