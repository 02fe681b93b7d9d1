"""The net: resumes to the same bits, decodes groups independently, exports to the same numbers."""

import copy
from argparse import Namespace
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch

from zoetrope import half, parity, restore, train_decoder
from zoetrope.autoencoder import PICTURE, Autoencoder, frames_of, pictures_of
from zoetrope.checkpoint import save
from zoetrope.denoiser import SIZES, Zoetrope, parts_of
from zoetrope.export import export_graphs, load_checkpoint
from zoetrope.mean import mean
from zoetrope.optimiser import Muon
from zoetrope.patches import CHANNELS, fit, grouped
from zoetrope.pool import GROUPS, LONG_GROUPS, Pool, fill, is_hard, scene_row, window
from zoetrope.render import render
from zoetrope.scenes import Scene, Thing, sample_scene
from zoetrope.train import Plan, Trainer, weights_of
from zoetrope.train_autoencoder import CROP, bank, pixel_weights, places, squares, train
from zoetrope.vocabulary import CAMERAS, MAX_TOKENS, encode
from zoetrope.widen import fitted

PLAN = Plan(size="tiny", batch=4, workers=2, steps=6, warmup=2, device="cpu")


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """A checkpoint of an autoencoder that has learnt nothing beyond its principal components."""
    path = tmp_path_factory.mktemp("ends") / "autoencoder.pt"
    Autoencoder(fit(scenes=40)).save(path)
    return path


@pytest.fixture(scope="module")
def pool(tmp_path_factory, ends):
    folder = tmp_path_factory.mktemp("pool")
    fill(folder, ends, 24, chunk=12)
    return Pool(folder)


@pytest.fixture(scope="module")
def weights(pool, ends):
    return weights_of(ends, pool)


def test_the_pool_goes_on_where_it_stopped(pool, ends, tmp_path):
    fill(tmp_path, ends, 5)
    with open(tmp_path / "latents.f16", "ab") as torn:
        torn.write(b"half a row")
    fill(tmp_path, ends, 24, processes=2)
    assert np.array_equal(Pool(tmp_path).latents, pool.latents)


@pytest.mark.parametrize("share", ["pairs", "hard", "cameras"])
def test_a_share_of_the_clips_can_be_asked_to_hold_two_things_to_be_hard_or_to_have_a_moving_camera(pool, weights, share):
    wanted = {"pairs": pool.doubles, "hard": pool.hard, "cameras": pool.cameras}[share]
    trainer = Trainer(replace(PLAN, batch=32, **{share: 1.0}), pool, weights)
    x0, cover, *_ = trainer._batch(0, 0)
    clips = x0.transpose(1, 2).numpy()
    kinds = [pool.latents[wanted, first : first + clips.shape[1]] for first in range(GROUPS - clips.shape[1] + 1)]
    assert all(any(np.array_equal(clip, held) for part in kinds for held in part) for clip in clips)
    assert share != "cameras" or (cover == 1).all()
    assert 0 < len(wanted) < pool.rows


def test_fast_things_and_small_and_turning_ones_with_corners_are_hard_to_draw():
    meadow = "meadow"
    scenes = {
        ("star", "small", "still"): True,
        ("triangle", "large", "circles"): True,
        ("square", "medium", "rises"): False,
        ("ball", "small", "rises"): False,
        ("ball", "large", "bounces"): True,
    }
    rows = [scene_row(Scene((Thing(shape, "red", size, motion),), meadow, np.zeros(12)), 0) for shape, size, motion in scenes]
    assert is_hard(np.stack(rows)).tolist() == list(scenes.values())
    pair = (Thing("ball", "red", "medium", "still"), Thing("star", "blue", "medium", "spins"))
    assert is_hard(scene_row(Scene(pair, meadow, np.zeros(12)), 0)[None]).all()


@pytest.mark.parametrize("camera", ["", *CAMERAS])
def test_windows_of_long_clips_are_the_same_wherever_they_begin(camera):
    scene = replace(sample_scene(np.random.default_rng(3), pair_share=0), camera=camera)
    whole = grouped(window(scene, LONG_GROUPS, 0)[0])
    for first in (1, 4, LONG_GROUPS - GROUPS):
        error = np.abs(grouped(window(scene, GROUPS, first)[0]).astype(int) - whole[first : first + GROUPS])
        # Vectorised exponentials round their last bit by where a number stands in its array, which a pan can carry to a pixel.
        assert error.max() <= (1 if camera else 0) and (error > 0).mean() < 1e-4


