"""The PyTorch side of engine-vs-pytorch.ts: answers "step SIZE BATCH N", "compiled SIZE BATCH N" and "matmul - - N" lines with seconds per run.

The nets are `training/zoetrope`'s own, with random weights of the shipped sizes: time does not depend on their values.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))

import torch  # noqa: E402
from zoetrope.denoiser import SIZES, Zoetrope  # noqa: E402
from zoetrope.patches import CHANNELS, GRID  # noqa: E402
from zoetrope.vocabulary import MAX_TOKENS  # noqa: E402


def main() -> None:
    threads, frames = (int(value) for value in sys.argv[1:3])
    torch.set_num_threads(threads)
    matrix = torch.randn(1024, 1024)
    nets = {}
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        what, size, batch, count = line.split()
        if what == "matmul":
            run = partial(torch.matmul, matrix, matrix)
        else:
            if (what, size) not in nets:
                nets[what, size] = step(size, int(batch), frames, what == "compiled")
            run = nets[what, size]
        with torch.inference_mode():
            print(json.dumps([timed(run) for _ in range(int(count))]), flush=True)


def step(size: str, batch: int, frames: int, compiled: bool) -> Callable[[], torch.Tensor]:
    model = Zoetrope(SIZES[size]).eval()
    model.denoiser.to(memory_format=torch.channels_last)
    text, mask = model.text(torch.ones(batch, MAX_TOKENS, dtype=torch.int64))
    run = torch.compile(model.denoiser) if compiled else model.denoiser
    return partial(run, torch.randn(batch, CHANNELS, frames, GRID, GRID), torch.full((batch, frames), 0.5), text, mask)


def timed(run) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
