"""The text encoder and the denoiser: an hourglass over 16x16, 8x8 and 4x4 cells with a transformer at its waist.

Convolutions see single latent frames (time folded into the batch) and are followed by cheap mixing over time; the
waist attends over all space-time tokens and the words, and the 8x8 cells ask the words again on the way up. Every block is
modulated by the noise level of its own latent frame and by the words; where two things are asked for, each half of the picture by the
words of its own. Inside, cells are [..., W, H], columns first: so a half is one piece of memory. Shapes: B clips, T latent frames, L words.
"""

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .patches import CHANNELS, GRID
from .vocabulary import MAX_TOKENS, TOKEN_OF, VOCABULARY_SIZE


@dataclass(frozen=True)
class Size:
    """Widths and depths; `frames` is the longest clip in latent frames, `late_blocks` and `late_middle_blocks` how many more blocks than
    on the way down see the fine and the middle cells on the way up."""

    fine: int = 48
    middle: int = 96
    waist: int = 192
    fine_blocks: int = 1
    middle_blocks: int = 1
    waist_blocks: int = 6
    heads: int = 4
    text: int = 128
    text_blocks: int = 2
    frames: int = 13
    late_blocks: int = 1
    late_middle_blocks: int = 0


SIZES = {
    "s": Size(waist_blocks=3, late_blocks=3),
    "m": Size(fine_blocks=3, middle_blocks=2, waist_blocks=8, late_blocks=5, late_middle_blocks=3),
    "tiny": Size(16, 16, 32, 1, 1, 1, 2, 32, 1),
}


class TextEncoder(nn.Module):
    """tokens int64 [B, L] -> (text f32 [B, L, text], mask f32 [B, L] with 1 for real tokens).

    Words after the first "and" carry a mark, and the last channel of a word's vector tells whether it is one of them (1 or 0): so what
    belongs together is known from the start.
    """

    def __init__(self, size: Size):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY_SIZE, size.text)
        self.places = nn.Parameter(torch.randn(MAX_TOKENS, size.text) * 0.02)
        self.second = nn.Parameter(torch.randn(size.text) * 0.5)
        self.blocks = nn.ModuleList(TextBlock(size.text, size.heads) for _ in range(size.text_blocks))
        self.norm = nn.LayerNorm(size.text)
        nn.init.normal_(self.words.weight, std=0.5)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        mask = (tokens > 0).float()
        later = (tokens == TOKEN_OF["and"]).float().cumsum(1).clamp(max=1)
        x = self.words(tokens) + self.places + later[..., None] * self.second
        for block in self.blocks:
            x = block(x, mask)
        x = torch.cat([self.norm(x)[..., :-1], later[..., None]], -1)
        return x * mask[..., None], mask


