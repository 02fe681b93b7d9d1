"""MP4 files and contact sheets."""

from pathlib import Path

import av
import numpy as np
from PIL import Image

from .scenes import FPS


def write(path: Path, frames: np.ndarray, fps: int = FPS) -> None:
    """uint8 RGB [F, H, W, 3] -> H.264 MP4, yuv420p."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "14"}
        for frame in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        file.mux(stream.encode())


def read(path: Path) -> np.ndarray:
    """MP4 -> uint8 RGB [F, H, W, 3]."""
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def sheet(videos: list[np.ndarray], path: Path, columns: int = 5, abreast: int = 1) -> None:
    """One row per video with `columns` frames spread over its time, `abreast` videos side by side."""
    rows = []
    for frames in videos:
        pick = np.linspace(0, len(frames) - 1, columns).round().astype(int)
        row = np.concatenate(list(frames[pick]), 1)
        rows.append(np.pad(row, ((0, 2), (0, 6), (0, 0)), constant_values=255))
    while len(rows) % abreast:
        rows.append(np.full_like(rows[0], 255))
    lines = [np.concatenate(rows[i : i + abreast], 1) for i in range(0, len(rows), abreast)]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(lines)).save(path, optimize=True)
