"""What the camera does in a video with one thing in it, read from the background alone: by classical vision that knows the drawn world.

A zoom is read from where the rows of the picture went, a pan from the clouds. Backgrounds without clouds show no pan.
"""

import numpy as np
from scipy import ndimage

from . import vision
from . import vocabulary as v
from .render import DRIFT, FAR, STRIP
from .scenes import FRAMES, PAN, moments, view

# the part of the picture's height that holds clouds
SKY = 0.42
# the clouds of frames so far apart are compared
LAG = 4


def seems(camera: str) -> str:
    """What a thing that stays still seems to do."""
    return {"panleft": "right", "panright": "left", "zoomin": "grows", "zoomout": "shrinks"}[camera]


def camera_of(frames: np.ndarray, cloudy: bool) -> str:
    """uint8 RGB [F, H, W, 3] of a background whose light stays, with clouds or not -> one of `vocabulary.CAMERAS` or ""."""
    zoom = _zoom(frames)
    return zoom if zoom or not cloudy else _pan(frames)


def _zoom(frames: np.ndarray) -> str:
    """By the magnification that turns the first rows into the last ones."""
    begin, end = vision.first_and_last_rows(frames)
    height = len(begin)
    away = (np.arange(height) + 0.5) / height - 0.5
    # the medians of three frames are of the second and of the last but one
    ratios = {name: float(np.divide(*view(name, moments(len(frames))).zoom[[-2, 1]])) for name in ("", *v.ZOOMS)}
    inner = np.abs(away) < 0.5 * min(ratios.values())
    errors = {}
    for name, ratio in ratios.items():
        source = (0.5 + away[inner] / ratio) * height - 0.5
        then = np.stack([np.interp(source, np.arange(height), begin[:, channel]) for channel in range(3)], 1)
        errors[name] = float(np.abs(then - end[inner]).mean())
    return min(errors, key=errors.get)


def _pan(frames: np.ndarray) -> str:
    """By the way the clouds go in LAG frames: they drift by themselves too."""
    wide = frames.shape[2]
    sky = slice(0, round(SKY * frames.shape[1]))
    light = frames[:, sky].astype(np.float32).mean(-1)
    open_sky = ~np.stack([ndimage.binary_dilation(mask, iterations=4) for mask in vision.foreground(frames)])[:, sky]
    light = light - np.median(light, axis=(0, 2))[:, None]
    per_picture = LAG * wide / (FRAMES - 1)
    drift, way = -DRIFT * STRIP * per_picture, FAR * PAN * per_picture
    expected = {"": drift, "panleft": drift + way, "panright": drift - way}
    reach = int(max(abs(value) for value in expected.values())) + 8
    errors = []
    for step in range(-reach, reach + 1):
        now, after = slice(max(0, -step), wide - max(0, step)), slice(max(0, step), wide - max(0, -step))
        seen = open_sky[:-LAG, :, now] & open_sky[LAG:, :, after]
        errors.append(float(((light[LAG:, :, after] - light[:-LAG, :, now]) ** 2)[seen].mean()))
    found = int(np.argmin(errors)) - reach
    return min(expected, key=lambda name: abs(expected[name] - found))
