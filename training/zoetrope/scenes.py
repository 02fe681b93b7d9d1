"""What happens in a scene: its attributes, their sampling, the held-out split and the law of every motion.

Lengths and positions are fractions of the picture (x to the right, y down), angles in radians. A law gives the
pose of every frame from the frame's number alone, so a shorter clip is a prefix of the longer one, and goes on for ever: what
leaves the picture on one side enters it on the other, what has grown or shrunk stays as it is. Things move in the world; where the
camera moves, the picture shows another part of it.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from . import vocabulary as v

FRAMES = 17
LONGEST = 49
FPS = 8
HELD_OUT_SHARE = 0.10
RADIUS = {"small": 0.13, "medium": 0.17, "large": 0.215}
GROUND = 0.90
LANES = (0.26, 0.74)
LANE_MOTIONS = ("rises", "falls", "bounces", "spins", "grows", "shrinks", "still")
ROUND = ("ball", "ring")
# a pan's way over the time of one clip, in pictures; a zoom goes from 1 / ZOOM to ZOOM or back, and stays there
PAN, ZOOM = 0.5, 1.3
CAMERA_SHARE = 0.25
CLASHES = {
    ("green", "meadow"),
    ("blue", "sea"),
    ("yellow", "desert"),
    ("orange", "desert"),
    ("orange", "sunset"),
    ("pink", "sunset"),
    ("white", "snow"),
    ("white", "light"),
    ("purple", "night"),
    ("blue", "night"),
    *((colour, change) for colour in ("green", "purple", "blue") for change in ("nightfall", "daybreak")),
}


@dataclass(frozen=True)
class Thing:
    """One object and what it does."""

    shape: str
    colour: str
    size: str
    motion: str


@dataclass(frozen=True)
class Scene:
    """One or two things (the first stands left) over a background; `jitter` in [0, 1) is everything the caption leaves open.

    `camera` is one of `vocabulary.CAMERAS`, or empty where it stands still.
    """

    things: tuple[Thing, ...]
    background: str
    jitter: np.ndarray = field(compare=False, repr=False)
    camera: str = ""


@dataclass(frozen=True)
class View:
    """What the camera shows per frame, each an array [frames]: how far it has gone to the right, and its magnification about the centre."""

    shift: np.ndarray
    zoom: np.ndarray


@dataclass(frozen=True)
class Track:
    """Pose in the picture per frame, each an array [frames]: centre x and y, radius, angle."""

    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray
    angle: np.ndarray


def is_held_out(thing: Thing, background: str) -> bool:
    """True for the combinations that are never drawn in training, chosen by a hash of their names."""
    name = "|".join((thing.shape, thing.colour, thing.size, thing.motion, background))
    return hashlib.sha256(name.encode()).digest()[0] < HELD_OUT_SHARE * 256


def is_drawable(thing: Thing, background: str) -> bool:
    """False where colour would vanish into the background or the motion could not be seen."""
    return (thing.colour, background) not in CLASHES and not (thing.motion == "spins" and thing.shape in ROUND)


def sample_thing(rng: np.random.Generator, background: str, held_out: bool, lane: bool = False) -> Thing:
    """Draw one thing that fits the background, from the asked side of the split."""
    motions = LANE_MOTIONS if lane else v.MOTIONS
    sizes = v.SIZES[:2] if lane else v.SIZES
    while True:
        pick = [group[rng.integers(len(group))] for group in (v.SHAPES, v.COLOURS, sizes, motions)]
        thing = Thing(*pick)
        if is_drawable(thing, background) and is_held_out(thing, background) == held_out:
            return thing


def sample_scene(rng: np.random.Generator, held_out: bool = False, pair_share: float = 0.15, camera_share: float = 0.0) -> Scene:
    """Draw a scene; two things stand in their lanes and differ in colour and shape, so no camera pans there."""
    background = v.BACKGROUNDS[rng.integers(len(v.BACKGROUNDS))]
    pair = rng.random() < pair_share
    first = sample_thing(rng, background, held_out, lane=pair)
    things = (first,)
    while pair and len(things) < 2:
        second = sample_thing(rng, background, held_out, lane=True)
        if second.colour != first.colour and second.shape != first.shape:
            things = (first, second)
    jitter = rng.random(12, dtype=np.float32)
    moves = camera_share > 0 and rng.random() < camera_share
    cameras = v.ZOOMS if pair else v.CAMERAS
    return Scene(things, background, jitter, cameras[rng.integers(len(cameras))] if moves else "")


def moments(frames: int = FRAMES, first: int = 0) -> np.ndarray:
    """The time of `frames` frames from frame `first` on, f32; 1 is the end of a clip of 17."""
    return np.arange(first, first + frames, dtype=np.float32) / (FRAMES - 1)


def view(camera: str, time: np.ndarray) -> View:
    """The law of the camera: what it shows at each moment."""
    shift, zoom = np.zeros_like(time), np.ones_like(time)
    if camera in v.PANS:
        shift = (PAN if camera == "panright" else -PAN) * (time - 0.5)
    elif camera in v.ZOOMS:
        way = 2 * np.minimum(time, 1) - 1
        zoom = ZOOM ** (way if camera == "zoomin" else -way)
    return View(shift.astype(np.float32), zoom.astype(np.float32))


def tracks(scene: Scene, time: np.ndarray) -> list[Track]:
    """The law of motion as the camera sees it: scene and moments -> one track per thing."""
    seen = view(scene.camera, time)
    if len(scene.things) == 1:
        return [_track(scene.things[0], 0.5, scene.jitter[:4], time, seen)]
    return [
        _track(thing, lane, scene.jitter[4 * index : 4 * index + 4] * np.array([0.2, 1, 1, 1]) + np.array([0.4, 0, 0, 0]), time, seen)
        for index, (thing, lane) in enumerate(zip(scene.things, LANES, strict=True))
    ]


def _track(thing: Thing, centre: float, jitter: np.ndarray, time: np.ndarray, seen: View) -> Track:
    frames = len(time)
    wide = 2 * jitter[0] - 1
    high = 2 * jitter[1] - 1
    r = RADIUS[thing.size]
    x = np.full(frames, centre + 0.10 * wide, np.float32)
    y = np.full(frames, 0.55 + 0.08 * high, np.float32)
    radius = np.full(frames, r, np.float32)
    angle = np.zeros(frames, np.float32)
    travel = min(0.58, 0.96 - 2 * r)
    sweep = travel * (time - 0.5)
    if thing.motion == "right":
        x = 0.5 + 0.03 * wide + sweep
    elif thing.motion == "left":
        x = 0.5 + 0.03 * wide - sweep
    elif thing.motion == "rises":
        y = 0.5 + 0.03 * high - sweep
    elif thing.motion == "falls":
        y = 0.5 + 0.03 * high + sweep
    elif thing.motion == "bounces":
        low = GROUND - r
        phase = (2 * time) % 1
        y = low - (low - r - 0.04 - 0.04 * jitter[1]) * 4 * phase * (1 - phase)
    elif thing.motion == "circles":
        turn = 2 * np.pi * (time + 0.25 * (jitter[2] - 0.5))
        x = 0.5 + 0.02 * wide + 0.22 * np.sin(turn)
        y = 0.5 + 0.02 * high - 0.22 * np.cos(turn)
    elif thing.motion == "spins":
        angle = np.float32(np.pi * 1.25) * time
    elif thing.motion == "grows":
        radius = r * (0.55 + 0.70 * np.minimum(time, 1))
    elif thing.motion == "shrinks":
        radius = r * (1.25 - 0.70 * np.minimum(time, 1))
    x = 0.5 + (x - 0.5 - seen.shift) * seen.zoom
    y = 0.5 + (y - 0.5) * seen.zoom
    radius = radius * seen.zoom
    if thing.motion in ("right", "left") or seen.shift.any():
        x = _around(x, radius)
    if thing.motion in ("rises", "falls"):
        y = _around(y, radius)
    return Track(*(np.asarray(a, np.float32) for a in (x, y, radius, angle)))


def _around(place: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Positions that leave the picture on one side and enter it on the other, when nothing of the thing is to be seen."""
    margin = 1.25 * radius
    return (place + margin) % (1 + 2 * margin) - margin
