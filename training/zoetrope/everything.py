"""Runs every stage in order, from nothing to two exported and judged models; each stage can be stopped and run again."""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def run(stage: str, *args: object) -> None:
    """One stage as its own process, single-threaded operators unless it asks for more."""
    subprocess.run([sys.executable, "-m", f"zoetrope.{stage}", *map(str, args)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--models", type=Path, default=Path("../models"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--clips", type=int, default=60000)
    parser.add_argument("--seconds", type=float, default=7200, help="training time of each denoiser")
    parser.add_argument("--decoder-seconds", type=float, default=1500)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    pool, decoder, prompts = args.runs / "pool", args.runs / "decoder.pt", args.results / "prompts.json"
    run("pool", "--folder", pool, "--clips", 2000)
    run("prompts", "--out", prompts)
    training = ("--pool", pool, "--seconds", args.seconds, "--workers", args.workers)
    with ThreadPoolExecutor(3) as together:
        stages = [
            together.submit(run, "pool", "--folder", pool, "--clips", args.clips),
            together.submit(run, "train_decoder", "--pool", pool, "--out", decoder, "--seconds", args.decoder_seconds),
            together.submit(run, "train", *training, "--size", "s", "--folder", args.runs / "s"),
        ]
        for stage in stages:
            stage.result()
    # The larger net has the smaller one's blocks and more of them, so it goes on from what that has learnt.
    run("train", *training, "--size", "m", "--folder", args.runs / "m", "--start", args.runs / "s" / "last.pt")
    for size in ("s", "m"):
        name = f"zoetrope-{size}"
        model, videos = args.models / name, args.runs / f"videos-{size}"
        files = ("--checkpoint", args.runs / size / "last.pt", "--decoder", decoder, "--patches", pool / "patches.npz")
        run("export", *files, "--out", model)
        run("parity", *files, "--model", model, "--out", args.results / f"parity-{name}.json")
        run("sample", "--model", model, "--prompts", prompts, "--out", videos, "--threads", args.workers)
        run("evaluate", "--videos", videos, "--prompts", prompts, "--out", args.results / f"eval-{name}.json")
    # The default of a shared schedule: the smaller one begins, the larger one finishes.
    both, videos = ("--model", args.models / "zoetrope-s", "--then", args.models / "zoetrope-m"), args.runs / "videos-hybrid"
    run("sample", *both, "--prompts", prompts, "--out", videos, "--threads", args.workers)
    run("evaluate", "--videos", videos, "--prompts", prompts, "--out", args.results / "eval-zoetrope-hybrid.json")


if __name__ == "__main__":
    main()
