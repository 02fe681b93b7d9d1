"""Writes checkpoints so that a stop at any moment leaves the last whole one."""

from pathlib import Path

import torch


def save(state: dict, path: Path) -> None:
    """Temporary file, then rename."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").rename(path)
