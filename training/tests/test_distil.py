"""The student: its targets are the teacher's guided way, edits and unguided passes keep theirs, training nears it, runs resume."""

from dataclasses import replace

import pytest
import torch

from zoetrope import flow
from zoetrope.autoencoder import Autoencoder
from zoetrope.distil import DistilPlan, Student, guided, jump
from zoetrope.export import load_checkpoint
from zoetrope.patches import CHANNELS, fit
from zoetrope.pool import GROUPS, Pool, fill
from zoetrope.train import Plan, Trainer
from zoetrope.vocabulary import encode

PLAN = DistilPlan(size="tiny", batch=8, workers=2, steps=25, warmup=2, lr=2e-3, ema=0.8, device="cpu", substeps=3, guidance=3.0)
TEACHER = Plan(size="tiny", batch=8, steps=25, warmup=2, lr=4e-3, ema=0.5, device="cpu")
PROMPTS = ("a red ball bounces at night", "a blue star spins in the snow", "a small heart falls")


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    Autoencoder(fit(scenes=30)).save(folder / "autoencoder.pt")
    fill(folder, folder / "autoencoder.pt", 12)
    return Pool(folder)


@pytest.fixture(scope="module")
def teacher(pool):
    """A net that has learnt for a few seconds, so that its prompts matter and its guided way is not its plain one."""
    trainer = Trainer(TEACHER, pool, torch.ones(CHANNELS))
    for _ in range(TEACHER.steps):
        trainer.advance()
    return trainer.average.eval()


@pytest.fixture
def student(pool, teacher):
    return Student(PLAN, pool, torch.ones(CHANNELS), teacher)


def test_the_jumps_in_a_row_are_the_teachers_guided_sampling(teacher):
    tokens, noise = torch.tensor([encode(p) for p in PROMPTS]), torch.randn(3, CHANNELS, 3, 16, 16)
    wanted = flow.sample([(teacher, PLAN.jumps * PLAN.substeps, PLAN.guidance)], tokens, noise, PLAN.shift)
    levels, x = flow.schedule(PLAN.jumps, PLAN.shift), noise
    with torch.no_grad():
        for number in range(PLAN.jumps):
            sigmas = torch.full((3, 3), levels[number])
            velocity = jump(teacher, x, sigmas, sigmas > 0, tokens, torch.full((3,), number), PLAN)
            x = x + (levels[number + 1] - levels[number]) * velocity
    assert torch.allclose(x, wanted, atol=0.01)
    other = flow.sample([(teacher, PLAN.jumps * PLAN.substeps, 1.0)], tokens, noise, PLAN.shift)
    assert (other - wanted).abs().mean() > 0.02


def test_only_one_level_with_a_prompt_is_a_jump_and_kept_frames_stay(student):
    frames, clips = 5, 64
    x0 = torch.randn(clips, CHANNELS, frames, 16, 16)
    tokens = torch.tensor([encode(PROMPTS[i % 3]) if i % 4 else encode("") for i in range(clips)])
    absent = torch.arange(clips) % 3 == 0
    drawn = flow.draw_sigmas(clips, frames, torch.Generator().manual_seed(2), absent)
    new, sigmas, noise = student.targets(x0, tokens, drawn, torch.Generator().manual_seed(1))
    plain = torch.randn(x0.shape, generator=torch.Generator().manual_seed(1))
    grid = torch.tensor(flow.schedule(PLAN.jumps, PLAN.shift)).clamp(max=0.9999)
    counts = {"jump": 0, "beside": 0, "plain": 0}
    for clip in range(clips):
        made = (sigmas[clip] > 0) & (sigmas[clip] < 1)
        kept = sigmas[clip] == 0
        assert torch.equal(new[clip][:, kept], x0[clip][:, kept])
        if torch.equal(noise[clip], plain[clip]):
            counts["plain"] += 1
            assert torch.equal(new[clip], x0[clip]) and torch.equal(sigmas[clip], drawn[clip])
            assert tokens[clip, 1] == 0 or len(set(sigmas[clip][made].tolist())) > 1
        else:
            counts["jump"] += 1
            counts["beside"] += bool(kept.any())
            assert tokens[clip, 1] > 0 and len(set(sigmas[clip][made].tolist())) == 1
            assert (grid - sigmas[clip][made][0]).abs().min() < 1e-6
            level = sigmas[clip][None, :, None, None]
            before = (1 - level) * x0[clip] + level * plain[clip]
            assert torch.allclose(((1 - level) * new[clip] + level * noise[clip])[:, made], before[:, made], atol=1e-4)
    assert min(counts.values()) >= 5


def test_without_jumps_the_teacher_leads_at_the_level_that_was_drawn(pool, teacher):
    student = Student(replace(PLAN, jumps=0), pool, torch.ones(CHANNELS), teacher)
    x0, tokens = torch.randn(3, CHANNELS, 3, 16, 16), torch.tensor([encode(p) for p in PROMPTS])
    drawn = torch.tensor([0.3, 0.6, 0.9])[:, None].expand(3, 3)
    new, sigmas, noise = student.targets(x0, tokens, drawn, torch.Generator().manual_seed(1))
    assert torch.equal(sigmas, drawn)
    level = drawn[:, None, :, None, None]
    with torch.no_grad():
        wanted = guided(teacher, (1 - level) * new + level * noise, drawn, tokens, PLAN.guidance)
    assert torch.allclose(noise - new, wanted, atol=1e-3)


@pytest.mark.parametrize(("echo", "asked"), [(1, 25), (3, 12 + 5)])
def test_training_brings_few_unguided_steps_nearer_to_the_teachers_many_guided_ones(pool, teacher, monkeypatch, echo, asked):
    student, batches = Student(replace(PLAN, echo=echo), pool, torch.ones(CHANNELS), teacher), []
    batch = student._batch
    monkeypatch.setattr(student, "_batch", lambda *args: batches.append(args) or batch(*args))
    tokens, noise = torch.tensor([encode(p) for p in PROMPTS]), torch.randn(3, CHANNELS, GROUPS, 16, 16)
    wanted = flow.sample([(teacher, PLAN.jumps * PLAN.substeps, PLAN.guidance)], tokens, noise, PLAN.shift)

    def distance() -> float:
        made = flow.sample([(student.average.eval(), PLAN.jumps, 1.0)], tokens, noise, PLAN.shift)
        return float((made - wanted).square().mean())

    before = distance()
    for _ in range(PLAN.steps):
        student.advance()
    assert distance() < 0.7 * before
    # An echo begins when twelve answers are kept; then every third step asks.
    assert len(batches) == PLAN.workers * asked


def test_a_resumed_student_is_bit_equal_and_its_checkpoint_is_one_of_a_training(pool, teacher, student, tmp_path):
    for _ in range(2):
        student.advance()
    student.save(tmp_path / "last.pt")
    again = Student(PLAN, pool, torch.ones(CHANNELS), teacher)
    again.load(tmp_path / "last.pt")
    for one in (student, again):
        one.advance()
    for a, b in zip(student.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(a, b)
    net, facts = load_checkpoint(tmp_path / "last.pt")
    assert (facts["size"], facts["steps"]) == ("tiny", 2)
    assert (facts["guidance_built_in"], facts["sampling_steps"]) == (PLAN.guidance, PLAN.jumps)
    assert net(torch.randn(1, CHANNELS, 2, 16, 16), torch.rand(1, 2), torch.tensor([encode(PROMPTS[0])])).isfinite().all()
