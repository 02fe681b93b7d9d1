"""Distils a trained net into a student that takes few steps or is smaller, with the guidance built in: resumable, planned like `train`.

With `--jumps 0` the student learns the teacher's guided velocity at any level: one pass a step where the teacher needs two. Else the
shifted schedule has `jumps` levels. From each the teacher goes to the next one in `substeps` guided Euler steps, and the student learns
the one velocity that leads there (progressive distillation, Salimans & Ho 2022, in one round; with guidance, Meng et al. 2023).
Clips with a prompt learn that, whole or made beside finished frames, as edits use the net. Clips without a prompt and clips with a
level of their own in every frame learn the plain velocity, so the unconditional pass and free levels stay as they were; the two
never ask for different answers to one input. The teacher's word is dear: each is learnt from `echo` times, steps apart (data echoing,
Choi et al. 2019).
"""

import argparse
import json
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import flow
from .denoiser import Zoetrope
from .export import GUIDANCE, SHIFT, load_checkpoint
from .pool import Pool
from .train import Plan, Trainer, run, weights_of

# The first level of the schedule is 1, which the loss takes for a frame that is out of sight.
TOP = 0.9999
# So many answered parts of batches are kept to be learnt from again.
KEPT = 48


@dataclass(frozen=True)
class DistilPlan(Plan):
    """`jumps` steps of the student, each as far as `substeps` of the teacher; 0 jumps: any number of steps, each like the teacher's.

    `echo`: how often each of the teacher's answers is learnt from, on average.
    """

    size: str = ""
    lr: float = 4e-4
    warmup: int = 30
    decay: float = 0.7
    ema: float = 0.995
    jumps: int = 4
    substeps: int = 4
    guidance: float = GUIDANCE
    shift: float = SHIFT
    echo: int = 1


