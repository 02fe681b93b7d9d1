"""Trains the decoder's refiner on freshly drawn groups; the encoder is fixed, so the denoiser trains at the same time."""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .autoencoder import Decoder
from .patches import Patches, blocks, cell_cover, grouped
from .render import render
from .scenes import sample_scene

OBJECT_WEIGHT = 10.0
LATENT_NOISE = 0.12


def batch_of(patches: Patches, seed: list[int], clips: int, groups: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw groups from new scenes: (latents [N, C, 16, 16], pictures [N, 12, 128, 128], weights [N, 1, 128, 128])."""
    rng = np.random.default_rng(seed)
    latents, pictures, weights = [], [], []
    for _ in range(clips):
        frames, cover = render(sample_scene(rng))
        pick = rng.permutation(5)[:groups]
        cut = blocks(grouped(frames)[pick])
        raw = ((cut - patches.mean) @ patches.basis.T - patches.offset) / patches.std
        latents.append(raw.transpose(0, 3, 1, 2))
        pictures.append(grouped(frames)[pick].transpose(0, 1, 4, 2, 3).reshape(len(pick), -1, 128, 128))
        has = np.kron(cell_cover(cover)[pick] > 0.02, np.ones((1, 8, 8)))
        weights.append(1 + (OBJECT_WEIGHT - 1) * has[:, None])
    return tuple(torch.from_numpy(np.concatenate(a).astype(np.float32)) for a in (latents, pictures, weights))


def loss(decoder: Decoder, latents: Tensor, pictures: Tensor, weights: Tensor) -> tuple[Tensor, float]:
    """Weighted smooth absolute error on noisy latents, and the squared error on object cells for the log."""
    error = decoder.picture(latents + LATENT_NOISE * torch.rand(len(latents), 1, 1, 1) * torch.randn_like(latents)) - pictures / 255
    objects = weights > 1.5
    squared = float((error.detach().square() * objects).sum() / objects.sum().clamp(min=1) / error.shape[1])
    return (((error.square() + 1e-4).sqrt() - 0.01) * weights).mean() * 10, squared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("runs/pool"))
    parser.add_argument("--out", type=Path, default=Path("runs/decoder.pt"))
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--lr", type=float, default=2e-3)
    args = parser.parse_args()
    patches = Patches.load(args.pool / "patches.npz")
    torch.manual_seed(3)
    decoder = Decoder(patches).to(memory_format=torch.channels_last)
    if args.out.exists():
        decoder.load_state_dict(torch.load(args.out, weights_only=True))
    optimiser = torch.optim.AdamW(decoder.refiner.parameters(), args.lr, betas=(0.9, 0.98), weight_decay=0.01)
    torch.set_num_threads(1)
    began = saved = time.monotonic()
    salt = int(time.time())
    step, errors = 0, []
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(batch_of, patches, [salt, 0], 3, 2)
        while (used := time.monotonic() - began) < args.seconds:
            batch = coming.result()
            step += 1
            coming = ahead.submit(batch_of, patches, [salt, step], 3, 2)
            for group in optimiser.param_groups:
                group["lr"] = args.lr * min(1.0, step / 50, (1 - used / args.seconds) / 0.5)
            value, squared = loss(decoder, *batch)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(decoder.refiner.parameters(), 1.0)
            optimiser.step()
            errors.append(squared)
            if time.monotonic() - saved > 45:
                psnr = round(-10 * float(np.log10(np.mean(errors))), 2)
                print(json.dumps({"step": step, "object_psnr": psnr, "left_s": round(args.seconds - used)}), flush=True)
                saved, errors = time.monotonic(), []
                save(decoder, args.out)
    save(decoder, args.out)


def save(decoder: Decoder, path: Path) -> None:
    torch.save(decoder.state_dict(), path.with_suffix(".tmp"))
    path.with_suffix(".tmp").rename(path)


if __name__ == "__main__":
    main()
