"""Variants of a denoiser: smaller, still loadable model folders, and a table that tells their errors from each other."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from zoetrope.export import file_entry
from zoetrope.quantise import FIRST, LEVELS, SHIPPED, VARIANTS, measure, psnr

MODEL = Path(__file__).parents[2] / "models" / "zoetrope-s"
ROWS = [{"prompt": "a red ball bounces at night", "seed": 1}, {"prompt": "a blue star and a red ring", "seed": 2}]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The shipped smaller model, its variants' folders and the table of a short measurement."""
    scratch = tmp_path_factory.mktemp("variants")
    return MODEL, scratch, measure(MODEL, scratch, ROWS, steps=2, frames=5, rounds=2, threads=1)


def test_every_variant_is_smaller_and_a_model_folder_of_its_own(table):
    folder, scratch, lines = table
    for name in VARIANTS:
        assert name == FIRST or lines[name]["bytes"] < lines[FIRST]["bytes"]
        files = json.loads((scratch / name / "manifest.json").read_text())["files"]
        assert files == [file_entry(scratch / name, file["path"], file["role"]) for file in files]
    assert (folder / "denoiser.onnx").stat().st_size == lines[SHIPPED]["bytes"] < 0.6 * lines[FIRST]["bytes"]


def test_only_the_asked_operators_are_in_int8(table):
    _, scratch, _ = table
    kinds = {name: {node.op_type for node in onnx.load(scratch / name / "denoiser.onnx").graph.node} for name in VARIANTS}
    assert {"ConvInteger", "MatMulInteger"} <= kinds["int8"]
    assert "Conv" in kinds["int8-matmul"] and "ConvInteger" not in kinds["int8-matmul"] and "MatMulInteger" in kinds["int8-matmul"]
    assert not any("Integer" in kind for kind in kinds[FIRST])


def test_weights_stored_in_16_bits_change_nothing_and_int8_errs(table):
    _, _, lines = table
    for level in map(str, LEVELS):
        half, eighth = (lines[name]["velocity"][level] for name in (SHIPPED, "int8"))
        assert half["largest"] == half["rms"] == 0 < eighth["rms"] < 1
        assert eighth["largest"] > eighth["rms"]
    assert lines[SHIPPED]["clips_psnr"]["mean"] == 99 > lines["int8"]["clips_psnr"]["mean"]
    assert lines[FIRST]["ratio"] == 1


def test_psnr_of_one_level_everywhere():
    dark = np.zeros((2, 4, 4, 3), np.uint8)
    assert psnr(dark, dark) == 99
    assert psnr(dark, dark + 1) == pytest.approx(48.13, abs=0.01)
