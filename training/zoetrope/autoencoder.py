"""The two ends of latent space zoetrope-v2: a group of 4 frames [4, 3, 128, 128] <-> latents [CHANNELS, 16, 16].

Both ends see one group at a time, so every group decodes the same alone or in a batch. They are trained together under
noise in the latents (`train_autoencoder.py`), so the decoder draws clean pictures from latents that are only nearly right.
"""

import copy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .checkpoint import save
from .half import round_weights
from .patches import CHANNELS, GROUP, PATCH, Patches, grouped

PICTURE = GROUP * 3


class Residual(nn.Module):
    """x + two 3x3 convolutions, the second zero at first."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(x))))


class Encoder(nn.Module):
    """frames f32 [N, 4, 3, 128, 128] in [0, 1] -> latents [N, C, 16, 16]: a linear map of 8x8 blocks, corrected by convolutions."""

    def __init__(self, width: int = 96):
        super().__init__()
        self.map = nn.Conv2d(PICTURE, CHANNELS, PATCH, stride=PATCH)
        self.blocks = nn.Conv2d(PICTURE, width, PATCH, stride=PATCH)
        self.correct = nn.Sequential(Residual(width), Residual(width), nn.SiLU(), nn.Conv2d(width, CHANNELS, 1))
        nn.init.zeros_(self.correct[-1].weight)
        nn.init.zeros_(self.correct[-1].bias)

    def forward(self, frames: Tensor) -> Tensor:
        x = frames.flatten(1, 2)
        return self.map(x) + self.correct(self.blocks(x - 0.5))


class Refiner(nn.Module):
    """Latents [N, C, 16, 16] and the linear picture [N, 12, 128, 128] -> the picture.

    Context is gathered at 16x16 and 32x32, pixels are corrected at 64x64 with 2x2 pixels to the cell. Another picture is corrected at
    32x32 and widened smoothly, so it has neither a grid nor edges; in every frame each pixel takes its share of either. So what is even
    stays even. Things are laid over that: their colours are known at 32x32 and widened, their outlines come from a smooth field that is
    corrected at 64x64. So what is behind a thing need not change where it comes and goes, and nothing is left of it there.
    """

    def __init__(self, wide: int = 128, middle: int = 64, fine: int = 48):
        super().__init__()
        self.enter = nn.Conv2d(CHANNELS, wide, 3, padding=1)
        self.coarse = nn.Sequential(*(Residual(wide) for _ in range(8)))
        self.to_middle = nn.Conv2d(wide, 4 * middle, 1)
        self.middle = nn.Sequential(*(Residual(middle) for _ in range(4)))
        self.even = nn.Conv2d(middle, PICTURE, 1)
        self.to_fine = nn.Conv2d(middle, 4 * fine, 1)
        self.picture = nn.Conv2d(4 * PICTURE, fine, 3, padding=1)
        self.fine = nn.Sequential(Residual(fine), Residual(fine))
        self.leave = nn.Conv2d(fine, 4 * PICTURE, 3, padding=1)
        self.share = nn.Conv2d(fine, 4 * GROUP, 3, padding=1)
        self.colour, self.field = nn.Conv2d(middle, PICTURE, 1), nn.Conv2d(middle, GROUP, 1)
        self.outline = nn.Conv2d(fine, 4 * GROUP, 3, padding=1)
        for layer in (self.even, self.leave, self.share, self.colour, self.field, self.outline):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        for layer, value in ((self.share, 3.0), (self.colour, 0.5), (self.field, -4.0)):
            nn.init.constant_(layer.bias, value)

    def forward(self, latents: Tensor, picture: Tensor) -> Tensor:
        return self.paint(*self.features(latents, picture), picture)[0]

    def features(self, latents: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
        """What is known of the cells at 32x32 and at 64x64."""
        x = self.coarse(self.enter(latents))
        middle = self.middle(F.pixel_shuffle(self.to_middle(x), 2))
        x = F.pixel_shuffle(self.to_fine(middle), 2)
        return F.silu(middle), F.silu(self.fine(x + self.picture(F.pixel_unshuffle(picture, 2))))

    def paint(self, middle: Tensor, fine: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
        """`features` and the linear picture -> the picture, [N, 12, 128, 128], and where it shows things, as logits, [N, 4, 128, 128]."""
        sharp = (picture + F.pixel_shuffle(self.leave(fine), 2)).unflatten(1, (GROUP, 3))
        even = widened(F.avg_pool2d(picture, 4) + self.even(middle)).unflatten(1, (GROUP, 3))
        share = torch.sigmoid(F.pixel_shuffle(self.share(fine), 2))[:, :, None]
        behind = even + share * (sharp - even)
        colour = widened(self.colour(middle)).unflatten(1, (GROUP, 3))
        covered = widened(self.field(middle)) + F.pixel_shuffle(self.outline(fine), 2)
        return (behind + torch.sigmoid(covered)[:, :, None] * (colour - behind)).flatten(1, 2), covered


def widened(x: Tensor) -> Tensor:
    """32x32 -> 128x128, without edges."""
    return F.interpolate(x, scale_factor=4, mode="bilinear")


class Decoder(nn.Module):
    """Latents [N, C, 16, 16] -> frames f32 [N, 4, 3, 128, 128] in [0, 1]."""

    def __init__(self):
        super().__init__()
        self.map = nn.Conv2d(CHANNELS, PICTURE * PATCH * PATCH, 1)
        self.refiner = Refiner()

    def forward(self, latents: Tensor) -> Tensor:
        return self.picture(latents).clamp(0, 1).unflatten(1, (GROUP, 3))

    def picture(self, latents: Tensor) -> Tensor:
        """Without the clamp: [N, 12, 128, 128]."""
        return self.refiner(latents, self.linear(latents))

    def linear(self, latents: Tensor) -> Tensor:
        """Without the refiner: [N, 12, 128, 128]."""
        return F.pixel_shuffle(self.map(latents), PATCH)


class LinearDecoder(nn.Module):
    """A decoder without its refiner; same interface."""

    def __init__(self, decoder: Decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, latents: Tensor) -> Tensor:
        return self.decoder.linear(latents).clamp(0, 1).unflatten(1, (GROUP, 3))


class Autoencoder(nn.Module):
    """Both ends, as they are trained and kept in one file; `norm` holds every channel of the latents at mean 0 and variance 1."""

    def __init__(self, patches: Patches | None = None):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()
        self.norm = nn.BatchNorm2d(CHANNELS, affine=False, momentum=0.02)
        if patches is not None:
            self._begin_as(patches)

    @torch.no_grad()
    def _begin_as(self, patches: Patches) -> None:
        """Both linear maps are the principal components at first."""
        basis, std, mean, offset = map(torch.from_numpy, (patches.basis, patches.std, patches.mean, patches.offset))
        self.encoder.map.weight.copy_((basis / std[:, None]).reshape(CHANNELS, PICTURE, PATCH, PATCH))
        self.encoder.map.bias.copy_(-(basis @ mean + offset) / std)
        self.decoder.map.weight.copy_((basis * std[:, None]).T[..., None, None])
        self.decoder.map.bias.copy_(mean + offset @ basis)

    def encode(self, frames: Tensor) -> Tensor:
        """Frames -> normalised latents, shapes as in `Encoder`."""
        return self.norm(self.encoder(frames))

    @torch.no_grad()
    def settled(self) -> "Autoencoder":
        """The same autoencoder whose norm is the identity: mean and variance moved into the encoder's last layers."""
        out = copy.deepcopy(self).eval()
        scale = torch.rsqrt(out.norm.running_var + out.norm.eps)
        for layer in (out.encoder.map, out.encoder.correct[-1]):
            layer.weight.mul_(scale[:, None, None, None])
            layer.bias.mul_(scale)
        out.encoder.map.bias.sub_(out.norm.running_mean * scale)
        out.norm.running_mean.zero_()
        out.norm.running_var.fill_(1 - out.norm.eps)
        return out

    @staticmethod
    def load(path: Path) -> "Autoencoder":
        """Both ends as they are shipped: settled and rounded."""
        net = Autoencoder()
        net.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        return round_weights(net.settled())

    def save(self, path: Path) -> None:
        save(self.state_dict(), path)


def pictures_of(frames: np.ndarray) -> Tensor:
    """uint8 RGB frames, 1 + 4n or 4n of them, [F, 128, 128, 3] -> what the encoder takes, f32 [groups, 4, 3, 128, 128] in [0, 1]."""
    return torch.from_numpy(grouped(frames).transpose(0, 1, 4, 2, 3)).float() / 255


def frames_of(decoder: Decoder, latents: Tensor) -> Tensor:
    """Clips [B, C, T, 16, 16] -> uint8 RGB [B, 1 + 4 (T - 1), 128, 128, 3]; of the first group only the last frame counts."""
    batch = len(latents)
    groups = decoder(latents.transpose(1, 2).flatten(0, 1)).unflatten(0, (batch, -1))
    video = torch.cat([groups[:, :1, -1], groups[:, 1:].flatten(1, 2)], 1)
    return (video * 255 + 0.5).to(torch.uint8).permute(0, 1, 3, 4, 2)
