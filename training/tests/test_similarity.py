"""The similarity model: wrong captions are wrong in what they say, turned clips keep true captions, training tells them apart."""

from argparse import Namespace

import numpy as np
import pytest
import torch

from zoetrope import vocabulary as v
from zoetrope.captions import tokens_of
from zoetrope.measure_similarity import LIMIT, export, parity, rates, report, scores
from zoetrope.pool import scene_row
from zoetrope.render import render
from zoetrope.scenes import ROUND, Scene, Thing, is_held_out, sample_scene
from zoetrope.similarity import FRAMES_SEEN, SIDE, Similarity
from zoetrope.train_similarity import KINDS, Trainer, bank, degrade, small, turned, wrong_caption

ARGS = Namespace(lr=2e-3, seconds=1e9, batch=4, wrong=4)


@pytest.fixture(scope="module")
def drawn():
    return bank(40, 3, 1)


def words(tokens: list[int]) -> list[str]:
    return [v.WORDS[token - 3] for token in tokens if token > v.UNKNOWN]


def test_a_wrong_caption_differs_in_exactly_what_was_asked_for():
    rng = np.random.default_rng(0)
    seen = dict.fromkeys(KINDS, 0)
    groups = {"shape": v.SHAPES, "colour": v.COLOURS, "motion": v.MOTIONS, "background": v.BACKGROUNDS}
    for _ in range(300):
        true = tokens_of(scene_row(sample_scene(rng, pair_share=0.5), 0), rng, drop=0)
        for kind in KINDS:
            wrong = wrong_caption(true, kind, rng)
            if wrong is None:
                continue
            seen[kind] += 1
            assert len(wrong) == v.MAX_TOKENS and wrong != true
            if kind == "swap":
                assert sorted(words(wrong)) == sorted(words(true)) and "and" in words(true)
            else:
                ((old, new),) = [(a, b) for a, b in zip(words(true), words(wrong), strict=True) if a != b]
                assert old in groups[kind] and new in groups[kind]
    assert min(seen.values()) > 50


def test_no_wrong_caption_asks_for_what_nobody_could_see():
    rng = np.random.default_rng(1)
    true = v.encode("a red ball stays still at night")
    captions = [words(wrong_caption(true, "motion", rng) or []) for _ in range(200)]
    assert not any("spins" in caption for caption in captions)
    true = v.encode("a red star spins at night")
    captions = [words(wrong_caption(true, "shape", rng) or []) for _ in range(200)]
    assert not any(set(ROUND) & set(caption) for caption in captions)


def test_a_turned_clip_is_the_clip_of_its_turned_row():
    jitter = np.full(12, 0.5, np.float32)
    things = (Thing("star", "red", "small", "rises"), Thing("square", "white", "small", "grows"))
    mirrored = Scene((things[1], things[0]), "dark", jitter)
    reversed_ = Scene((Thing("star", "red", "small", "falls"), Thing("square", "white", "small", "shrinks")), "dark", jitter)
    scene = Scene(things, "dark", jitter)
    frames, row = small(render(scene)[0]), scene_row(scene, 0)
    for other, mirror, reverse in ((mirrored, True, False), (reversed_, False, True)):
        got, said = turned(frames, row, mirror, reverse)
        assert np.array_equal(said, scene_row(other, 0))
        # The light that falls on the things from the left does not turn with them.
        assert np.abs(got.astype(int) - small(render(other)[0])).mean() < 2
    day = Scene((Thing("ball", "red", "large", "right"),), "nightfall", jitter)
    _, said = turned(frames, scene_row(day, 0), False, True)
    assert v.BACKGROUNDS[said[0]] == "daybreak" and v.MOTIONS[said[5]] == "left"


def test_held_out_scenes_never_train(drawn):
    def things(rows):
        for row in rows:
            for at in range(2, 2 + 4 * row[1], 4):
                yield Thing(v.SHAPES[row[at]], v.COLOURS[row[at + 1]], v.SIZES[row[at + 2]], v.MOTIONS[row[at + 3]]), v.BACKGROUNDS[row[0]]

    assert not any(is_held_out(thing, place) for thing, place in things(drawn[1]))
    assert all(is_held_out(thing, place) for thing, place in things(bank(5, 3, 1, held_out=True)[1]))


def test_degraded_clips_stay_near_and_in_range(drawn):
    clips = drawn[0][:16]
    out = degrade(clips, np.random.default_rng(0))
    difference = (out - torch.from_numpy(clips).float() / 255).abs().mean((1, 2, 3, 4))
    assert out.min() >= 0 and out.max() <= 1
    assert (difference == 0).any() and (difference > 0).any() and difference.max() < 0.08


def test_training_learns_to_tell_right_from_wrong_and_goes_on_where_it_was_saved(drawn, tmp_path):
    torch.manual_seed(0)
    trainer = Trainer(*drawn, 5, ARGS)
    for _ in range(2):
        trainer.advance()
    trainer.save(tmp_path / "similarity.pt")
    again = Trainer(*drawn, 5, ARGS)
    again.load(tmp_path / "similarity.pt")
    assert trainer.advance() == again.advance()
    losses = [trainer.advance()[0] for _ in range(25)]
    assert np.mean(losses[-8:]) < np.mean(losses[:4])


def test_onnx_runtime_gives_unit_vectors_equal_to_pytorch(tmp_path):
    torch.manual_seed(1)
    net = Similarity().eval()
    export(net, tmp_path)
    assert max(parity(net, tmp_path).values()) < LIMIT
    with torch.no_grad():
        vectors = net.video(torch.rand(3, FRAMES_SEEN, 3, SIDE, SIDE))
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(3), atol=1e-5)


def test_rates_know_perfect_and_blind_scores():
    rng = np.random.default_rng(0)
    perfect = rates(rng.random(200) + 1, rng.random(1000))
    assert perfect["auc"] == 1 and perfect["accuracy"] == 1 and perfect["equal_error_rate"] == 0
    assert 0.99 < perfect["best_threshold"] < 1.02
    blind = rates(rng.random(2000), rng.random(2000))
    assert 0.46 < blind["auc"] < 0.54 and 0.45 < blind["equal_error_rate"] < 0.55


def test_the_report_names_every_kind_of_wrong_caption(drawn):
    net = Similarity().eval()
    clean, degraded = (scores(net, drawn[0][:20], drawn[1][:20], 1, flag) for flag in (False, True))
    assert not np.array_equal(clean["true"], degraded["true"])
    result = report(clean, degraded)
    assert set(result["clean"]["kinds"]) == {*KINDS, "random"}
    pairs = int((drawn[1][:20, 1] == 2).sum())
    assert result["clean"]["kinds"]["swap"]["captions"] <= pairs
