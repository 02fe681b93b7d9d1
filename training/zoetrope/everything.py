"""Runs every stage in order, from nothing to two exported and judged models; each stage can be stopped and run again."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from .export import FEW_STEPS
from .pool import LONG_GROUPS


def run(stage: str, *args: object) -> None:
    """One stage as its own process with single-threaded operators: what has several workers gives each a thread."""
    command = [sys.executable, "-m", f"zoetrope.{stage}", *map(str, args)]
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        code = process.wait()
    except KeyboardInterrupt:
        # The stage has heard it too and saves its state.
        process.wait()
        raise SystemExit(130) from None
    if code != 0:
        raise SystemExit(f"{stage} ended with status {code}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--models", type=Path, default=Path("../models"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--clips", type=int, default=60000)
    parser.add_argument("--seconds", type=float, default=7200, help="training time of each denoiser")
    parser.add_argument("--autoencoder-seconds", type=float, default=2400)
    parser.add_argument("--decoder-seconds", type=float, default=4200)
    parser.add_argument("--similarity-seconds", type=float, default=900)
    parser.add_argument("--similarity", type=Path, default=Path("../bench/zoetrope-similarity"), help="folder of the gate's judge")
    parser.add_argument("--batch", type=int, default=32, help="clips a step of the denoisers; 512 suits a large GPU")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, default=1000, help="videos of each set of prompts; a few show whether it runs")
    args = parser.parse_args()
    pool, long, prompts = args.runs / "pool", args.runs / "pool-long", args.results / "prompts.json"
    ends = ("--autoencoder", args.runs / "autoencoder.pt")
    sets = {"": prompts, "-paraphrases": args.results / "paraphrases.json", "-cameras": args.results / "cameras.json"}
    for name, path in sets.items():
        run("prompts", "--out", path, *([f"-{name}"] if name else []))
    # A pool holds what one encoder made of its scenes, so that encoder stays.
    if not (pool / "count.txt").exists():
        run("train_autoencoder", "--out", ends[1], "--seconds", args.autoencoder_seconds, "--workers", args.workers)
    run("pool", *ends, "--folder", long, "--groups", LONG_GROUPS, "--clips", args.clips // 20, "--processes", args.workers)
    run("pool", *ends, "--folder", pool, "--clips", args.clips, "--processes", args.workers)
    planned = ("--seconds", args.seconds, "--workers", args.workers, "--batch", args.batch, "--pairs", 0.3, "--hard", 0.35)
    training = (*ends, "--pool", pool, "--long", long, *planned)
    base = args.runs / "base"
    run("train", *training, "--size", "s", "--folder", base)
    # The larger net has the smaller one's blocks and more of them, so it goes on from what that has learnt, and then teaches it.
    larger = args.runs / "m"
    run("train", *training, "--size", "m", "--folder", larger, "--start", base / "last.pt")
    run("curves", base / "log.jsonl", larger / "log.jsonl", "--batch", args.batch, "--out", args.results / "loss.svg")
    student = ("--size", "s", "--jumps", 0, "--echo", 3, "--folder", args.runs / "s", "--start", base / "last.pt")
    run("distil", *training, *student, "--teacher", larger / "last.pt")
    # Last of them, because it learns to draw what was meant where the denoisers err.
    drawn = ("--autoencoder", args.runs / "decoder.pt")
    denoisers = ("--denoisers", *(args.runs / size / "last.pt" for size in ("m", "s")))
    budget = ("--scenes", args.clips // 20, "--seconds", args.decoder_seconds, "--workers", args.workers)
    run("train_decoder", *ends, *denoisers, "--out", drawn[1], *budget)
    similarity = args.runs / "similarity.pt"
    run("train_similarity", "--out", similarity, "--seconds", args.similarity_seconds, "--workers", args.workers)
    run("measure_similarity", "--checkpoint", similarity, "--folder", args.similarity, "--out", args.results / "similarity.json")
    making = ("--threads", args.workers, "--limit", args.limit)
    for size in ("s", "m"):
        name = f"zoetrope-{size}"
        model = args.models / name
        files = (*drawn, "--checkpoint", args.runs / size / "last.pt")
        run("export", *files, "--out", model)
        run("parity", *files, "--model", model, "--out", args.results / f"parity-{name}.json")
        run("sample", "--model", model, "--out", args.runs / f"examples-{size}", "--sheet", args.results / f"sheet-{name}.png")
        for asked, path in sets.items():
            videos = args.runs / f"videos-{size}{asked}"
            run("sample", "--model", model, "--prompts", path, "--out", videos, *making)
            run("evaluate", "--videos", videos, "--prompts", path, "--out", args.results / f"eval-{name}{asked}.json")
        quick = args.runs / f"videos-{size}-few"
        run("sample", "--model", model, "--prompts", prompts, "--steps", FEW_STEPS[name], "--out", quick, *making)
        run("evaluate", "--videos", quick, "--prompts", prompts, "--out", args.results / f"eval-{name}-few.json")
    # The default of a shared schedule: the smaller one begins, the larger one finishes.
    both, videos = ("--model", args.models / "zoetrope-s", "--then", args.models / "zoetrope-m"), args.runs / "videos-hybrid"
    run("sample", *both, "--prompts", prompts, "--out", videos, *making)
    run("evaluate", "--videos", videos, "--prompts", prompts, "--out", args.results / "eval-zoetrope-hybrid.json")


if __name__ == "__main__":
    main()
