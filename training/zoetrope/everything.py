"""Runs every stage in order, from nothing to an exported and judged model; each stage can be stopped and run again."""

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
    parser.add_argument("--model", type=Path, default=Path("../models/zoetrope-s"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--clips", type=int, default=60000)
    parser.add_argument("--seconds", type=float, default=7200, help="training time of the denoiser")
    parser.add_argument("--decoder-seconds", type=float, default=1500)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    pool, decoder, checkpoint = args.runs / "pool", args.runs / "decoder.pt", args.runs / "s" / "last.pt"
    files = ("--checkpoint", checkpoint, "--decoder", decoder, "--patches", pool / "patches.npz")
    videos, prompts = args.runs / "videos", args.results / "prompts.json"
    run("pool", "--folder", pool, "--clips", 2000)
    with ThreadPoolExecutor(3) as together:
        stages = [
            together.submit(run, "pool", "--folder", pool, "--clips", args.clips),
            together.submit(run, "train_decoder", "--pool", pool, "--out", decoder, "--seconds", args.decoder_seconds),
            together.submit(
                run, "train", "--pool", pool, "--folder", checkpoint.parent, "--seconds", args.seconds, "--workers", args.workers
            ),
        ]
        for stage in stages:
            stage.result()
    run("export", *files, "--out", args.model)
    run("parity", *files, "--model", args.model, "--out", args.results / "parity.json")
    run("prompts", "--out", prompts)
    run("sample", "--model", args.model, "--prompts", prompts, "--out", videos, "--threads", args.workers)
    run("evaluate", "--videos", videos, "--prompts", prompts, "--out", args.results / "eval-zoetrope-s.json")


if __name__ == "__main__":
    main()
