"""Draws a scene: backgrounds with soft bands, objects by signed distance with anti-aliased edges.

Distances follow the usual two-dimensional formulas (Inigo Quilez, "2D distance functions"); a shape of radius 1 fits
about the unit circle, and all shapes are scaled to similar areas.
"""

from functools import cache

import numpy as np

from .scenes import FRAMES, GROUND, Scene, Track, View, moments, tracks, view

SIZE = 128
PALETTE = {
    "red": (222, 30, 38),
    "orange": (255, 136, 8),
    "yellow": (255, 226, 32),
    "green": (28, 168, 52),
    "blue": (30, 84, 236),
    "purple": (134, 40, 196),
    "pink": (255, 112, 190),
    "white": (250, 250, 250),
}
# background: sky top, sky bottom, ground top, ground bottom (RGB 0..255), horizon (fraction of the height, None = no ground)
BANDS = {
    "meadow": ((140, 186, 226), (184, 212, 236), (134, 178, 96), (104, 152, 74), 0.62),
    "sea": ((150, 184, 212), (182, 204, 220), (74, 138, 168), (44, 104, 142), 0.56),
    "desert": ((156, 188, 210), (200, 206, 198), (214, 186, 136), (188, 156, 104), 0.64),
    "night": ((10, 12, 34), (28, 34, 66), (30, 38, 44), (20, 26, 30), 0.78),
    "snow": ((158, 174, 194), (192, 204, 218), (232, 238, 244), (214, 222, 232), 0.60),
    "sunset": ((112, 92, 128), (226, 168, 138), (92, 74, 84), (66, 54, 66), 0.70),
    "light": ((228, 228, 230), (228, 228, 230), (214, 214, 217), (206, 206, 210), 0.80),
    "dark": ((40, 40, 44), (40, 40, 44), (28, 28, 31), (22, 22, 25), 0.80),
}
# a background that changes: where it begins and where it ends, over the time of one clip
CHANGES = {"nightfall": ("meadow", "night"), "daybreak": ("night", "meadow")}
CLOUDY = {"meadow": 1.0, "sea": 1.0, "desert": 0.5, "snow": 0.7, "sunset": 0.6}
LIGHT = np.array([-0.5, -0.7], np.float32)
CLOUD, WAVE, GLOW, STAR, SHADOW = 30.0, 8.0, np.array([30, 16, -4], np.float32), 110.0, 0.12
DRIFT, FLOW = 0.10, 0.22
# what is far goes this share of the way that a camera goes
FAR = 0.7
# an endless strip of sky: its length in pictures, and the place, height and half width of each cloud on it
STRIP = 1.5
CLOUDS = ((0.15, 0.14, 0.12), (0.24, 0.17, 0.09), (0.72, 0.24, 0.13), (0.62, 0.22, 0.08), (1.15, 0.11, 0.10), (1.23, 0.13, 0.07))


