"""A text-video similarity model: two towers whose unit vectors are near each other where a caption tells what a clip shows.

The video tower sees each frame by convolutions, beside its difference from the clip's mean, and then the frames by attention;
the text tower is the denoiser's text encoder with a mean at its end. `train_similarity.py` trains both.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .autoencoder import Residual
from .denoiser import Size, TextBlock, TextEncoder, sigma_features

SIDE = 64
FRAMES_SEEN = 9
EMBEDDING = 128
HEADS = 4
LARGEST_SCALE = 100.0


class TextTower(nn.Module):
    """tokens int64 [B, MAX_TOKENS] -> unit vectors [B, EMBEDDING]."""

    def __init__(self, width: int = 64):
        super().__init__()
        self.encoder = TextEncoder(Size(text=width, heads=HEADS, text_blocks=2))
        self.out = nn.Linear(width, EMBEDDING)

    def forward(self, tokens: Tensor) -> Tensor:
        text, mask = self.encoder(tokens)
        return F.normalize(self.out(text.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)), dim=-1)


class VideoTower(nn.Module):
    """frames f32 [B, F, 3, 64, 64] in [0, 1], F >= 2 of them evenly spread over the clip -> unit vectors [B, EMBEDDING]."""

    def __init__(self, fine: int = 48, coarse: int = 96, place: int = 24, width: int = 192):
        super().__init__()
        self.enter = nn.Conv2d(24, fine, 3, stride=2, padding=1)
        self.fine = Residual(fine)
        self.down = nn.Conv2d(fine, coarse, 3, stride=2, padding=1)
        self.coarse = Residual(coarse)
        self.where = nn.Conv2d(coarse, place, 1)
        self.frame = nn.Linear(place * (SIDE // 8) ** 2 + 2 * coarse, width)
        self.moment = nn.Linear(32, width)
        self.blocks = nn.ModuleList(TextBlock(width, HEADS) for _ in range(2))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, EMBEDDING)

    def forward(self, frames: Tensor) -> Tensor:
        one = torch.ones_like(frames[:, :, 0, 0, 0])
        passed = one.cumsum(1) - 1
        moment = sigma_features(passed / passed[:, -1:], 32)
        seen = torch.cat([2 * frames - 1, 4 * (frames - frames.mean(1, keepdim=True))], 2)
        tokens = self._look(seen.flatten(0, 1)).unflatten(0, (frames.shape[0], frames.shape[1]))
        tokens = tokens + self.moment(moment)
        for block in self.blocks:
            tokens = block(tokens, one)
        return F.normalize(self.out(self.norm(tokens).mean(1)), dim=-1)

    def _look(self, pictures: Tensor) -> Tensor:
        """Pictures [N, 6, 64, 64] -> one vector each: what is where, and what is anywhere in the left and the right half."""
        x = F.pixel_unshuffle(pictures, 2).contiguous(memory_format=torch.channels_last)
        x = self.coarse(self.down(F.silu(self.fine(self.enter(x)))))
        x = F.silu(x)
        left, right = x.chunk(2, 3)
        return self.frame(torch.cat([F.silu(self.where(x)).flatten(1), left.amax((2, 3)), right.amax((2, 3))], 1))


class Similarity(nn.Module):
    """Both towers, the learned temperature (as the scale 1 / temperature) and the learned border between right and wrong."""

    def __init__(self):
        super().__init__()
        self.text, self.video = TextTower(), VideoTower()
        self.log_scale = nn.Parameter(torch.tensor(2.7))
        self.border = nn.Parameter(torch.tensor(0.4))

    def scale(self) -> Tensor:
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)

    def loss(self, video: Tensor, text: Tensor, wrong: Tensor) -> Tensor:
        """Vectors of clips [B, E], of their captions [B, E] and of K wrong captions each [B, K, E] -> scalar.

        The symmetrical contrast over the batch, with the wrong captions among what a clip must be told from; and a right or
        wrong verdict against one border for all clips (Zhai et al., "Sigmoid loss for language image pre-training", 2023),
        because the contrast alone lets every clip have a border of its own and a gate has but one.
        """
        scale, same = self.scale(), torch.arange(len(video))
        all_pairs = scale * video @ text.T
        hard = scale * torch.einsum("be,bke->bk", video, wrong)
        contrast = F.cross_entropy(torch.cat([all_pairs, hard], 1), same) + F.cross_entropy(all_pairs.T, same)
        border = scale * self.border
        verdict = F.softplus(border - all_pairs.diagonal()).mean() + F.softplus(hard - border).mean()
        return contrast / 2 + verdict