class Student(Trainer):
    """A trainer whose targets come from a finished net, whose weights too where both are of one size; checkpoints as of `train`."""

    def __init__(self, plan: DistilPlan, pool: Pool, weights: Tensor, teacher: Zoetrope, long: Pool | None = None):
        super().__init__(plan, pool, weights, long)
        self.teacher = teacher.eval().requires_grad_(False).to(plan.device)
        self.teacher.denoiser.to(memory_format=torch.channels_last)
        if self.model.size == teacher.size:
            self.model.load_state_dict(teacher.state_dict())
            self.average.load_state_dict(teacher.state_dict())
        self.answered: list[deque] = [deque(maxlen=KEPT) for _ in range(self.parts)]

    def examples(self, worker: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Fresh ones at every `echo`th step and until there are enough to choose from, also when resumed; else some of those."""
        kept = self.answered[worker]
        if self.step % self.plan.echo == 0 or len(kept) < KEPT // 4:
            kept.append(super().examples(worker))
            return kept[-1]
        return kept[np.random.default_rng([self.plan.seed, self.step, worker]).integers(len(kept))]

    @torch.no_grad()
    def targets(self, x0: Tensor, tokens: Tensor, sigmas: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Clips, their captions and levels as for training -> x0, sigmas and noise as `flow.loss` takes them.

        Where the teacher leads, x0 and noise are not those of the clip but the ends of the straight line that goes through the noisy
        clip and through what the teacher makes of it, so the loss's own target is the teacher's velocity. For a jump the level
        is one of the schedule's.
        """
        noise = torch.randn(x0.shape, generator=generator, device=x0.device)
        made = (sigmas > 0) & (sigmas < 1)
        lowest = torch.where(made, sigmas, 2.0).amin(1, keepdim=True)
        led = (~made | (sigmas == lowest)).all(1) & (tokens[:, 1:] > 0).any(1)
        if not led.any():
            return x0, sigmas, noise
        if self.plan.jumps:
            number = torch.randint(self.plan.jumps, (len(x0),), generator=generator, device=x0.device)
            # A first frame out of sight stands at level 1, as all of a clip does at the first jump: those begin at the second.
            hidden = (sigmas[:, 0] == 1) & (sigmas > 0).all(1)
            number = torch.where(hidden & (number == 0), min(1, self.plan.jumps - 1), number)
            sigmas = torch.where(led[:, None] & made, _levels(self.plan.jumps, self.plan.shift, x0)[number][:, None], sigmas)
        level = sigmas[led][:, None, :, None, None]
        x = (1 - level) * x0[led] + level * noise[led]
        if self.plan.jumps:
            velocity = jump(self.teacher, x, sigmas[led], made[led], tokens[led], number[led], self.plan)
        else:
            velocity = guided(self.teacher, x, sigmas[led], tokens[led], self.plan.guidance)
        x0, noise = x0.clone(), noise.clone()
        x0[led], noise[led] = x - level * velocity, x + (1 - level) * velocity
        return x0, sigmas, noise


def _levels(steps: int, shift: float, like: Tensor) -> Tensor:
    return torch.tensor(flow.schedule(steps, shift), device=like.device).clamp(max=TOP)


def jump(teacher: Zoetrope, x: Tensor, sigmas: Tensor, made: Tensor, tokens: Tensor, number: Tensor, plan: DistilPlan) -> Tensor:
    """The velocity that leads in one step to where the teacher goes from jump `number` [B] of the schedule to the next, like x.

    x [B, C, T, H, W] at sigmas [B, T]; frames that are not `made` [B, T] stay as they are and get velocity 0.
    """
    fine, start, now = _levels(plan.jumps * plan.substeps, plan.shift, x), x, sigmas
    for step in range(plan.substeps):
        after = torch.where(made, fine[number * plan.substeps + step + 1][:, None], sigmas)
        x = x + (after - now)[:, None, :, None, None] * guided(teacher, x, now, tokens, plan.guidance)
        now = after
    return (x - start) / torch.where(made, now - sigmas, 1.0)[:, None, :, None, None]


def guided(teacher: Zoetrope, x: Tensor, sigmas: Tensor, tokens: Tensor, guidance: float) -> Tensor:
    """The teacher's velocity with classifier-free guidance where that is in use, like x [B, C, T, H, W]; sigmas [B, T]."""
    high = torch.where(sigmas > 0, sigmas, 1.0).amin(1) > flow.GUIDANCE_UNTIL
    empty = flow.empty_tokens(int(high.sum())).to(x.device)
    both = teacher(torch.cat([x, x[high]]), torch.cat([sigmas, sigmas[high]]), torch.cat([tokens, empty]))
    velocity, uncond = both[: len(x)].clone(), both[len(x) :]
    velocity[high] = uncond + guidance * (velocity[high] - uncond)
    return velocity


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, default=Path("runs/m/last.pt"))
    parser.add_argument("--pool", type=Path, default=Path("runs/pool"))
    parser.add_argument("--long", type=Path, default=Path("runs/pool-long"), help="whole long clips; used where the folder exists")
    parser.add_argument("--autoencoder", type=Path, default=Path("runs/autoencoder.pt"))
    parser.add_argument("--folder", type=Path, default=Path("runs/m-fast"))
    parser.add_argument("--start", type=Path, help="weights to begin with, where the student is of another size")
    for name, value in asdict(DistilPlan()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = vars(parser.parse_args())
    folder, teacher, pool, long, ends, start = (args.pop(name) for name in ("folder", "teacher", "pool", "long", "autoencoder", "start"))
    if not (args["steps"] or args["seconds"]):
        parser.error("give --steps or --seconds")
    net, facts = load_checkpoint(teacher)
    plan = DistilPlan(**args | {"size": args["size"] or facts["size"]})
    student = Student(plan, Pool(pool), weights_of(ends, Pool(pool)), net, Pool(long) if long.exists() else None)
    print(json.dumps({"teacher": facts}), flush=True)
    run(student, folder, start)


if __name__ == "__main__":
    main()
