"""What results are told by: the flicker of a still background and the drawing of a training log."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import ndimage

from zoetrope.curves import read, svg
from zoetrope.evaluate import flicker_of, horizon_of, judge, summary
from zoetrope.render import render
from zoetrope.scenes import Scene, Thing
from zoetrope.vocabulary import BACKGROUNDS


def test_a_still_background_does_not_flicker_whatever_moves_before_it_and_trembling_is_seen():
    scene = Scene((Thing("star", "red", "medium", "right"),), "dark", np.full(12, 0.5, np.float32))
    frames, _ = render(scene)
    assert flicker_of(frames) < 0.1
    trembling = np.clip(frames.astype(int) + np.where(np.arange(len(frames)) % 2, 3, 0)[:, None, None, None], 0, 255).astype(np.uint8)
    assert abs(flicker_of(trembling) - 3) < 0.2
    row = {"id": "0", "prompt": "", "background": "dark", "things": [{"colour": "red", "shape": "star", "motion": "right"}]}
    told = summary([judge(frames, row), judge(frames, row | {"background": "sea"})])
    assert told["flicker"]["videos"] == 1
    assert told["all_videos"]["outline"] > 90


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_horizon_is_as_sharp_as_it_is_drawn_and_one_that_is_blurred_is_not(background):
    scene = Scene((Thing("ball", "red", "small", "still"),), background, np.full(12, 0.5, np.float32))
    frames, _ = render(scene)
    assert abs(horizon_of(frames, background) - 1) < 0.1
    blurred = ndimage.uniform_filter1d(frames.astype(np.float32), 4, axis=1).astype(np.uint8)
    assert horizon_of(blurred, background) < 0.7


def test_logs_of_runs_in_a_row_become_one_picture(tmp_path):
    for name, losses in (("a", [3.0, 2.0, 1.0]), ("b", [1.5, 0.5])):
        lines = [json.dumps({"step": 10 * (i + 1), "loss": loss}) for i, loss in enumerate(losses)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    runs = read([tmp_path / "a", tmp_path / "b"], batch=4)
    assert [clips.tolist() for clips, _ in runs] == [[40, 80, 120], [160, 200]]
    picture = ElementTree.fromstring(svg(runs))
    assert len(picture.findall("{http://www.w3.org/2000/svg}polyline")) == 4
