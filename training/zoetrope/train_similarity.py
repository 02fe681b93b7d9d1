"""Trains the text-video similarity model on freshly drawn clips: resumable, planned by wall clock.

A batch of random captions teaches only colour and background, so each clip also meets captions that are wrong in exactly one
thing. Half of the clips are degraded a little, so that what a model makes or a codec leaves lies within what was seen.
"""

import argparse
import io
import json
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool as Processes
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from . import vocabulary as v
from .captions import tokens_of
from .checkpoint import save
from .optimiser import move, optimisers
from .pool import NONE, scene_row
from .render import SIZE, render
from .scenes import ROUND, sample_scene
from .similarity import FRAMES_SEEN, SIDE, Similarity

PAIR_SHARE = 0.3
FEWEST_SEEN = 5
DEGRADED_SHARE, JPEG_SHARE = 0.5, 0.1
GROUPS = {"shape": v.SHAPES, "colour": v.COLOURS, "motion": v.MOTIONS, "background": v.BACKGROUNDS}
KINDS = (*GROUPS, "swap")
# How often each kind is among the wrong captions: what is hard to see more often.
WEIGHTS = np.array([0.28, 0.18, 0.28, 0.12, 0.14])
GROUP_OF = {v.TOKEN_OF[word]: name for name, words in GROUPS.items() for word in words}
AND, SPINS, ROUND_TOKENS = v.TOKEN_OF["and"], v.TOKEN_OF["spins"], {v.TOKEN_OF[shape] for shape in ROUND}
MIRRORED = {"right": "left", "left": "right"}
REVERSED = {**MIRRORED, "rises": "falls", "falls": "rises", "grows": "shrinks", "shrinks": "grows"}
REVERSED_BACKGROUND = {"nightfall": "daybreak", "daybreak": "nightfall"}


