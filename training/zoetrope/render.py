"""Draws a scene: backgrounds with soft bands, objects by signed distance with anti-aliased edges.

Distances follow the usual two-dimensional formulas (Inigo Quilez, "2D distance functions"); a shape of radius 1 fits
about the unit circle, and all shapes are scaled to similar areas.
"""

import numpy as np

from .scenes import FRAMES, Scene, Track, tracks

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
LIGHT = np.array([-0.5, -0.7], np.float32)


def render(scene: Scene, frames: int = FRAMES, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Scene -> (uint8 RGB [frames, size, size, 3], object coverage f32 [frames, size, size] in [0, 1])."""
    picture = background(scene, size)
    video = np.repeat(picture[None], frames, axis=0)
    cover = np.zeros((frames, size, size), np.float32)
    for thing, track in zip(scene.things, tracks(scene, frames), strict=True):
        _draw(video, cover, thing.shape, np.array(PALETTE[thing.colour], np.float32), track, size)
    return (video + 0.5).astype(np.uint8), cover


def background(scene: Scene, size: int) -> np.ndarray:
    """The still part, f32 RGB [size, size, 3] in 0..255."""
    sky_top, sky_low, ground_top, ground_low, horizon = BANDS[scene.background]
    horizon = horizon + 0.06 * (float(scene.jitter[8]) - 0.5)
    y = (np.arange(size, dtype=np.float32) + 0.5) / size
    above = np.clip(y / horizon, 0, 1)[:, None]
    below = np.clip((y - horizon) / (1 - horizon), 0, 1)[:, None]
    blend = np.clip((y - horizon) * size * 0.5 + 0.5, 0, 1)[:, None]
    sky = (1 - above) * np.array(sky_top, np.float32) + above * np.array(sky_low, np.float32)
    ground = (1 - below) * np.array(ground_top, np.float32) + below * np.array(ground_low, np.float32)
    column = (1 - blend) * sky + blend * ground
    picture = np.repeat(column[:, None], size, axis=1)
    if scene.background == "night":
        _stars(picture, scene.jitter, size)
    return picture


def _stars(picture: np.ndarray, jitter: np.ndarray, size: int) -> None:
    shift = int(jitter[9] * 8)
    for index in range(14):
        x = int((index * 0.618034 % 1) * size + shift) % size
        y = int((index * 0.381966 * 1.7 % 1) * size * 0.6)
        picture[y, x] += 120


def _draw(video: np.ndarray, cover: np.ndarray, shape: str, colour: np.ndarray, track: Track, size: int) -> None:
    half = int(np.ceil(track.radius.max() * size * 1.2)) + 2
    side = 2 * half
    local = np.arange(side, dtype=np.float32) + 0.5
    left = np.floor(track.x * size).astype(int) - half
    top = np.floor(track.y * size).astype(int) - half
    scale = (track.radius * size)[:, None, None]
    px = (left[:, None, None] + local[None, None, :] - (track.x * size)[:, None, None]) / scale
    py = (top[:, None, None] + local[None, :, None] - (track.y * size)[:, None, None]) / scale
    lit = 1.0 + 0.13 * np.clip(LIGHT[0] * px + LIGHT[1] * py, -1, 1)
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
