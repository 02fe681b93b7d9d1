"""The net: resumes to the same bits, decodes groups independently, exports to the same numbers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from zoetrope import parity, restore
from zoetrope.autoencoder import Decoder, Encoder, frames_of
from zoetrope.denoiser import SIZES, Zoetrope
from zoetrope.export import export_graphs
from zoetrope.patches import Patches, fit, grouped
from zoetrope.pool import Pool, fill
from zoetrope.render import render
from zoetrope.scenes import sample_scene
from zoetrope.train import Plan, Trainer
from zoetrope.vocabulary import MAX_TOKENS

PLAN = Plan(size="tiny", batch=4, workers=2, steps=6, warmup=2)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    fit(scenes=40).save(folder / "patches.npz")
    fill(folder, 24, chunk=12)
    return Pool(folder)


def test_the_pool_goes_on_where_it_stopped(pool, tmp_path):
    (tmp_path / "patches.npz").write_bytes((pool.folder / "patches.npz").read_bytes())
    fill(tmp_path, 5)
    with open(tmp_path / "latents.f16", "ab") as torn:
        torn.write(b"half a row")
    fill(tmp_path, 24)
    assert np.array_equal(Pool(tmp_path).latents, pool.latents)


def test_resumed_training_is_bit_equal(pool, tmp_path):
    std = Patches.load(pool.folder / "patches.npz").std
    straight = Trainer(PLAN, pool, std)
    for _ in range(6):
        straight.advance()
    first = Trainer(PLAN, pool, std)
    for _ in range(3):
        first.advance()
    first.save(tmp_path / "last.pt")
    second = Trainer(PLAN, pool, std)
    second.load(tmp_path / "last.pt")
    for _ in range(3):
        second.advance()
    for a, b in zip(straight.average.parameters(), second.average.parameters(), strict=True):
        assert torch.equal(a, b)
    assert second.progress() == 1


def test_groups_decode_alone_as_in_a_batch(pool):
    decoder = Decoder(Patches.load(pool.folder / "patches.npz")).eval()
    torch.manual_seed(0)
    torch.nn.init.normal_(decoder.refiner.leave.weight, std=0.05)
    latents = torch.randn(3, 24, 16, 16)
    with torch.no_grad():
        together = decoder(latents)
        alone = torch.cat([decoder(latents[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-5)


def test_the_linear_round_trip_keeps_the_picture(pool):
    patches = Patches.load(pool.folder / "patches.npz")
    frames, _ = render(sample_scene(np.random.default_rng(5)))
    latents = torch.from_numpy(patches.encode(frames)).transpose(0, 1)[None]
    with torch.no_grad():
        back = frames_of(Decoder(patches), latents)[0].numpy()
    assert back.shape == frames.shape
    assert np.abs(back.astype(int) - frames).mean() < 4


def test_the_encoder_network_equals_the_linear_map(pool):
    patches = Patches.load(pool.folder / "patches.npz")
    frames, _ = render(sample_scene(np.random.default_rng(6)))
    pictures = torch.from_numpy(grouped(frames)).permute(0, 1, 4, 2, 3).float() / 255
    with torch.no_grad():
        assert np.abs(Encoder(patches)(pictures).numpy() - patches.encode(frames)).max() < 1e-3


def test_onnx_runtime_computes_what_pytorch_computes_and_training_can_go_on_from_the_files(pool, tmp_path):
    patches = Patches.load(pool.folder / "patches.npz")
    torch.manual_seed(1)
    model = Zoetrope(SIZES["tiny"]).eval()
    decoder = Decoder(patches).eval()
    for parameter in (*model.parameters(), *decoder.refiner.parameters()):
        parameter.data += 0.02 * torch.randn_like(parameter)
    encoder = Encoder(patches).eval()
    export_graphs(model, decoder, encoder, tmp_path)
    result = parity.compare(model, decoder, encoder, tmp_path, threads=1)
    assert result["passes"], result
    assert max(result["max_abs_error"].values()) < 1e-3
    again = restore.restore_patches(tmp_path)
    restored, redecoder = restore.restore_model(tmp_path, "tiny", again)
    for one, two in ((model, restored), (decoder, redecoder)):
        for a, b in zip(one.parameters(), two.parameters(), strict=True):
            assert torch.equal(a, b)
    frames, _ = render(sample_scene(np.random.default_rng(3)))
    assert np.abs(again.encode(frames) - patches.encode(frames)).max() < 1e-3


def test_a_deeper_net_begins_where_the_shallower_one_ended():
    torch.manual_seed(2)
    small = Zoetrope(SIZES["tiny"]).eval()
    for parameter in small.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    deeper = replace(SIZES["tiny"], fine_blocks=2, middle_blocks=2, waist_blocks=3)
    large = Zoetrope(deeper).eval()
    large.grow_from(small.state_dict())
    inputs = torch.randn(2, 24, 5, 16, 16), torch.rand(2, 5), torch.randint(1, 20, (2, MAX_TOKENS))
    with torch.no_grad():
        assert torch.equal(small(*inputs), large(*inputs))
    with pytest.raises(ValueError, match="no place"):
        small.grow_from(large.state_dict())