def clip_of(held_out: bool, seed: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """One new scene: every second of its 17 frames at half size, uint8 [9, 3, 64, 64], and its row (see `pool.scene_row`)."""
    scene = sample_scene(np.random.default_rng(seed), held_out, PAIR_SHARE)
    return small(render(scene)[0]), scene_row(scene, 0)


def small(frames: np.ndarray) -> np.ndarray:
    """uint8 RGB frames of a clip [F, 128, 128, 3] -> what the video tower sees of it, uint8 [9, 3, 64, 64] (halved by the mean of 2x2)."""
    seen = frames[np.linspace(0, len(frames) - 1, FRAMES_SEEN).round().astype(int)]
    halved = seen.reshape(FRAMES_SEEN, SIDE, SIZE // SIDE, SIDE, SIZE // SIDE, 3).mean((2, 4))
    return (halved + 0.5).astype(np.uint8).transpose(0, 3, 1, 2)


def bank(scenes: int, salt: int, processes: int, held_out: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Many new scenes: frames uint8 [N, 9, 3, 64, 64] and rows uint8 [N, ROW]."""
    with Processes(processes) as workers:
        clips, rows = zip(*workers.imap(partial(clip_of, held_out), [[salt, index] for index in range(scenes)], chunksize=50), strict=True)
    return np.stack(clips), np.stack(rows)


def turned(frames: np.ndarray, row: np.ndarray, mirror: bool, reverse: bool) -> tuple[np.ndarray, np.ndarray]:
    """The clip in a mirror or backwards, with the row of what it then shows; no camera moves in what the judge sees."""
    assert row[11] == NONE
    row = row.copy()
    if mirror:
        frames = frames[..., ::-1]
        _rename(row, MIRRORED)
        if row[1] == 2:
            row[2:10] = np.roll(row[2:10], 4)
    if reverse:
        frames = frames[::-1]
        _rename(row, REVERSED)
        name = v.BACKGROUNDS[row[0]]
        row[0] = v.BACKGROUNDS.index(REVERSED_BACKGROUND.get(name, name))
    return frames, row


def _rename(row: np.ndarray, names: dict[str, str]) -> None:
    for at in (5, 9):
        if row[at] != NONE:
            motion = v.MOTIONS[row[at]]
            row[at] = v.MOTIONS.index(names.get(motion, motion))


def wrong_caption(tokens: list[int], kind: str, rng: np.random.Generator) -> list[int] | None:
    """The caption with one attribute of `kind` changed, or for "swap" with its two things or one attribute of theirs exchanged.

    None where the caption does not name it, or where nobody could see the difference (a ball that spins).
    """
    words = [token for token in tokens if token > v.UNKNOWN]
    altered = _exchanged(words, rng) if kind == "swap" else _changed(words, kind, rng)
    if altered is None or altered == words or any(SPINS in thing and ROUND_TOKENS & set(thing) for thing in _things(altered)):
        return None
    return v.pad(altered)


def _things(words: list[int]) -> list[list[int]]:
    named = [word for word in words if GROUP_OF.get(word) != "background"]
    return [named[: named.index(AND)], named[named.index(AND) + 1 :]] if AND in named else [named]


def _changed(words: list[int], kind: str, rng: np.random.Generator) -> list[int] | None:
    places = [at for at, word in enumerate(words) if GROUP_OF.get(word) == kind]
    if not places:
        return None
    at = places[rng.integers(len(places))]
    others = [v.TOKEN_OF[word] for word in GROUPS[kind] if v.TOKEN_OF[word] != words[at]]
    return [*words[:at], others[rng.integers(len(others))], *words[at + 1 :]]


def _exchanged(words: list[int], rng: np.random.Generator) -> list[int] | None:
    if AND not in words:
        return None
    what = ("all", "shape", "colour", "motion")[rng.integers(4)]
    if what == "all":
        first, second = _things(words)
        before = words[:1] if GROUP_OF.get(words[0]) == "background" else []
        after = words[-1:] if GROUP_OF.get(words[-1]) == "background" else []
        return [*before, *second, AND, *first, *after]
    places = [at for at, word in enumerate(words) if GROUP_OF.get(word) == what]
    if len(places) != 2:
        return None
    altered = list(words)
    altered[places[0]], altered[places[1]] = words[places[1]], words[places[0]]
    return altered


def wrong_captions(tokens: list[int], number: int, rng: np.random.Generator) -> list[list[int]]:
    """`number` captions of mixed kinds; a shape is always named, so there always are some."""
    out = []
    while len(out) < number:
        caption = wrong_caption(tokens, KINDS[rng.choice(len(KINDS), p=WEIGHTS)], rng)
        if caption:
            out.append(caption)
    return out


def degrade(clips: np.ndarray, rng: np.random.Generator) -> Tensor:
    """uint8 clips [B, F, 3, 64, 64] -> f32 in [0, 1]; many with noise of pixels and of soft patches, some blurred or through JPEG."""
    clips = np.stack([_jpeg(clip, int(rng.integers(25, 75))) if rng.random() < JPEG_SHARE else clip for clip in clips])
    out = torch.from_numpy(np.ascontiguousarray(clips)).float() / 255
    for at in np.flatnonzero(rng.random(len(out)) < DEGRADED_SHARE):
        out[at] = _disturbed(out[at], rng)
    return out.clamp(0, 1)


def _disturbed(clip: Tensor, rng: np.random.Generator) -> Tensor:
    frames = len(clip)
    fine = torch.from_numpy(rng.standard_normal(clip.shape, dtype=np.float32))
    soft = torch.from_numpy(rng.standard_normal((frames, 3, 8, 8), dtype=np.float32))
    soft = F.interpolate(soft, SIDE, mode="bilinear", align_corners=False)
    if rng.random() < 0.5:
        share = 0.8 * rng.random()
        clip = (1 - share) * clip + share * F.avg_pool2d(F.pad(clip, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return clip + 0.05 * rng.random() * fine + 0.06 * rng.random() * soft


def _jpeg(clip: np.ndarray, quality: int) -> np.ndarray:
    out = []
    for frame in clip:
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(frame.transpose(1, 2, 0))).save(file, "JPEG", quality=quality)
        out.append(np.asarray(Image.open(file)).transpose(2, 0, 1))
    return np.stack(out)


class Trainer:
    """Owns the net, its optimisers and the counters; step k draws its batch from (salt, k) alone."""

    def __init__(self, clips: np.ndarray, rows: np.ndarray, salt: int, args: argparse.Namespace):
        self.clips, self.rows, self.salt, self.args = clips, rows, salt, args
        self.net = Similarity()
        self.optimisers = optimisers(self.net, args.lr)
        self.step, self.elapsed = 0, 0.0

    def advance(self) -> tuple[float, float]:
        """One step; returns the loss and the share of clips nearer to their caption than to all their wrong ones."""
        began = time.monotonic()
        frames, tokens, wrong = self.batch()
        video = self.net.video(frames)
        vectors = self.net.text(torch.cat([tokens, wrong.flatten(0, 1)]))
        text, others = vectors[: len(tokens)], vectors[len(tokens) :].unflatten(0, wrong.shape[:2])
        value = self.net.loss(video, text, others)
        self.net.zero_grad(set_to_none=True)
        value.backward()
        rate = self.args.lr * min(1.0, (self.step + 1) / 40, max(0.0, 1 - self.elapsed / self.args.seconds) / 0.6)
        move(self.optimisers, list(self.net.parameters()), rate)
        self.step += 1
        self.elapsed += time.monotonic() - began
        with torch.no_grad():
            right = ((video * text).sum(-1) > torch.einsum("be,bke->bk", video, others).amax(1)).float().mean()
        return float(value.detach()), float(right)

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Frames f32 [B, F, 3, 64, 64], captions [B, L] and wrong captions [B, K, L]; F is one number from FEWEST_SEEN to 9 for all."""
        rng = np.random.default_rng([self.salt, self.step])
        seen = np.linspace(0, FRAMES_SEEN - 1, int(rng.integers(FEWEST_SEEN, FRAMES_SEEN + 1))).round().astype(int)
        chosen = rng.integers(len(self.clips), size=self.args.batch)
        pairs = [turned(self.clips[i, seen], self.rows[i], rng.random() < 0.5, rng.random() < 0.5) for i in chosen]
        captions = [tokens_of(row, rng, drop=0) for _, row in pairs]
        wrong = [wrong_captions(tokens, self.args.wrong, rng) for tokens in captions]
        return degrade(np.stack([frames for frames, _ in pairs]), rng), torch.tensor(captions), torch.tensor(wrong)

    def save(self, path: Path) -> None:
        state = {
            "model": self.net.state_dict(),
            "optimisers": [o.state_dict() for o in self.optimisers],
            "step": self.step,
            "elapsed": self.elapsed,
        }
        save(state, path)

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.net.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.elapsed = state["step"], state["elapsed"]


def run(trainer: Trainer, path: Path, stopped: Callable[[], bool]) -> None:
    """Advance until the time is over or someone stops it; prints how it goes every 15 s and saves every minute."""
    logged = saved = time.monotonic()
    seen = []
    while trainer.elapsed < trainer.args.seconds and not stopped():
        seen.append(trainer.advance())
        now = time.monotonic()
        if now - logged > 15:
            loss, right = np.mean(seen, 0)
            line = {"step": trainer.step, "loss": round(float(loss), 3), "right_before_all_wrong": round(float(right), 3)}
            speed = {"clips_per_s": round(len(seen) * trainer.args.batch / (now - logged), 1)}
            print(json.dumps(line | speed | {"left_s": round(trainer.args.seconds - trainer.elapsed)}), flush=True)
            seen, logged = [], now
        if now - saved > 60:
            trainer.save(path)
            saved = now
    trainer.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/similarity.pt"))
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--scenes", type=int, default=4000, help="scenes drawn at the start")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--wrong", type=int, default=8, help="wrong captions for each clip")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    salt = int(time.time())
    began = time.monotonic()
    clips, rows = bank(args.scenes, salt, args.workers)
    print(f"{len(clips)} clips drawn in {time.monotonic() - began:.0f} s", flush=True)
    torch.manual_seed(salt)
    trainer = Trainer(clips, rows, salt, args)
    if args.out.exists():
        trainer.load(args.out)
        print(f"resumed at step {trainer.step}")
    stop = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.append(1))
    run(trainer, args.out, lambda: bool(stop))


if __name__ == "__main__":
    main()