def render(scene: Scene, frames: int = FRAMES, first: int = 0, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Scene -> its `frames` frames from frame `first` on.

    Returns (uint8 RGB [frames, size, size, 3], object coverage f32 [frames, size, size] in [0, 1]).
    """
    time = moments(frames, first)
    seen = view(scene.camera, time)
    video = background(scene, time, size)
    cover = np.zeros((frames, size, size), np.float32)
    paths = tracks(scene, time)
    for track in paths:
        _shade(video, track, seen, size)
    for thing, track in zip(scene.things, paths, strict=True):
        _draw(video, cover, thing.shape, np.array(PALETTE[thing.colour], np.float32), track, size)
    return (np.clip(video, 0, 255) + 0.5).astype(np.uint8), cover


def background(scene: Scene, time: np.ndarray, size: int = SIZE) -> np.ndarray:
    """What is behind the things at each moment, f32 RGB [frames, size, size, 3] in 0..255."""
    begin, end = CHANGES.get(scene.background, (scene.background, scene.background))
    seen = view(scene.camera, time)
    video = _landscape(begin, scene.jitter, time, seen, size)
    if end != begin:
        passed = np.clip(time, 0, 1)
        passed = (passed * passed * (3 - 2 * passed))[:, None, None, None]
        video = (1 - passed) * video + passed * _landscape(end, scene.jitter, time, seen, size)
    return video


def _landscape(name: str, jitter: np.ndarray, time: np.ndarray, seen: View, size: int) -> np.ndarray:
    sky_top, sky_low, ground_top, ground_low, horizon = BANDS[name]
    horizon = horizon + 0.06 * (float(jitter[8]) - 0.5)
    # where in the world the picture's rows and columns are, [frames, size]; columns before the camera has panned
    axis = 0.5 + ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) / seen.zoom[:, None]
    shift = seen.shift[:, None]
    above = np.clip(axis / horizon, 0, 1)[..., None]
    below = np.clip((axis - horizon) / (1 - horizon), 0, 1)[..., None]
    ground_share = np.clip((axis - horizon) * seen.zoom[:, None] * size * 0.5 + 0.5, 0, 1)[..., None]
    sky = (1 - above) * np.array(sky_top, np.float32) + above * np.array(sky_low, np.float32)
    ground = (1 - below) * np.array(ground_top, np.float32) + below * np.array(ground_low, np.float32)
    column = (1 - ground_share) * sky + ground_share * ground
    video = np.repeat(column[:, :, None], size, 2)
    if name in CLOUDY:
        clouds = _part(_clouds(size), axis, axis + FAR * shift + STRIP * (jitter[10] + DRIFT * time)[:, None], size)
        video += clouds * (CLOUD * CLOUDY[name] * (1 - ground_share)[..., None])
    if name == "sea":
        waves = _part(_waves(size), axis, axis + shift + STRIP * (jitter[11] - FLOW * time)[:, None], size)
        video += waves * (WAVE * ground_share * (0.4 + 0.6 * below))[..., None]
    if name == "sunset":
        video += _glow(axis - horizon, axis + FAR * shift - (0.25 + 0.5 * jitter[11])) * (1 - ground_share)[..., None]
    if name == "night":
        _stars(video, jitter, time, seen)
    return video


def _part(strip: np.ndarray, y: np.ndarray, x: np.ndarray, size: int) -> np.ndarray:
    """The part of an endless strip [size, long] at rows y and columns x [frames, size], in pictures: [frames, size, size, 1].

    Its first and last rows go on above and below it, where a zoom shows more than the strip.
    """
    row = np.clip(y * size - 0.5, 0, size - 1)
    above = np.minimum(row.astype(int), size - 2)
    share = (row - above).astype(np.float32)[..., None]
    rows = strip[above] + share * (strip[above + 1] - strip[above])
    column = x * size - 0.5
    left = np.floor(column).astype(int)
    share = (column - left).astype(np.float32)[:, None]
    now, after = (np.take_along_axis(rows, ((left + step) % strip.shape[1])[:, None], 2) for step in (0, 1))
    return (now + share * (after - now))[..., None]


@cache
def _clouds(size: int) -> np.ndarray:
    """Soft clouds on an endless strip of sky, f32 [size, STRIP * size] in [0, 1]."""
    y, x = _strip_grid(size)
    out = np.zeros_like(x)
    for middle, high, wide in CLOUDS:
        across = (x - middle + STRIP / 2) % STRIP - STRIP / 2
        out = np.maximum(out, np.exp(-((across / wide) ** 2) - ((y - high) / (0.32 * wide)) ** 2))
    return out


@cache
def _waves(size: int) -> np.ndarray:
    """Bands of light on water, f32 [size, STRIP * size] in [-1, 1]."""
    y, x = _strip_grid(size)
    turn = 2 * np.pi * x / STRIP
    return (np.sin(9 * turn + 40 * y) * 0.6 + np.sin(4 * turn - 70 * y) * 0.4).astype(np.float32)


def _strip_grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    long = int(STRIP * size)
    return np.meshgrid((np.arange(size, dtype=np.float32) + 0.5) / size, (np.arange(long, dtype=np.float32) + 0.5) / size, indexing="ij")


def _glow(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """The light of a sun, by the way to it down and across [frames, size]: f32 [frames, size, size, 3]."""
    across = (across + STRIP / 2) % STRIP - STRIP / 2
    return np.exp(-(across[:, None] ** 2 + 2 * down[..., None] ** 2) / (2 * 0.16**2))[..., None] * GLOW


def _stars(video: np.ndarray, jitter: np.ndarray, time: np.ndarray, seen: View) -> None:
    """Fourteen stars of two pixels that twinkle."""
    size, frames = video.shape[1], np.arange(len(video))
    shift = int(jitter[9] * 8)
    for index in range(14):
        x = (int((index * 0.618034 % 1) * size + shift) - FAR * seen.shift * size) % (size - 1)
        y = int((index * 0.381966 * 1.7 % 1) * size * 0.6)
        light = STAR * (0.65 + 0.35 * np.sin(2 * np.pi * (2 * time + index * 0.37)))
        x, y = (size / 2 + (place - size / 2) * seen.zoom for place in (x, y))
        left, top = np.floor(x).astype(int), np.floor(y).astype(int)
        right, low = x - left, y - top
        for row, high in ((top, 1 - low), (top + 1, low)):
            for step, wide in enumerate((1 - right, np.ones_like(right), right)):
                inside = (row >= 0) & (row < size) & (left + step >= 0) & (left + step < size)
                video[frames[inside], row[inside], left[inside] + step] += (light * high * wide)[inside, None]


def _shade(video: np.ndarray, track: Track, seen: View, size: int) -> None:
    """A soft shadow on the ground under a thing, weaker the higher it is."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    ground = 0.5 + (GROUND - 0.5) * seen.zoom
    height = np.clip((ground - track.y - track.radius) / (GROUND * seen.zoom), 0, 1)
    wide = (track.radius * (0.95 - 0.4 * height))[:, None]
    across = np.exp(-(((axis[None] - track.x[:, None]) / wide) ** 2))
    down = np.exp(-((((axis[None] - ground[:, None]) / seen.zoom[:, None] - 0.02) / 0.025) ** 2))
    down = np.where(down > 0.01, down, 0)
    rows = down.any(0)
    strength = (SHADOW * (1 - 0.75 * height))[:, None, None] * down[:, rows, None] * across[:, None]
    video[:, rows] *= 1 - strength[..., None]


def _draw(video: np.ndarray, cover: np.ndarray, shape: str, colour: np.ndarray, track: Track, size: int) -> None:
    half = int(np.ceil(track.radius.max() * size * 1.2)) + 2
    side = 2 * half
    local = np.arange(side, dtype=np.float32) + 0.5
    left = np.floor(track.x * size).astype(int) - half
    top = np.floor(track.y * size).astype(int) - half
    scale = (track.radius * size)[:, None, None]
    px = (local + (left - track.x * size).astype(np.float32)[:, None])[:, None, :] / scale
    py = (local + (top - track.y * size).astype(np.float32)[:, None])[:, :, None] / scale
    lit = 1.0 + (0.2 if shape == "ball" else 0.13) * np.clip(LIGHT[0] * px + LIGHT[1] * py, -1, 1)
    shine = 0.4 * np.exp(-((px + 0.36) ** 2 + (py + 0.42) ** 2) / 0.08) if shape == "ball" else np.zeros_like(px + py)
    cos, sin = np.cos(track.angle)[:, None, None], np.sin(track.angle)[:, None, None]
    ux, uy = cos * px + sin * py, -sin * px + cos * py
    alpha = np.clip(0.5 - DISTANCE[shape](ux, uy) * scale, 0, 1).astype(np.float32)
    for frame in range(len(track.x)):
        y0, x0 = max(top[frame], 0), max(left[frame], 0)
        y1, x1 = min(top[frame] + side, size), min(left[frame] + side, size)
        if y1 <= y0 or x1 <= x0:
            continue
        inside = np.s_[y0 - top[frame] : y1 - top[frame], x0 - left[frame] : x1 - left[frame]]
        a = alpha[frame][inside]
        paint = np.minimum(lit[frame][inside][..., None] * colour, 255)
        paint += shine[frame][inside][..., None] * (255 - paint)
        target = video[frame, y0:y1, x0:x1]
        target += a[..., None] * (paint - target)
        region = cover[frame, y0:y1, x0:x1]
        np.maximum(region, a, out=region)


def _ball(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(x * x + y * y) - 1.0


def _ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(np.sqrt(x * x + y * y) - 0.78) - 0.23


def _square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(x), np.abs(y)) - 0.86


def _triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(y - 0.62, np.abs(x) * 0.8660254 - y * 0.5 - 0.60)


def _star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Five points: fold to half a sector (tip up), then the signed distance to the line tip - notch."""
    radius, sector = np.sqrt(x * x + y * y), 2 * np.pi / 5
    turn = np.arctan2(x, -y)
    turn = np.abs(turn - sector * np.round(turn / sector))
    fx, fy = radius * np.sin(turn), radius * np.cos(turn)
    tip, notch = 1.22, 0.56
    nx, ny = notch * np.sin(np.pi / 5), notch * np.cos(np.pi / 5)
    ex, ey = nx, ny - tip
    length = float(np.hypot(ex, ey))
    return (-ey * fx + ex * (fy - tip)) / length


def _heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A square on its corner with a half disc on each of its upper sides."""
    side, shift = 0.62, 0.12
    cy = y - shift
    diamond = (np.abs(x) + np.abs(cy)) * 0.70710678 - side
    lobe = np.sqrt((np.abs(x) - side * 0.70710678) ** 2 + (cy + side * 0.70710678) ** 2) - side
    return np.minimum(diamond, lobe)


DISTANCE = {"ball": _ball, "square": _square, "triangle": _triangle, "star": _star, "heart": _heart, "ring": _ring}