class TextBlock(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        x = x + self.out(attention(q, k, v, (mask - 1)[:, None, None, :] * 1e4))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


def flat(layer: nn.Linear, x: Tensor) -> Tensor:
    """The layer on the rows of x [..., D]: as one matrix, whose product and bias are one step in ONNX Runtime."""
    return layer(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], -1)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """[B, N, D] -> [B, heads, N, D / heads]."""
    return x.unflatten(-1, (heads, x.shape[-1] // heads)).transpose(1, 2)


def attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Plain attention over [B, heads, N, d]; `bias` is added to the logits. Returns [B, N, heads * d]."""
    logits = (q * (q.shape[-1] ** -0.5)) @ k.transpose(-2, -1)
    weights = torch.softmax(logits if bias is None else logits + bias, -1)
    return (weights @ v).transpose(1, 2).flatten(2)


class ChannelNorm(nn.Module):
    """Root-mean-square norm over the channels of [N, C, 2, K], then scale and shift of each half [N, C, 2, 1]."""

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return x * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-5) * scale + shift


class ConvBlock(nn.Module):
    """Residual block on [B*T, C, W, H]: 3x3 convolution, mixing over time, 3x3 convolution; condition [B*T * 2, D] of both halves."""

    def __init__(self, width: int, condition: int, frames: int):
        super().__init__()
        self.norm = ChannelNorm()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.time = TimeMix(width, frames)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.modulation = nn.Linear(condition, 4 * width)
        self.register_buffer("still", torch.tensor([1.0, 0.0, 1.0, 0.0]).repeat_interleave(width), persistent=False)
        for layer in (self.second, self.modulation):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, condition: Tensor, batch: int) -> Tensor:
        halves = (self.modulation(condition) + self.still).reshape(-1, 2, 4 * x.shape[1], 1).transpose(1, 2)
        scale, shift, scale2, shift2 = halves.chunk(4, 1)
        sides = x.reshape(-1, x.shape[1], 2, x.shape[2] * x.shape[3] // 2)
        h = F.silu(self.first(self.norm(sides, scale, shift).reshape(x.shape)))
        h = self.time(h, batch).reshape(sides.shape)
        return x + self.second((h * scale2 + shift2).reshape(x.shape))


class TimeMix(nn.Module):
    """Residual mixing of each cell with its two neighbours in time: one matrix per offset, zero at first."""

    def __init__(self, width: int, frames: int):
        super().__init__()
        self.low = nn.Conv2d(width, width // 2, 1)
        self.mix = nn.Conv2d(3 * (width // 2), width, 1)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)

    def forward(self, x: Tensor, batch: int) -> Tensor:
        h = self.low(x)
        frames = h.reshape(batch, -1, *h.shape[1:])
        edge = torch.zeros_like(frames[:, :1])
        before, after = torch.cat([edge, frames[:, :-1]], 1), torch.cat([frames[:, 1:], edge], 1)
        three = torch.cat([before, frames, after], 2).reshape(-1, 3 * h.shape[1], *h.shape[2:])
        return x + F.silu(self.mix(three))


class WordBlock(nn.Module):
    """Residual: the cells of [B*T, C, W, H] ask the words; zero at first."""

    def __init__(self, width: int, text: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.ask, self.words, self.out = nn.Linear(width, width), nn.Linear(text, 2 * width), nn.Linear(width, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, text: Tensor, bias: Tensor) -> Tensor:
        """`bias` [B, 1, 1, L] masks padding words."""
        cells = self.norm(x.flatten(2).transpose(1, 2))
        k, v = flat(self.words, text).chunk(2, -1)
        asked = flat(self.ask, cells).reshape(text.shape[0], -1, x.shape[1])
        answer = flat(self.out, attention(*(split_heads(part, self.heads) for part in (asked, k, v)), bias))
        return x + answer.reshape(cells.shape).transpose(1, 2).reshape(x.shape)


class Sides(nn.Module):
    """Where two things are asked for, the words of the first are told to the left half of the cells, those of the second to the right."""

    def __init__(self, text: int, width: int):
        super().__init__()
        self.tell = nn.Linear(text, width, bias=False)
        nn.init.zeros_(self.tell.weight)

    def forward(self, x: Tensor, parts: Tensor) -> Tensor:
        """Cells [B*T, width, W, H] and parts [B, 2, text] -> cells that have heard them."""
        told = self.tell(parts).transpose(1, 2)[:, None, ..., None]
        return (x.reshape(parts.shape[0], -1, x.shape[1], 2, x.shape[2] * x.shape[3] // 2) + told).reshape(x.shape)


def parts_of(text: Tensor, text_mask: Tensor) -> tuple[Tensor, Tensor]:
    """The mean word before the first "and" and the mean word after it, [B, 2, text], and whether there is an "and", [B, 1, 1].

    Where there is none both are the mean of all words.
    """
    later = text[..., -1]
    two = later.amax(1)[:, None, None]
    shares = torch.stack([text_mask - later, later + text_mask * (1 - two[:, 0])], 1)
    return shares @ text / shares.sum(2, keepdim=True).clamp(min=1), two


class WaistBlock(nn.Module):
    """Transformer block on [B*T, 2, S/2, D], both halves of the picture; keys and values of the words are appended to the tokens'."""

    def __init__(self, size: Size):
        super().__init__()
        width = size.waist
        self.heads = size.heads
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.words = nn.Linear(size.text, 2 * width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.table = nn.Parameter(torch.zeros(6, width))

    def forward(self, x: Tensor, shared: Tensor, text: Tensor, bias: Tensor) -> Tensor:
        """`shared` [B*T, 2, 6, D] modulation common to all blocks; `bias` [B, 1, 1, T*S + L] masks padding words."""
        batch, width = text.shape[0], x.shape[-1]
        scale1, shift1, gate1, scale2, shift2, gate2 = (shared + self.table).chunk(6, 2)
        q, k, v = self.qkv((self.norm(x) * scale1 + shift1).reshape(-1, width)).reshape(batch, -1, 3 * width).chunk(3, -1)
        word_k, word_v = flat(self.words, text).chunk(2, -1)
        q, k, v = (split_heads(part, self.heads) for part in (q, torch.cat([k, word_k], 1), torch.cat([v, word_v], 1)))
        x = x + gate1 * flat(self.out, attention(q, k, v, bias)).reshape(x.shape)
        h = F.gelu(self.up((self.norm(x) * scale2 + shift2).reshape(-1, width)), approximate="tanh")
        return x + gate2 * self.down(h).reshape(x.shape)


class Denoiser(nn.Module):
    """latents [B, C, T, 16, 16], sigmas [B, T], text [B, L, D], mask [B, L] -> velocity like latents."""

    def __init__(self, size: Size):
        super().__init__()
        self.size = size
        a, b, c = size.fine, size.middle, size.waist
        self.condition = nn.Sequential(nn.Linear(128, c), nn.SiLU(), nn.Linear(c, c))
        self.pooled = nn.Linear(size.text, c)
        self.shared = nn.Linear(c, 6 * c)
        self.register_buffer("still", torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0, 1.0]).repeat_interleave(c), persistent=False)
        self.enter = nn.Conv2d(CHANNELS, a, 3, padding=1)
        self.place = nn.Parameter(torch.randn(1, a, GRID, GRID) * 0.02)
        self.down_fine = blocks(ConvBlock, size.fine_blocks, a, c, size.frames)
        self.to_middle = nn.Conv2d(a, b, 2, stride=2)
        self.down_middle = blocks(ConvBlock, size.middle_blocks, b, c, size.frames)
        self.to_waist = nn.Conv2d(b, c, 2, stride=2)
        self.cells = (GRID // 4) ** 2
        self.space = nn.Parameter(torch.randn(1, 1, self.cells, c) * 0.02)
        self.moment = nn.Parameter(torch.randn(1, size.frames, 1, c) * 0.02)
        self.waist_sides, self.middle_sides = Sides(size.text, c), Sides(size.text, b)
        self.waist = nn.ModuleList(WaistBlock(size) for _ in range(size.waist_blocks))
        self.from_waist = nn.Conv2d(c, 4 * b, 1)
        self.join_middle = nn.Conv2d(2 * b, b, 1)
        self.read_middle = WordBlock(b, size.text, size.heads)
        self.up_middle = blocks(ConvBlock, size.middle_blocks + size.late_middle_blocks, b, c, size.frames)
        self.from_middle = nn.Conv2d(b, 4 * a, 1)
        self.join_fine = nn.Conv2d(2 * a, a, 1)
        self.up_fine = blocks(ConvBlock, size.fine_blocks + size.late_blocks, a, c, size.frames)
        self.leave = nn.Conv2d(a + CHANNELS, CHANNELS, 3, padding=1)
        for layer in (self.shared, self.leave):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        for block in self.waist:
            nn.init.normal_(block.out.weight, std=0.02 / math.sqrt(2 * size.waist_blocks))
            nn.init.normal_(block.down.weight, std=0.02 / math.sqrt(2 * size.waist_blocks))

    def way_up(self) -> list[nn.Module]:
        """What draws the details: all that follows the transformer and the words at its exit."""
        return [self.up_middle, self.from_middle, self.join_fine, self.up_fine, self.leave]

    def forward(self, latents: Tensor, sigmas: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        batch, _, frames, height, width = latents.shape
        level = sigmas.reshape(-1, 1, 1, 1)
        power = (1 - level).square() + level.square()
        noisy = latents.transpose(1, 2).reshape(-1, height, width).transpose(1, 2).reshape(-1, CHANNELS, width, height)
        scaled = noisy * torch.rsqrt(power)
        predicted = self.features(scaled.contiguous(memory_format=torch.channels_last), sigmas, text, text_mask)
        velocity = noisy * ((2 * level - 1) / power) - predicted * torch.rsqrt(power)
        rows = velocity.reshape(-1, width, height).transpose(1, 2)
        return rows.reshape(batch, frames, CHANNELS, height, width).transpose(1, 2)

    def features(self, x: Tensor, sigmas: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        """Unit-variance input [B*T, C, W, H] -> the network's unit-variance target, see `flow.py`."""
        batch = sigmas.shape[0]
        parts, two = parts_of(text, text_mask)
        condition = F.silu(self.condition(sigma_features(sigmas))[:, :, None] + self.pooled(parts)[:, None])
        rows = condition.reshape(-1, condition.shape[-1])
        fine = self.enter(x) + self.place
        for block in self.down_fine:
            fine = block(fine, rows, batch)
        middle = self.to_middle(fine)
        for block in self.down_middle:
            middle = block(middle, rows, batch)
        waist = self.waist_sides(self.to_waist(middle), parts * two)
        waist = self.transformer(waist, condition, text, text_mask)
        middle = self.join_middle(torch.cat([F.pixel_shuffle(self.from_waist(waist), 2), middle], 1))
        middle = self.middle_sides(middle, parts * two)
        middle = self.read_middle(middle, text, (text_mask - 1)[:, None, None, :] * 1e4)
        for block in self.up_middle:
            middle = block(middle, rows, batch)
        fine = self.join_fine(torch.cat([F.pixel_shuffle(self.from_middle(middle), 2), fine], 1))
        for block in self.up_fine:
            fine = block(fine, rows, batch)
        return self.leave(torch.cat([fine, x], 1))

    def transformer(self, x: Tensor, condition: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        batch, frames, _, deep = condition.shape
        side, width = GRID // 4, self.size.waist
        tokens = x.flatten(2).transpose(1, 2).reshape(batch, frames, self.cells, width)
        tokens = (tokens + self.space + self.moment[:, :frames]).reshape(-1, 2, self.cells // 2, width)
        shared = (self.shared(condition.reshape(-1, deep)) + self.still).reshape(-1, 2, 6, width)
        real = F.pad(text_mask, (frames * self.cells, 0), value=1.0)
        bias = (real - 1)[:, None, None, :] * 1e4
        for block in self.waist:
            tokens = block(tokens, shared, text, bias)
        return tokens.reshape(-1, self.cells, width).transpose(1, 2).reshape(-1, width, side, side)


def blocks(kind: type, number: int, *args: int) -> nn.ModuleList:
    return nn.ModuleList(kind(*args) for _ in range(number))


def sigma_features(sigmas: Tensor, width: int = 128) -> Tensor:
    """Sines and cosines of the noise level: [B, T] -> [B, T, width]."""
    rates = torch.exp(torch.linspace(0, math.log(200.0), width // 2, device=sigmas.device))
    turns = sigmas[..., None] * rates
    return torch.cat([turns.sin(), turns.cos()], -1)


class Zoetrope(nn.Module):
    """Text encoder and denoiser together, as they are trained."""

    def __init__(self, size: Size):
        super().__init__()
        self.size = size
        self.text = TextEncoder(size)
        self.denoiser = Denoiser(size)

    def forward(self, latents: Tensor, sigmas: Tensor, tokens: Tensor) -> Tensor:
        return self.denoiser(latents, sigmas, *self.text(tokens))

    def grow_from(self, weights: dict[str, Tensor]) -> None:
        """Take the weights of a net of the same widths and at most this depth; blocks it lacks change nothing at first.

        Words it does not know stay as they are: the vocabulary grows at its end.
        """
        known = weights["text.words.weight"]
        words = torch.cat([known, self.text.words.weight.detach()[len(known) :].to(known)])
        weights = weights | {"text.words.weight": words}
        missing, unexpected = self.load_state_dict(weights, strict=False)
        if unexpected:
            raise ValueError(f"The weights are of another or a larger net: {unexpected[0]} has no place in this one.")
        for block in self.denoiser.waist:
            if id(block.out.weight) in {id(self.get_parameter(name)) for name in missing}:
                for layer in (block.out, block.down):
                    nn.init.zeros_(layer.weight)
                    nn.init.zeros_(layer.bias)

    def describe(self) -> dict:
        return asdict(self.size) | {"parameters": sum(p.numel() for p in self.parameters())}