@pytest.mark.parametrize("workers", [1, 2])
def test_resumed_training_is_bit_equal(pool, ends, weights, tmp_path, workers):
    """One worker: the batches are prepared ahead of their steps, as on a GPU."""
    plan = replace(PLAN, workers=workers)
    fill(tmp_path / "long", ends, 6, groups=LONG_GROUPS)
    pools = pool, weights, Pool(tmp_path / "long")
    straight = Trainer(plan, *pools)
    for _ in range(6):
        straight.advance()
    first = Trainer(plan, *pools)
    for _ in range(3):
        first.advance()
    first.save(tmp_path / "last.pt")
    second = Trainer(plan, *pools)
    second.load(tmp_path / "last.pt")
    for _ in range(3):
        second.advance()
    for a, b in zip(straight.average.parameters(), second.average.parameters(), strict=True):
        assert torch.equal(a, b)
    assert second.progress() == 1
    second.save_weights(tmp_path / "weights.pt")
    net, facts = load_checkpoint(tmp_path / "weights.pt")
    assert facts["steps"] == 6
    for a, b in zip(second.average.parameters(), net.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-3, rtol=1e-3)


def test_the_way_up_can_be_trained_alone(pool, weights, tmp_path):
    plan = replace(PLAN, way_up=1)
    trainer = Trainer(plan, pool, weights)
    before = copy.deepcopy(trainer.model.state_dict())
    details = {id(p) for part in trainer.model.denoiser.way_up() for p in part.parameters()}
    for _ in range(3):
        trainer.advance()
    for net in (trainer.model, trainer.average):
        moved = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
        assert moved and moved <= {name for name, p in trainer.model.named_parameters() if id(p) in details}
    trainer.save(tmp_path / "last.pt")
    again = Trainer(plan, pool, weights)
    again.load(tmp_path / "last.pt")
    assert trainer.advance() == again.advance()


def test_the_mean_of_two_runs_lies_between_them(pool, weights, tmp_path):
    for folder, steps in (("a", 1), ("b", 3)):
        trainer = Trainer(PLAN, pool, weights)
        for _ in range(steps):
            trainer.advance()
        trainer.save_weights(tmp_path / f"{folder}.pt")
    paths = [tmp_path / "a.pt", tmp_path / "b.pt"]
    one, two = (torch.load(path, weights_only=True)["average"] for path in paths)
    save(mean(paths), tmp_path / "mean.pt")
    net, facts = load_checkpoint(tmp_path / "mean.pt")
    assert facts["steps"] == 3
    for name, value in net.state_dict().items():
        assert torch.allclose(value, (one[name].float() + two[name].float()) / 2, atol=1e-3)
    states = [torch.load(path, weights_only=True) for path in paths]
    del states[0]["average"]["text.second"]
    torch.save(states[0], paths[0])
    with pytest.raises(ValueError, match="different sizes"):
        mean(paths)


