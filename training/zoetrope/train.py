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
from .camera import SKY
from .captions import tokens_of
from .checkpoint import save
from .denoiser import SIZES, Zoetrope
from .optimiser import move, optimisers
from .patches import GRID
from .pool import GROUPS, LATER_SHARE, NONE, Pool
from .precision import bfloat16_autocast

WHOLE_SHARE = 0.6
LONG_SHARE, OWN_SHARE = 0.08, 0.3
# What an error counts in cells with a thing, and in a sky that passes by: its clouds are pale, and all that tells of a pan.
OBJECT_WEIGHT, PASSING_WEIGHT = 5.0, 20.0


@dataclass(frozen=True)
class Plan:
    """What a run is; `steps` or `seconds` ends it (0 = not used), the rate falls to zero over the last `decay` share.

    `pairs`, `hard` and `pans` are the shares of clips that are replaced by ones with two things, by ones that are hard to draw
    (`pool.is_hard`) and by ones whose camera pans under clouds, besides those that are such anyway.
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
    pans: float = 0.0
    save_every: float = 240.0
    device: str = "cuda" if torch.cuda.is_available() else "cpu"


class Trainer:
    """Owns the net, its averaged copy, the optimisers and the counters; `save` and `load` make runs resumable.

    `long` and `own`: pools of whole long clips and of clips that the net made (`own_clips.py`), where there are such; `weights` [C] as
    `flow.channel_weights` gives them.
    """

    def __init__(self, plan: Plan, pool: Pool, weights: Tensor, long: Pool | None = None, own: Pool | None = None):
        self.plan, self.pool, self.long, self.own = plan, pool, long, own
        torch.manual_seed(plan.seed)
        self.model = Zoetrope(SIZES[plan.size]).to(plan.device)
        self.model.denoiser.to(memory_format=torch.channels_last)
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
        params = list(self.model.parameters())
        for index, p in enumerate(params):
            p.grad = parts[0][1][index] if len(parts) == 1 else sum(grads[index] for _, grads in parts) / len(parts)
        move(self.optimisers, params, self.rate())
        keep = min(self.plan.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), params, 1 - keep)
        self.step += 1
        self.elapsed += time.monotonic() - began
        return sum(value for value, _ in parts) / len(parts)

    def _part(self, worker: int) -> tuple[float, list[Tensor]]:
        with bfloat16_autocast(self.plan.device):
            value = flow.loss(self.model, self.examples(worker), self.weights)
        grads = list(torch.autograd.grad(value, list(self.model.parameters())))
        return float(value.detach()), grads

    def examples(self, worker: int) -> flow.Examples:
        """What `flow.loss` takes of a part of this step's batch."""
        drawn = self._prepared() if self.parts == 1 else self._batch(self.step, worker)
        generator = torch.Generator(self.plan.device).manual_seed(self.step * self.parts + worker)
        return self.targets(drawn.to(self.plan.device), generator)

    def targets(self, drawn: flow.Examples, _generator: torch.Generator) -> flow.Examples:
        """What to learn of clips, on the plan's device: here the clips themselves."""
        return drawn

    def _prepared(self) -> flow.Examples:
        """This step's batch, made by a worker meanwhile, and orders for those after it."""
        for step in range(self.step, self.step + 2 * self.plan.workers):
            if step not in self.ahead:
                self.ahead[step] = self.workers.submit(self._batch, step, 0)
        return self.ahead.pop(self.step).result()

    def _batch(self, step: int, worker: int) -> flow.Examples:
        """A part of a step's batch, drawn and with fresh noise.

        Whole windows mostly; else a part of each, and more of them; else a few long clips, or clips the net made, which it learns to go
        on from. Always about as many latent frames. The first frame is out of sight where a window does not begin where its scene begins.
        """
        rng = np.random.default_rng([self.plan.seed, step, worker])
        pool = self._pool(rng.random())
        frames = pool.groups if rng.random() < WHOLE_SHARE else int(rng.integers(2, pool.groups + 1))
        rows = rng.integers(pool.rows, size=max(1, self.plan.batch // self.parts * GROUPS // frames))
        for special, share in ((pool.hard, self.plan.hard), (pool.doubles, self.plan.pairs), (pool.pans, self.plan.pans)):
            chosen = rng.random(len(rows)) < share
            if len(special):
                rows[chosen] = special[rng.integers(len(special), size=int(chosen.sum()))]
        rows.sort()
        first = int(rng.integers(pool.groups - frames + 1)) if rng.random() < LATER_SHARE else 0
        part = slice(first, first + frames)
        x0 = torch.from_numpy(pool.latents[rows, part].astype(np.float32)).transpose(1, 2)
        scenes = pool.scenes[rows]
        tokens = torch.tensor([tokens_of(scene, rng) for scene in scenes])
        absent = torch.from_numpy(scenes[:, 10].astype(np.int64) + first > 0)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        noise = torch.randn(x0.shape, generator=generator)
        if pool is not self.own:
            sigmas = flow.draw_sigmas(len(rows), frames, generator, absent)
            return flow.Examples(x0, cells_of(pool, rows, part), tokens, sigmas, sigmas, noise)
        sigmas = flow.draw_sigmas(len(rows), frames, generator, absent, beside_share=1.0)
        own = torch.from_numpy(pool.noise[rows, part].astype(np.float32)).transpose(1, 2)
        noise = torch.where((sigmas == 0)[:, None, :, None, None], own, noise)
        shown = flow.on_their_way(sigmas, prompted=(tokens[:, 1:] > 0).any(1))
        return flow.Examples(x0, cells_of(pool, rows, part), tokens, sigmas, shown, noise)

    def _pool(self, chance: float) -> Pool:
        if self.own and chance < OWN_SHARE:
            return self.own
        return self.long if self.long and chance > 1 - LONG_SHARE else self.pool

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
        """Take the weights of a checkpoint or of `restore.py`, of this size or a shallower one, and nothing else."""
        weights = torch.load(path, weights_only=True, map_location="cpu")
        self.model.grow_from(weights.get("average", weights))
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


def cells_of(pool: Pool, rows: np.ndarray, part: slice) -> Tensor:
    """What an error counts in each cell of the frames `part` of some rows, [B, T, 16, 16]; all of the picture where the camera moves."""
    cover = torch.from_numpy(pool.cover[rows, part].astype(np.float32) / 255)
    cells = 1 + (OBJECT_WEIGHT - 1) * (cover > 0.02).float()
    cells[torch.from_numpy(pool.scenes[rows, 11] != NONE)] = OBJECT_WEIGHT
    cells[torch.from_numpy(np.isin(rows, pool.pans)), :, : round(SKY * GRID)] = PASSING_WEIGHT
    return cells


def run(trainer: Trainer, folder: Path, start: Path | None = None) -> None:
    """Resume what `folder` holds or begin with the weights of `start`, and advance to the plan's end or to a signal to stop; prints loss,
    speed and time left, saves as it goes."""
    folder.mkdir(parents=True, exist_ok=True)
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
    trainer.save_weights(folder / "weights.pt")


def weights_of(autoencoder: Path, pool: Pool) -> Tensor:
    """What an error in each channel costs, measured on the pool's first latent frames with things in them."""
    has = (pool.cover[:60] > 5).mean((2, 3)) > 0.1
    return flow.channel_weights(Autoencoder.load(autoencoder).decoder, torch.from_numpy(pool.latents[:60][has][:48].astype(np.float32)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("runs/pool"))
    parser.add_argument("--long", type=Path, default=Path("runs/pool-long"), help="whole long clips; used where the folder exists")
    parser.add_argument("--own", type=Path, default=Path("runs/own"), help="clips that the net made; used where the folder exists")
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--folder", type=Path, default=Path("runs/s"))
    parser.add_argument("--start", type=Path, help="weights to begin with, where there is no run to resume")
    for name, value in asdict(Plan()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = vars(parser.parse_args())
    folder, pool, long, own, start, ends = (args.pop(name) for name in ("folder", "pool", "long", "own", "start", "autoencoder"))
    plan = Plan(**args)
    if not (plan.steps or plan.seconds):
        parser.error("give --steps or --seconds")
    long, own = (Pool(folder) if folder.exists() else None for folder in (long, own))
    trainer = Trainer(plan, Pool(pool), weights_of(ends, Pool(pool)), long, own)
    run(trainer, folder, start)


if __name__ == "__main__":
    main()
