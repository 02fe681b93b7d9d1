"""The mean of the averaged nets of several runs, each begun from the one before: a checkpoint for `export`, `distil` and `train --start`.

A run that goes on at a high rate wins what it is shown most and drifts elsewhere; the mean keeps the first and loses most of the second
(docs/decisions, "The mean of two runs").
"""

import argparse
from pathlib import Path

import torch

from .checkpoint import save


def mean(paths: list[Path]) -> dict:
    """What `load_checkpoint` reads, with the plan and the counters of the last."""
    states = [torch.load(path, weights_only=True, map_location="cpu") for path in paths]
    nets = [state["average"] for state in states]
    if any(net.keys() != nets[0].keys() for net in nets):
        raise ValueError("The runs are of different sizes; give runs of one.")
    weights = {name: torch.stack([net[name].float() for net in nets]).mean(0) for name in nets[0]}
    last = states[-1]
    return {"plan": last["plan"], "average": weights, "step": last["step"], "elapsed": last["elapsed"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="last.pt or weights.pt of the runs, in their order")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    save(mean(args.checkpoints), args.out)


if __name__ == "__main__":
    main()