def test_groups_decode_alone_as_in_a_batch(ends):
    decoder = Autoencoder.load(ends).decoder
    torch.manual_seed(0)
    torch.nn.init.normal_(decoder.refiner.leave.weight, std=0.05)
    latents = torch.randn(3, CHANNELS, 16, 16)
    with torch.no_grad():
        together = decoder(latents)
        alone = torch.cat([decoder(latents[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-5)


def test_the_round_trip_keeps_the_picture(ends):
    net = Autoencoder.load(ends)
    frames, _ = render(sample_scene(np.random.default_rng(5)))
    with torch.no_grad():
        back = frames_of(net.decoder, net.encode(pictures_of(frames)).transpose(0, 1)[None])[0].numpy()
    assert back.shape == frames.shape
    assert np.abs(back.astype(int) - frames).mean() < 5


def test_a_settled_autoencoder_encodes_the_same_without_its_norm(ends):
    net = Autoencoder()
    net.load_state_dict(torch.load(ends, weights_only=True))
    pictures = pictures_of(render(sample_scene(np.random.default_rng(6)))[0])
    with torch.no_grad():
        net.train().encode(pictures)
        wanted = net.eval().encode(pictures)
        assert torch.allclose(net.settled().encoder(pictures), wanted, atol=1e-3)


def test_a_short_run_of_the_autoencoder_makes_its_pictures_better(ends, tmp_path):
    pictures, things, pairs = bank(20, 1, 1)
    net = Autoencoder()
    net.load_state_dict(torch.load(ends, weights_only=True))
    where = places(things, pairs[:8], CROP, np.random.default_rng(0))
    cuts, _, weights = squares(pictures, things, where, CROP)

    def error() -> float:
        # The norm as the run sees it: by the batch.
        net.train()
        with torch.no_grad():
            return weighted(net.decoder.picture(net.encode(cuts.unflatten(1, (-1, 3)))), cuts, weights)

    frames = cuts.unflatten(1, (-1, 3))
    before, latents = error(), Autoencoder.load(ends).encode(frames)
    how = {"workers": 1, "lr": 5e-4, "batch": 8, "steps": 30, "device": "cpu"}
    train(net, pictures, things, pairs, 1, Namespace(**how, out=tmp_path / "autoencoder.pt"))
    assert error() < before
    assert not torch.allclose(Autoencoder.load(tmp_path / "autoencoder.pt").encode(frames), latents, atol=1e-4)


def test_a_short_run_of_the_decoder_draws_better_what_a_denoiser_made_and_leaves_the_latent_space(ends, tmp_path):
    torch.manual_seed(0)
    shipped = Autoencoder.load(ends)
    groups = train_decoder.bank([(Zoetrope(SIZES["tiny"]).eval(), 3.0)], shipped, 16, 1, 1)
    assert len(groups.pictures) == len(groups.latents) == 16 * GROUPS
    wanted = torch.from_numpy(groups.pictures[:20, :PICTURE]).float() / 255
    own, made = torch.from_numpy(groups.latents[:20]).unbind(1)
    assert torch.allclose(shipped.encode(wanted.unflatten(1, (-1, 3))), own, atol=1e-4)
    assert not torch.allclose(own, made, atol=0.1)
    net = Autoencoder()
    net.load_state_dict(torch.load(ends, weights_only=True))
    weights = pixel_weights(groups.things[:20])
    cover = torch.from_numpy(groups.pictures[:20, PICTURE:]).float() / 255

    @torch.no_grad()
    def error() -> float:
        return weighted(net.decoder.picture(made), wanted, weights)

    @torch.no_grad()
    def error_of_outlines() -> float:
        linear = net.decoder.linear(own)
        shown = net.decoder.refiner.paint(*net.decoder.refiner.features(own, linear), linear)[1]
        return weighted(torch.sigmoid(shown), cover, weights)

    before, outlines_before = error(), error_of_outlines()
    how = {"workers": 1, "lr": 6e-4, "batch": 4, "steps": 40, "device": "cpu"}
    train_decoder.train(net, groups, 1, Namespace(**how, out=tmp_path / "decoder.pt"))
    assert error() < before
    assert error_of_outlines() < outlines_before
    again = Autoencoder.load(tmp_path / "decoder.pt").encode(wanted.unflatten(1, (-1, 3)))
    assert torch.allclose(again, own, atol=1e-4)


def weighted(drawn: torch.Tensor, wanted: torch.Tensor, weights: torch.Tensor) -> float:
    return float(((drawn - wanted).square() * weights).mean())


def test_onnx_runtime_computes_what_pytorch_computes_and_training_can_go_on_from_the_files(ends, tmp_path):
    torch.manual_seed(1)
    model, net = Zoetrope(SIZES["tiny"]).eval(), Autoencoder.load(ends)
    for parameter in (*model.parameters(), *net.parameters()):
        parameter.data += 0.02 * torch.randn_like(parameter)
    for part in (model, net):
        half.round_weights(part)
    export_graphs(model, net, tmp_path)
    for path in tmp_path.glob("*.onnx"):
        stored = onnx.load(path)
        wide = half.widen(onnx.load(path))
        onnx.save(wide, tmp_path / "wide")
        assert path.stat().st_size < 0.75 * (tmp_path / "wide").stat().st_size
        assert half.store(wide).graph == stored.graph
    result = parity.compare(model, net, tmp_path, threads=1)
    assert result["passes"], result
    assert max(result["max_abs_error"].values()) < 1e-3
    for one, two in zip((model, net), restore.restore(tmp_path, "tiny"), strict=True):
        for a, b in zip(one.parameters(), two.parameters(), strict=True):
            assert torch.equal(a, b)


def test_each_half_of_the_picture_is_told_the_words_of_its_own_thing():
    torch.manual_seed(4)
    encoder = Zoetrope(SIZES["tiny"]).text.eval()
    with torch.no_grad():
        parts, two = parts_of(*encoder(torch.tensor([encode("red ball and blue star"), encode("red ball")])))
        text, _ = encoder(torch.tensor([encode("red ball and blue star")]))
    assert two.flatten().tolist() == [1, 0]
    assert torch.allclose(parts[0, 0], text[0, :3].mean(0), atol=1e-6)
    assert torch.allclose(parts[0, 1], text[0, 3:6].mean(0), atol=1e-6)
    assert torch.equal(parts[1, 0], parts[1, 1])


def stirred(seed: int) -> Zoetrope:
    """A tiny net in which nothing is zero any more."""
    torch.manual_seed(seed)
    net = Zoetrope(SIZES["tiny"]).eval()
    for parameter in net.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return net


def test_a_deeper_net_begins_where_the_shallower_one_ended():
    small = stirred(2)
    deeper = replace(SIZES["tiny"], fine_blocks=2, middle_blocks=2, waist_blocks=3)
    large = Zoetrope(deeper).eval()
    large.grow_from(small.state_dict())
    inputs = torch.randn(2, CHANNELS, 5, 16, 16), torch.rand(2, 5), torch.randint(1, 20, (2, MAX_TOKENS))
    with torch.no_grad():
        assert torch.equal(small(*inputs), large(*inputs))
    with pytest.raises(ValueError, match="no place"):
        small.grow_from(large.state_dict())


def test_a_wider_net_begins_where_the_narrower_one_ended():
    narrow = stirred(4)
    size = replace(SIZES["tiny"], fine=24, middle=32, waist=48)
    wide = Zoetrope(size).train()
    wide.grow_from(fitted(narrow.state_dict(), size))
    inputs = torch.randn(2, CHANNELS, 5, 16, 16), torch.rand(2, 5), torch.randint(1, 20, (2, MAX_TOKENS))
    before, after = narrow(*inputs).detach(), wide(*inputs)
    # Exactly where norms take no mean; there are three that do.
    assert float((before - after).detach().square().mean() / before.square().mean()) < 1e-3
    (after - torch.randn_like(after)).square().mean().backward()
    idle = [name for name, p in wide.named_parameters() if not p.grad.any() and "sides" not in name and name != "text.second"]
    assert idle == []
    weights = narrow.state_dict()
    assert fitted(weights, SIZES["tiny"]) is weights
    with pytest.raises(ValueError, match="wider net"):
        fitted(wide.state_dict(), SIZES["tiny"])


def test_a_net_takes_the_weights_of_one_that_knew_fewer_words():
    torch.manual_seed(3)
    older, newer = Zoetrope(SIZES["tiny"]), Zoetrope(SIZES["tiny"])
    own = newer.text.words.weight.detach().clone()
    weights = older.state_dict()
    newer.grow_from(weights | {"text.words.weight": weights["text.words.weight"][:-4]})
    assert torch.equal(newer.text.words.weight[:-4], older.text.words.weight[:-4])
    assert torch.equal(newer.text.words.weight[-4:], own[-4:])


def test_a_pool_of_other_rows_is_left_alone(ends, tmp_path):
    fill(tmp_path, ends, 3)
    rows = (tmp_path / "scenes.u8").read_bytes()
    (tmp_path / "scenes.u8").write_bytes(rows[:-3])
    with pytest.raises(ValueError, match="another version"):
        fill(tmp_path, ends, 6)
    assert (tmp_path / "scenes.u8").read_bytes() == rows[:-3]


def test_muon_moves_matrices_of_one_shape_together_as_it_moves_each_alone():
    torch.manual_seed(2)
    first = [torch.randn(shape, requires_grad=True) for shape in ((8, 4), (4, 8), (8, 4), (6, 2, 3, 3))]
    second = [p.detach().clone().requires_grad_() for p in first]
    alone, together = Muon(first, 0.1), Muon(second, 0.1)
    for _ in range(3):
        for a, b in zip(first, second, strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        alone.step()
        with torch.no_grad():
            together._move_stacked(together.param_groups[0])
    for a, b in zip(first, second, strict=True):
        assert torch.allclose(a, b, atol=1e-5)
