"""The two ends of latent space zoetrope-v1 as networks: the linear encoder, and the decoder with its refiner.

The decoder is the encoder's transpose plus a convolutional refiner that starts at zero and looks at one group of
4 frames at a time, so every group decodes the same alone or in a batch.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .patches import CHANNELS, GROUP, PATCH, Patches

PICTURE = GROUP * 3


class Encoder(nn.Module):
    """frames f32 [N, 4, 3, 128, 128] in [0, 1] -> normalised latents [N, C, 16, 16]."""

    def __init__(self, patches: Patches):
        super().__init__()
        basis = torch.from_numpy(patches.basis)
        std = torch.from_numpy(patches.std)
        self.map = nn.Conv2d(PICTURE, CHANNELS, PATCH, stride=PATCH)
        with torch.no_grad():
            self.map.weight.copy_((basis / std[:, None]).reshape(CHANNELS, PICTURE, PATCH, PATCH))
            self.map.bias.copy_(-(basis @ torch.from_numpy(patches.mean) + torch.from_numpy(patches.offset)) / std)

    def forward(self, frames: Tensor) -> Tensor:
        return self.map(frames.flatten(1, 2))


class Residual(nn.Module):
    """x + two 3x3 convolutions, the second zero at first."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(x))))


class Refiner(nn.Module):
    """Latents [N, C, 16, 16] and the linear picture [N, 12, 128, 128] -> correction of the picture.

    Context is gathered at 16x16 and 32x32, pixels are corrected at 64x64 with 2x2 pixels to the cell.
    """

    def __init__(self, wide: int = 128, middle: int = 64, fine: int = 48):
        super().__init__()
        self.enter = nn.Conv2d(CHANNELS, wide, 3, padding=1)
        self.coarse = nn.Sequential(Residual(wide), Residual(wide))
        self.to_middle = nn.Conv2d(wide, 4 * middle, 1)
        self.middle = Residual(middle)
        self.to_fine = nn.Conv2d(middle, 4 * fine, 1)
        self.picture = nn.Conv2d(4 * PICTURE, fine, 3, padding=1)
        self.fine = Residual(fine)
        self.leave = nn.Conv2d(fine, 4 * PICTURE, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, latents: Tensor, picture: Tensor) -> Tensor:
        x = self.coarse(self.enter(latents))
        x = self.middle(F.pixel_shuffle(self.to_middle(x), 2))
        x = F.pixel_shuffle(self.to_fine(x), 2)
        x = self.fine(x + self.picture(F.pixel_unshuffle(picture, 2)))
        return F.pixel_shuffle(self.leave(F.silu(x)), 2)


class Decoder(nn.Module):
    """Normalised latents [N, C, 16, 16] -> frames f32 [N, 4, 3, 128, 128] in [0, 1]."""

    def __init__(self, patches: Patches):
        super().__init__()
        basis, std = torch.from_numpy(patches.basis), torch.from_numpy(patches.std)
        self.map = nn.Conv2d(CHANNELS, basis.shape[1], 1).requires_grad_(False)
        with torch.no_grad():
            self.map.weight.copy_((basis * std[:, None]).T[..., None, None])
            self.map.bias.copy_(torch.from_numpy(patches.mean) + torch.from_numpy(patches.offset) @ basis)
        self.refiner = Refiner()

    def forward(self, latents: Tensor) -> Tensor:
        return self.picture(latents).clamp(0, 1).unflatten(1, (GROUP, 3))

    def picture(self, latents: Tensor) -> Tensor:
        """Without the clamp: [N, 12, 128, 128]."""
        linear = F.pixel_shuffle(self.map(latents), PATCH)
        return linear + self.refiner(latents, linear)


class LinearDecoder(nn.Module):
    """A decoder without its refiner; same interface."""

    def __init__(self, decoder: Decoder):
        super().__init__()
        self.map = decoder.map

    def forward(self, latents: Tensor) -> Tensor:
        return F.pixel_shuffle(self.map(latents), PATCH).clamp(0, 1).unflatten(1, (GROUP, 3))


def frames_of(decoder: Decoder, latents: Tensor) -> Tensor:
    """Clips [B, C, T, 16, 16] -> uint8 RGB [B, 1 + 4 (T - 1), 128, 128, 3]; of the first group only the last frame counts."""
    batch = len(latents)
    groups = decoder(latents.transpose(1, 2).flatten(0, 1)).unflatten(0, (batch, -1))
    video = torch.cat([groups[:, :1, -1], groups[:, 1:].flatten(1, 2)], 1)
    return (video * 255 + 0.5).to(torch.uint8).permute(0, 1, 3, 4, 2)
