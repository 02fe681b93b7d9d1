"""Trains text encoder and denoiser on the pool: resumable, planned by steps or by a wall-clock budget.

Each of `--workers` threads works on its own part of the batch with single-threaded operators, which loses far less on
a machine shared with others than operators that wait for each other. Step k draws its batch from (seed, k) alone.
"""

import argparse
import copy
import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import flow
from .captions import tokens_of
from .denoiser import SIZES, Zoetrope
from .optimiser import optimisers
from .pool import GROUPS, Pool

WHOLE_SHARE = 0.8


@dataclass(frozen=True)
class Plan:
    """What a run is; `steps` or `seconds` ends it (0 = not used), the rate falls to zero over the last `decay` share.

    `pairs` is the share of clips with two things; 0 leaves it as drawn.
    """

    size: str = "s"
    batch: int = 32
    workers: int = 2
    lr: float = 1.5e-3
    warmup: int = 60
    steps: int = 0
    seconds: float = 0.0
    decay: float = 0.45
    ema: float = 0.998
    seed: int = 11
    pairs: float = 0.0
    save_every: float = 240.0


class Trainer:
    """Owns the net, its averaged copy, the optimisers and the counters; `save` and `load` make runs resumable."""

    def __init__(self, plan: Plan, pool: Pool, std: np.ndarray):
        self.plan, self.pool = plan, pool
        torch.manual_seed(plan.seed)
        self.model = Zoetrope(SIZES[plan.size])
        self.model.denoiser.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model)
        self.workers = ThreadPoolExecutor(plan.workers, initializer=torch.set_num_threads, initargs=(1,))
        self.optimisers = optimisers(self.model, plan.lr, self.workers.map)
        self.weights = flow.channel_weights(std)
        self.step, self.elapsed = 0, 0.0

    def progress(self) -> float:
        """Share of the plan that is done, 0..1."""
        if self.plan.seconds:
            return min(1.0, self.elapsed / self.plan.seconds)
        return min(1.0, self.step / self.plan.steps)

    def rate(self) -> float:
        """Learning rate now: linear warm-up, flat, then linear to zero."""
        tail = (1 - self.progress()) / self.plan.decay
        return self.plan.lr * min(1.0, (self.step + 1) / self.plan.warmup, tail)

    def advance(self) -> float:
        """One step; returns the loss."""
        began = time.monotonic()
        parts = list(self.workers.map(self._part, range(self.plan.workers)))
        params = list(self.model.parameters())
        for index, p in enumerate(params):
            p.grad = sum(grads[index] for _, grads in parts) / len(parts)
        torch.nn.utils.clip_grad_norm_(params, 2.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.rate() * group.get("scale", 1.0)
            optimiser.step()
        keep = min(self.plan.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), params, 1 - keep)
        self.step += 1
        self.elapsed += time.monotonic() - began
        return sum(value for value, _ in parts) / len(parts)

    def _part(self, worker: int) -> tuple[float, list[Tensor]]:
        x0, cover, tokens, generator, absent = self._batch(worker)
        sigmas = flow.draw_sigmas(len(x0), x0.shape[2], generator, absent)
        noise = torch.randn(x0.shape, generator=generator)
        value = flow.loss(self.model, x0, cover, tokens, sigmas, noise, self.weights)
        return float(value.detach()), list(torch.autograd.grad(value, list(self.model.parameters())))

    def _batch(self, worker: int) -> tuple[Tensor, Tensor, Tensor, torch.Generator, bool]:
        """Whole clips mostly; else a part of each, with its first frame out of sight where that is not the clip's."""
        rng = np.random.default_rng([self.plan.seed, self.step, worker])
        rows = rng.integers(self.pool.rows, size=self.plan.batch // self.plan.workers)
        if self.plan.pairs:
            doubles = np.flatnonzero(self.pool.scenes[:, 1] == 2)
            chosen = rng.random(len(rows)) < self.plan.pairs
            rows[chosen] = doubles[rng.integers(len(doubles), size=int(chosen.sum()))]
        rows.sort()
        frames = GROUPS if rng.random() < WHOLE_SHARE else int(rng.integers(2, GROUPS))
        first = int(rng.integers(GROUPS - frames + 1))
        part = slice(first, first + frames)
        x0 = torch.from_numpy(self.pool.latents[rows, part].astype(np.float32)).transpose(1, 2)
        cover = torch.from_numpy(self.pool.cover[rows, part].astype(np.float32) / 255)
        tokens = torch.tensor([tokens_of(self.pool.scenes[row], rng) for row in rows])
        return x0, cover, tokens, torch.Generator().manual_seed(int(rng.integers(2**62))), first > 0

    def save(self, path: Path) -> None:
        """Write everything the next step reads: temporary file, then rename."""
        state = {
            "plan": asdict(self.plan),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
            "step": self.step,
            "elapsed": self.elapsed,
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").rename(path)

    def start_from(self, path: Path) -> None:
        """Take the weights of a checkpoint or of `restore.py`, of this size or a shallower one, and nothing else."""
        weights = torch.load(path, weights_only=True)
        self.model.grow_from(weights.get("average", weights))
        self.average.load_state_dict(self.model.state_dict())

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            for group, old in zip(optimiser.param_groups, saved["param_groups"], strict=True):
                old.update({name: value for name, value in group.items() if name not in ("params", "lr")})
            optimiser.load_state_dict(saved)
        self.step, self.elapsed = state["step"], state["elapsed"]


def run(trainer: Trainer, folder: Path) -> None:
    """Advance to the plan's end or to a signal to stop; prints loss, speed and time left, saves as it goes."""
    stop = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.append(1))
    saved = logged = time.monotonic()
    values = []
    while trainer.progress() < 1 and not stop:
        values.append(trainer.advance())
        now = time.monotonic()
        if now - logged > 30:
            trainer.pool.refresh()
            left = trainer.elapsed * (1 / max(trainer.progress(), 1e-6) - 1)
            line = {
                "step": trainer.step,
                "loss": round(float(np.mean(values)), 4),
                "lr": round(trainer.rate(), 6),
                "clips_per_s": round(len(values) * trainer.plan.batch / (now - logged), 1),
                "left_s": round(left),
            }
            print(json.dumps(line), flush=True)
            with open(folder / "log.jsonl", "a") as log:
                log.write(json.dumps(line) + "\n")
            values, logged = [], now
        if now - saved > trainer.plan.save_every:
            trainer.save(folder / "last.pt")
            saved = now
    trainer.save(folder / "last.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("runs/pool"))
    parser.add_argument("--folder", type=Path, default=Path("runs/s"))
    parser.add_argument("--start", type=Path, help="weights to begin with, where there is no run to resume")
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = vars(parser.parse_args())
    folder, pool, start = args.pop("folder"), args.pop("pool"), args.pop("start")
    plan = Plan(**args)
    if not (plan.steps or plan.seconds):
        parser.error("give --steps or --seconds")
    folder.mkdir(parents=True, exist_ok=True)
    with np.load(pool / "patches.npz") as patches:
        trainer = Trainer(plan, Pool(pool), patches["std"])
    if (folder / "last.pt").exists():
        trainer.load(folder / "last.pt")
        print(f"resumed at step {trainer.step}")
    elif start:
        trainer.start_from(start)
    print(json.dumps(trainer.model.describe()), flush=True)
    run(trainer, folder)


if __name__ == "__main__":
    main()
