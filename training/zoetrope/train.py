"""Trains text encoder and denoiser on the pool: resumable, planned by steps or by a wall-clock budget.

On a CPU each of `--workers` threads works on its own part of the batch with single-threaded operators, which loses far less on
a machine shared with others than operators that wait for each other. On a GPU the whole batch is one part, and the workers
prepare the batches to come: give it `--batch 256 --workers 8` or more. Step k draws its batch from
(seed, k) and what the pool holds by then.
"""

import argparse
import copy
import json
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import flow
from .autoencoder import Autoencoder
from .captions import tokens_of
from .checkpoint import save
from .denoiser import SIZES, Zoetrope
from .optimiser import move, optimisers
from .pool import GROUPS, LATER_SHARE, NONE, Pool
from .precision import bfloat16_autocast
from .widen import fitted

WHOLE_SHARE = 0.6
LONG_SHARE = 0.08


@dataclass(frozen=True)
class Plan:
    """What a run is; `steps` or `seconds` ends it (0 = not used), the rate falls to zero over the last `decay` share.

    `pairs`, `hard` and `cameras` are the shares of clips that are replaced by ones with two things, by ones that are hard to draw
    (`pool.is_hard`) and by ones with a camera that moves, besides those that are such anyway. `way_up`: 1 trains what follows the
    transformer alone, where details are drawn: that is quicker, and all a deeper net needs at first; 0 trains everything.
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
    hard: float = 0.0
    cameras: float = 0.0
    way_up: int = 0
    save_every: float = 240.0
    device: str = "cuda" if torch.cuda.is_available() else "cpu"


class Trainer:
    """Owns the net, its averaged copy, the optimisers and the counters; `save` and `load` make runs resumable.

    `long`: a pool of whole long clips, where there is one; `weights` [C] as `flow.channel_weights` gives them.
    """

    def __init__(self, plan: Plan, pool: Pool, weights: Tensor, long: Pool | None = None):
        self.plan, self.pool, self.long = plan, pool, long
        torch.manual_seed(plan.seed)
        self.model = Zoetrope(SIZES[plan.size]).to(plan.device)
        self.model.denoiser.to(memory_format=torch.channels_last)
        if plan.way_up:
            self.model.requires_grad_(False)
            for part in self.model.denoiser.way_up():
                part.requires_grad_(True)
        self.average = copy.deepcopy(self.model)
        self.workers = ThreadPoolExecutor(plan.workers, initializer=torch.set_num_threads, initargs=(1,))
        self.parts = plan.workers if plan.device == "cpu" else 1
        self.ahead: dict[int, Future] = {}
        self.optimisers = optimisers(self.model, plan.lr, self.workers.map if plan.device == "cpu" else map)
        self.weights = weights.to(plan.device)
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
        parts = list(self.workers.map(self._part, range(self.parts))) if self.parts > 1 else [self._part(0)]
        params = trained(self.model)
        for index, p in enumerate(params):
            p.grad = parts[0][1][index] if len(parts) == 1 else sum(grads[index] for _, grads in parts) / len(parts)
        move(self.optimisers, params, self.rate())
        keep = min(self.plan.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(trained(self.average), params, 1 - keep)
        self.step += 1
        self.elapsed += time.monotonic() - began
        return sum(value for value, _ in parts) / len(parts)

    def _part(self, worker: int) -> tuple[float, list[Tensor]]:
        with bfloat16_autocast(self.plan.device):
            value = flow.loss(self.model, *self.examples(worker), self.weights)
        grads = list(torch.autograd.grad(value, trained(self.model)))
        return float(value.detach()), grads

    def examples(self, worker: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """What `flow.loss` takes of a part of this step's batch: x0, cover, tokens, sigmas and noise."""
        x0, cover, tokens, sigmas, seed = self._prepared() if self.parts == 1 else self._batch(self.step, worker)
        device = self.plan.device
        x0, cover, tokens, sigmas = (value.to(device, non_blocking=True) for value in (x0, cover, tokens, sigmas))
        x0, sigmas, noise = self.targets(x0, tokens, sigmas, torch.Generator(device).manual_seed(seed))
        return x0, cover, tokens, sigmas, noise

    def targets(self, x0: Tensor, tokens: Tensor, sigmas: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Clips, their captions and levels -> x0, sigmas and noise as `flow.loss` takes them: here the clips with fresh noise."""
        return x0, sigmas, torch.randn(x0.shape, generator=generator, device=x0.device)

    def _prepared(self) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
        """This step's batch, made by a worker meanwhile, and orders for those after it."""
        for step in range(self.step, self.step + 2 * self.plan.workers):
            if step not in self.ahead:
                self.ahead[step] = self.workers.submit(self._batch, step, 0)
        return self.ahead.pop(self.step).result()

    def _batch(self, step: int, worker: int) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
        """Latents, coverage, tokens and noise levels of a part of a step's batch, and the seed of its noise.

        Whole windows mostly; else a part of each, and more of them; else a few long clips. Always about as many latent frames.
        The first frame is out of sight where a window does not begin where its scene begins.
        """
        rng = np.random.default_rng([self.plan.seed, step, worker])
        pool = self.long if self.long and rng.random() < LONG_SHARE else self.pool
        frames = pool.groups if rng.random() < WHOLE_SHARE else int(rng.integers(2, pool.groups + 1))
        rows = rng.integers(pool.rows, size=max(1, self.plan.batch // self.parts * GROUPS // frames))
        for special, share in ((pool.hard, self.plan.hard), (pool.doubles, self.plan.pairs), (pool.cameras, self.plan.cameras)):
            chosen = rng.random(len(rows)) < share
            if len(special):
                rows[chosen] = special[rng.integers(len(special), size=int(chosen.sum()))]
        rows.sort()
        first = int(rng.integers(pool.groups - frames + 1)) if rng.random() < LATER_SHARE else 0
        part = slice(first, first + frames)
        x0 = torch.from_numpy(pool.latents[rows, part].astype(np.float32)).transpose(1, 2)
        cover = torch.from_numpy(pool.cover[rows, part].astype(np.float32) / 255)
        scenes = pool.scenes[rows]
        # Where the camera moves, all of the picture does, and every cell counts as a thing's.
        cover[torch.from_numpy(scenes[:, 11] != NONE)] = 1
        tokens = torch.tensor([tokens_of(scene, rng) for scene in scenes])
        absent = torch.from_numpy(scenes[:, 10].astype(np.int64) + first > 0)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return x0, cover, tokens, flow.draw_sigmas(len(rows), frames, generator, absent), int(rng.integers(2**62))

    def save(self, path: Path) -> None:
        """Write everything the next step reads."""
        state = {
            "plan": asdict(self.plan),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
            "step": self.step,
            "elapsed": self.elapsed,
        }
        save(state, path)

    def save_weights(self, path: Path) -> None:
        """The averaged net alone in 16 bits, for export and for later runs to start from: a sixth of a checkpoint."""
        state = {"plan": asdict(self.plan), "step": self.step, "elapsed": self.elapsed}
        save(state | {"average": {name: value.half() for name, value in self.average.state_dict().items()}}, path)

    def start_from(self, path: Path) -> None:
        """Take the weights of a checkpoint or of `restore.py`, of this size or a shallower or narrower one, and nothing else."""
        weights = torch.load(path, weights_only=True, map_location="cpu")
        self.model.grow_from(fitted(weights.get("average", weights), self.model.size))
        self.average.load_state_dict(self.model.state_dict())

    def load(self, path: Path) -> None:
        # Not on the plan's device: AdamW's step counters would stay there, and every step would wait for all of them.
        state = torch.load(path, weights_only=True, map_location="cpu")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            for group, old in zip(optimiser.param_groups, saved["param_groups"], strict=True):
                old.update({name: value for name, value in group.items() if name not in ("params", "lr")})
            optimiser.load_state_dict(saved)
        self.step, self.elapsed = state["step"], state["elapsed"]


def trained(net: Zoetrope) -> list[Tensor]:
    """The parameters of a net, or of its averaged copy, that a run trains."""
    return [p for p in net.parameters() if p.requires_grad]


def run(trainer: Trainer, folder: Path, start: Path | None = None) -> None:
    """Resume what `folder` holds or begin with the weights of `start`, and advance to the plan's end or to a signal to stop; prints loss,
    speed and time left, saves as it goes."""
    folder.mkdir(parents=True, exist_ok=True)
    if trainer.plan.device == "cpu":
        # Where one worker computes all of a batch, it does so in this thread.
        torch.set_num_threads(1)
    if (folder / "last.pt").exists():
        trainer.load(folder / "last.pt")
        print(f"resumed at step {trainer.step}")
    elif start:
        trainer.start_from(start)
    print(json.dumps(trainer.model.describe()), flush=True)
    stop = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.append(1))
    saved = logged = time.monotonic()
    values = []
    while trainer.progress() < 1 and not stop:
        values.append(trainer.advance())
        now = time.monotonic()
        if now - logged > 30 or trainer.progress() >= 1:
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
    trainer.save_weights(folder / "weights.pt")


def weights_of(autoencoder: Path, pool: Pool) -> Tensor:
    """What an error in each channel costs, measured on the pool's first latent frames with things in them."""
    has = (pool.cover[:60] > 5).mean((2, 3)) > 0.1
    return flow.channel_weights(Autoencoder.load(autoencoder).decoder, torch.from_numpy(pool.latents[:60][has][:48].astype(np.float32)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("runs/pool"))
    parser.add_argument("--long", type=Path, default=Path("runs/pool-long"), help="whole long clips; used where the folder exists")
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--folder", type=Path, default=Path("runs/s"))
    parser.add_argument("--start", type=Path, help="weights to begin with, where there is no run to resume")
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = vars(parser.parse_args())
    folder, pool, long, start, ends = (args.pop(name) for name in ("folder", "pool", "long", "start", "autoencoder"))
    plan = Plan(**args)
    if not (plan.steps or plan.seconds):
        parser.error("give --steps or --seconds")
    trainer = Trainer(plan, Pool(pool), weights_of(ends, Pool(pool)), Pool(long) if long.exists() else None)
    run(trainer, folder, start)


if __name__ == "__main__":
    main()
