"""Reads colour, shape and motion of things from frames by classical vision; knows the world's palette, no model.

The background is taken per row from the picture's edges, the thing is the largest region that differs from it.
Shape is decided by overlap with ideal outlines under rotation, motion by the path, the area and the turning.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .render import DISTANCE, PALETTE
from .scenes import moments

DIFFERENT = 52.0
MARGIN = 0.05
CHANGING = 20.0
TEMPLATE = 40
TURNS = {"ball": (1, 1), "ring": (1, 1), "square": (12, 4), "triangle": (16, 3), "star": (12, 5), "heart": (36, 1)}
HARMONIC = {"square": 4, "triangle": 3, "star": 5, "heart": 1}


@dataclass(frozen=True)
class Reading:
    """What was seen; empty strings where nothing was found. `seen` is the share of frames with a thing in them, `growth` what became of
    its size, however it moved, `outline` how much of itself and of the ideal outline of its shape is in both, 0..1, `astray` how far its
    centre comes from the path of its motion at most, in picture heights."""

    colour: str
    shape: str
    motion: str
    growth: str
    seen: float
    outline: float = 0.0
    astray: float = 0.0


def read(frames: np.ndarray, rows_move: bool = False) -> Reading:
    """uint8 RGB [F, H, W, 3] that holds one thing (a half picture for one of two) -> what it is and does.

    `rows_move`: the background's rows do not stay where they are, because the camera zooms.
    """
    masks = foreground(frames, rows_move)
    areas = masks.reshape(len(masks), -1).sum(1)
    seen = areas > 0.002 * masks[0].size
    if seen.mean() < 0.5:
        return Reading("", "", "", "", float(seen.mean()))
    shape, outline = shape_of(masks[seen])
    centres = _centres(masks[seen])
    colour, motion, growth = colour_of(frames[seen], masks[seen]), motion_of(masks, seen, centres, shape), growth_of(masks, seen)
    return Reading(colour, shape, motion, growth, float(seen.mean()), outline, astray(centres, moments(len(masks))[seen], motion))


def foreground(frames: np.ndarray, rows_move: bool = False) -> np.ndarray:
    """Masks [F, H, W] of the largest region that differs from the rows' edge colour."""
    distance = np.linalg.norm(frames.astype(np.float32) - edge_rows(frames, rows_move)[:, :, None], axis=-1)
    return np.stack([_largest(frame) for frame in distance > DIFFERENT])


def first_and_last_rows(frames: np.ndarray) -> list[np.ndarray]:
    """The colour of every row at the picture's edges, in the first three frames and in the last three, f32 [H, 3] each."""
    return [np.median(part, axis=(0, 2)) for part in (_sides(frames[:3]), _sides(frames[-3:]))]


def _sides(frames: np.ndarray) -> np.ndarray:
    edge = max(2, round(MARGIN * frames.shape[2]))
    return np.concatenate([frames[:, :, :edge], frames[:, :, -edge:]], 2).astype(np.float32)


def edge_rows(frames: np.ndarray, rows_move: bool = False) -> np.ndarray:
    """The colour of every row at the picture's edges, f32 [F, H, 3]: one for all frames, or for each if rows move or the light changes."""
    sides = _sides(frames)
    begin, end = first_and_last_rows(frames)
    if not rows_move and np.abs(begin - end).mean() < CHANGING:
        return np.broadcast_to(np.median(sides, axis=(0, 2)), (len(frames), frames.shape[1], 3))
    near = [sides[max(0, at - 1) : at + 2] for at in range(len(frames))]
    return np.stack([np.median(part, axis=(0, 2)) for part in near])


def _largest(mask: np.ndarray) -> np.ndarray:
    mask = ndimage.binary_opening(mask, iterations=1)
    labels, number = ndimage.label(mask)
    if number == 0:
        return mask
    sizes = np.bincount(labels.ravel())[1:]
    return labels == 1 + sizes.argmax()


def colour_of(frames: np.ndarray, masks: np.ndarray) -> str:
    """Nearest palette colour of the median inside pixel, by hue and saturation first, brightness little."""
    inner = np.stack([ndimage.binary_erosion(m, iterations=2) for m in masks])
    inner = inner if inner.sum() > 50 else masks
    seen = _chroma(np.median(frames[inner].astype(np.float32), axis=0))
    return min(PALETTE, key=lambda name: float(np.linalg.norm(_chroma(np.array(PALETTE[name], np.float32)) - seen)))


def _chroma(rgb: np.ndarray) -> np.ndarray:
    """Opponent colours after scaling the brightest channel to 1, plus a little brightness."""
    top = max(float(rgb.max()), 1.0)
    r, g, b = rgb / top
    return np.array([r - g, (r + g) / 2 - b, 0.35 * top / 255])


