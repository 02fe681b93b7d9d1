"""The drawn world: deterministic, prefix-closed, split without leaks, and read back by the evaluator from MP4."""

import numpy as np
import pytest

from zoetrope import video
from zoetrope.camera import camera_of
from zoetrope.captions import tokens_of
from zoetrope.evaluate import ASTRAY, PROPERTIES, judge, summary
from zoetrope.pool import scene_row
from zoetrope.prompts import held_out, with_cameras
from zoetrope.render import CLOUDY, render
from zoetrope.scenes import Scene, Thing, is_held_out, sample_scene, tracks, view
from zoetrope.seams import WAYS, excess
from zoetrope.vocabulary import CAMERAS, PAD, TOKEN_OF


def test_the_same_seed_draws_the_same_frames():
    one, two = (render(sample_scene(np.random.default_rng(4)))[0] for _ in range(2))
    assert np.array_equal(one, two)


def test_a_shorter_clip_is_a_prefix_of_the_longer_one():
    for seed in range(20):
        scene = sample_scene(np.random.default_rng(seed), camera_share=0.5)
        assert np.array_equal(render(scene, 9)[0], render(scene, 17)[0][:9])


def test_training_never_draws_a_held_out_combination():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        scene = sample_scene(rng)
        assert not any(is_held_out(thing, scene.background) for thing in scene.things)
    for row in (*held_out(), *with_cameras()):
        for thing in row["things"]:
            assert is_held_out(_Named(**thing), row["background"])


class _Named:
    def __init__(self, **names: str):
        self.__dict__.update(names)


def test_the_evaluator_reads_ground_truth_from_mp4(tmp_path):
    rng = np.random.default_rng(9)
    right = {name: [] for name in (*PROPERTIES, "background")}
    for index in range(100):
        scene = sample_scene(rng, held_out=True, pair_share=0.2)
        path = tmp_path / f"{index}.mp4"
        video.write(path, render(scene)[0])
        things = [{name: getattr(t, name) for name in PROPERTIES} for t in scene.things]
        seen = judge(video.read(path), {"id": "", "prompt": "", "things": things, "background": scene.background})
        right["background"].append(seen["background"])
        assert all(reading["astray"] < ASTRAY for reading in seen["seen"])
        for thing in seen["right"]:
            for name in PROPERTIES:
                right[name].append(thing[name])
    for name, values in right.items():
        assert np.mean(values) >= 0.99, f"{name}: {np.mean(values):.3f}"


def test_the_evaluator_reads_the_camera_from_mp4(tmp_path):
    right = []
    for row in with_cameras():
        path = tmp_path / f"{row['id']}.mp4"
        jitter = np.random.default_rng(row["seed"]).random(12, dtype=np.float32)
        video.write(path, render(Scene((Thing(**row["things"][0]),), row["background"], jitter, row["camera"]))[0])
        seen = judge(video.read(path), row)
        right.append(seen["camera"] and all(seen["right"][0].values()) and seen["background"])
        still, _ = render(Scene((Thing(**row["things"][0]),), row["background"], jitter))
        assert camera_of(still, row["background"] in CLOUDY) == ""
        other = CAMERAS[(CAMERAS.index(row["camera"]) + 1) % len(CAMERAS)]
        assert not judge(video.read(path), row | {"camera": other})["camera"]
    assert np.mean(right) >= 0.98


def test_a_zoom_does_not_make_the_horizon_part_of_the_thing():
    scene = Scene((Thing("star", "blue", "small", "still"),), "sunset", np.full(12, 0.5, np.float32), "zoomin")
    things = [{"shape": "star", "colour": "blue", "motion": "still"}]
    seen = judge(render(scene)[0], {"id": "", "prompt": "", "things": things, "background": "sunset", "camera": "zoomin"})
    assert seen["right"] == [{"colour": True, "shape": True, "motion": True}]


def test_a_camera_that_pans_with_a_thing_keeps_it_in_place_and_a_zoom_stays_where_it_ends():
    time = np.arange(33, dtype=np.float32) / 16
    followed, left_behind = (
        tracks(Scene((Thing("ball", "red", "large", motion),), "meadow", np.full(12, 0.5, np.float32), "panright"), time[:17])[0]
        for motion in ("right", "still")
    )
    assert np.ptp(followed.x) < 0.1
    assert left_behind.x[0] > 0.7 and left_behind.x[-1] < 0.3
    zoom = view("zoomin", time).zoom
    assert zoom[0] < 1 < zoom[16] and np.all(zoom[16:] == zoom[16])


@pytest.mark.parametrize("motion", ["bounces", "circles", "right", "falls"])
def test_the_evaluator_sees_what_leaves_its_path_for_a_few_frames(motion):
    frames, _ = render(Scene((Thing("ball", "red", "small", motion),), "light", np.full(12, 0.5, np.float32)))
    row = {"id": "", "prompt": "", "things": [{"colour": "red", "shape": "ball", "motion": motion}], "background": "light"}
    lost = frames.copy()
    lost[12:15] = np.roll(lost[12:15], 16, axis=2)
    kept, left = judge(frames, row), judge(lost, row)
    assert kept["right"][0]["motion"] and left["right"][0]["motion"]
    assert kept["seen"][0]["astray"] < 0.01 and left["seen"][0]["astray"] > ASTRAY
    assert summary([kept, left])["all_videos"]["astray"] == 50


def test_what_bounces_is_fastest_at_the_ground_join_or_not():
    ball, heart = (
        Scene((Thing(*what),), "light", np.full(12, 0.5, np.float32))
        for what in (("ball", "red", "small", "bounces"), ("heart", "red", "small", "spins"))
    )
    assert abs(excess(ball, *WAYS["forwards"]) - 1) < 0.02
    assert excess(heart, *WAYS["forwards"]) < 1


def test_the_evaluator_finds_mistakes():
    scene = sample_scene(np.random.default_rng(2), pair_share=0)
    asked = {"colour": "none", "shape": "none", "motion": "none"}
    seen = judge(render(scene)[0], {"id": "", "prompt": "", "things": [asked], "background": "none"})
    assert not any(seen["right"][0].values()) and not seen["background"]


def test_captions_name_what_is_drawn():
    rng = np.random.default_rng(1)
    for _ in range(200):
        scene = sample_scene(rng, camera_share=0.5)
        ids = tokens_of(scene_row(scene, 0), rng, drop=0)
        assert ids[0] == 1 and len(ids) == 24 and ids[-1] == PAD
        assert [camera for camera in CAMERAS if TOKEN_OF[camera] in ids] == ([scene.camera] if scene.camera else [])
