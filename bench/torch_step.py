"""The PyTorch side of engine-vs-pytorch.ts: answers "step N", "compiled N" and "matmul N" lines with seconds per run.

The net is `training/zoetrope`'s own, with random weights of the shipped size: time does not depend on their values.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))

import torch  # noqa: E402
from zoetrope.denoiser import SIZES, Zoetrope  # noqa: E402
from zoetrope.patches import CHANNELS, GRID  # noqa: E402
from zoetrope.vocabulary import MAX_TOKENS  # noqa: E402


def main() -> None:
    threads, batch, frames = (int(value) for value in sys.argv[1:4])
    torch.set_num_threads(threads)
    model = Zoetrope(SIZES["s"]).eval()
    model.denoiser.to(memory_format=torch.channels_last)
    latents = torch.randn(batch, CHANNELS, frames, GRID, GRID)
    sigmas = torch.full((batch, frames), 0.5)
    text, mask = model.text(torch.ones(batch, MAX_TOKENS, dtype=torch.int64))
    matrix = torch.randn(1024, 1024)
    compiled = None
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        what, count = line.split()
        if what == "compiled" and compiled is None:
            compiled = torch.compile(model.denoiser)
        run = {
            "step": lambda: model.denoiser(latents, sigmas, text, mask),
            "compiled": lambda: compiled(latents, sigmas, text, mask),
            "matmul": lambda: matrix @ matrix,
        }[what]
        with torch.inference_mode():
            print(json.dumps([timed(run) for _ in range(int(count))]), flush=True)


def timed(run) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