def shape_of(masks: np.ndarray) -> tuple[str, float]:
    """The outline that overlaps best, voted over frames, and its mean overlap; frames that touch the picture's edge vote only if all do."""
    inside = np.array([not (m[0].any() or m[-1].any() or m[:, 0].any() or m[:, -1].any()) for m in masks])
    chosen = masks[inside] if inside.any() else masks
    scores = np.mean([_overlaps(mask) for mask in chosen[:: max(1, len(chosen) // 8)]], axis=0)
    return list(TURNS)[int(np.argmax(scores))], float(scores.max())


def _overlaps(mask: np.ndarray) -> np.ndarray:
    patch = _normalised(mask)
    return np.array([max(float(np.minimum(patch, t).sum() / np.maximum(patch, t).sum()) for t in _TEMPLATES[name]) for name in TURNS])


def _normalised(mask: np.ndarray) -> np.ndarray:
    """Mask moved to its centroid and scaled to a fixed spread: f32 [TEMPLATE, TEMPLATE]."""
    y, x = np.nonzero(mask)
    cy, cx = y.mean(), x.mean()
    spread = np.sqrt(((y - cy) ** 2 + (x - cx) ** 2).mean()) + 1e-6
    grid = (np.arange(TEMPLATE) - (TEMPLATE - 1) / 2) * (2.0 * spread * 2 / TEMPLATE)
    where = np.meshgrid(cy + grid, cx + grid, indexing="ij")
    return ndimage.map_coordinates(mask.astype(np.float32), where, order=1)


def _templates() -> dict[str, list[np.ndarray]]:
    axis = (np.arange(161) - 80) / 50
    x, y = np.meshgrid(axis, axis)
    out = {}
    for name, (number, symmetry) in TURNS.items():
        angles = np.arange(number) * 2 * np.pi / symmetry / number
        out[name] = [_normalised(DISTANCE[name](np.cos(a) * x + np.sin(a) * y, -np.sin(a) * x + np.cos(a) * y) < 0) for a in angles]
    return out


_TEMPLATES = _templates()


def motion_of(masks: np.ndarray, seen: np.ndarray, centres: np.ndarray, shape: str) -> str:
    """Name the motion from centre, area and angle over time; lengths are fractions of the picture's height."""
    times = np.nonzero(seen)[0] / max(len(masks) - 1, 1)
    y, x = centres
    wide, high = np.ptp(_smooth(x)), np.ptp(_smooth(y))
    net_x, net_y = _slope(times, x), _slope(times, y)
    if wide < 0.12 and high < 0.12:
        growth = growth_of(masks, seen)
        if growth != "still":
            return growth
        return "spins" if _turning(masks[seen], shape) else "still"
    if wide > 0.15 and high > 0.15 and min(wide, high) > 0.5 * max(wide, high):
        return "circles"
    if wide > high:
        return "right" if net_x > 0 else "left"
    if abs(net_y) < 0.45 * high:
        return "bounces"
    return "falls" if net_y > 0 else "rises"


def astray(centres: np.ndarray, time: np.ndarray, motion: str) -> float:
    """The largest distance of the centre from the motion's path through all its places, in picture heights: least squares over where the
    path lies and how wide it is. Centres [2, F] as (y, x) at the moments `time` [F]."""
    y, x = centres
    one, none = np.ones_like(time), np.zeros_like(time)
    ways = {"right": [(time, none)], "left": [(time, none)], "rises": [(none, time)], "falls": [(none, time)]}
    phase, turn = (2 * time) % 1, 2 * np.pi * time
    ways["bounces"] = [(none, phase * (1 - phase))]
    ways["circles"] = [(np.sin(turn), -np.cos(turn)), (np.cos(turn), np.sin(turn))]
    path = np.stack([np.concatenate(way) for way in ((one, none), (none, one), *ways.get(motion, ()))], 1)
    places = np.concatenate([x, y])
    off = places - path @ np.linalg.lstsq(path, places, rcond=None)[0]
    return float(np.hypot(*off.reshape(2, -1)).max())


def _centres(masks: np.ndarray) -> np.ndarray:
    """Where the things of masks [F, H, W] are, (y, x) in picture heights, [2, F]."""
    return np.array([np.argwhere(mask).mean(0) + 0.5 for mask in masks]).T / masks.shape[1]


def growth_of(masks: np.ndarray, seen: np.ndarray) -> str:
    """Whether the thing grows, shrinks or keeps its size."""
    size = np.sqrt(masks[seen].reshape(int(seen.sum()), -1).sum(1))
    growth = _slope(np.nonzero(seen)[0] / max(len(masks) - 1, 1), size) / size.mean()
    if abs(growth) > 0.3:
        return "grows" if growth > 0 else "shrinks"
    return "still"


def _slope(times: np.ndarray, values: np.ndarray) -> float:
    """Change over the whole clip by a straight-line fit."""
    return float(np.polyfit(times, values, 1)[0])


def _smooth(values: np.ndarray) -> np.ndarray:
    return ndimage.median_filter(values, 3, mode="nearest")


def _turning(masks: np.ndarray, shape: str) -> bool:
    """True when the outline turns steadily: the phase of its harmonic moves by more than 50 degrees in all."""
    order = HARMONIC.get(shape)
    if order is None:
        return False
    phase = np.unwrap([_phase(mask, order) for mask in masks])
    return abs(phase[-1] - phase[0]) / order > np.radians(50)


def _phase(mask: np.ndarray, order: int) -> float:
    y, x = np.nonzero(mask)
    cy, cx = y.mean(), x.mean()
    radius = np.hypot(y - cy, x - cx)
    angle = np.arctan2(y - cy, x - cx)
    power = 3 if order == 1 else 2 + order
    return float(np.angle((radius**power * np.exp(1j * order * angle)).sum()))
