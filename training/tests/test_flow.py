"""The loss: what counts of an error, and where; the sampler: which steps are guided."""

import torch
from torch import Tensor, nn

from zoetrope import flow


class Wrong(nn.Module):
    """Gives the velocity of `truth` with an error of 1 in the latent frames that are named."""

    def __init__(self, truth: Tensor, frames: list[int]):
        super().__init__()
        self.truth, self.frames = truth, frames

    def forward(self, *_: Tensor) -> Tensor:
        velocity = self.truth.clone()
        velocity[:, :, self.frames] += 1
        return velocity


def loss_of(sigmas: list[float], wrong: list[int]) -> float:
    levels = torch.tensor([sigmas])
    x0, noise = torch.zeros(1, 2, len(sigmas), 4, 4), torch.ones(1, 2, len(sigmas), 4, 4)
    cover, tokens = torch.zeros(1, len(sigmas), 4, 4), torch.zeros(1, 3, dtype=torch.int64)
    return float(flow.loss(Wrong(noise - x0, wrong), x0, cover, tokens, levels, noise, torch.ones(2)))


def test_finished_and_absent_frames_do_not_count():
    assert loss_of([1.0, 0.5, 0.5, 0.0], [0, 3]) == 0


def test_an_error_that_changes_costs_more_than_one_that_stays():
    assert loss_of([0.5] * 4, [0, 1, 2, 3]) < loss_of([0.5] * 4, [0, 2]) * 2


def test_an_error_beside_a_finished_frame_costs_more_than_one_further_on():
    beside, beyond = loss_of([0.0, 0.5, 0.5, 0.5], [1, 2]), loss_of([0.0, 0.5, 0.5, 0.5], [2, 3])
    assert beside > beyond > 0
    # The same backwards.
    assert loss_of([0.5, 0.5, 0.5, 0.0], [1, 2]) == beside


def test_an_absent_frame_is_no_neighbour():
    assert loss_of([1.0, 0.5, 0.5, 0.0], [1]) < loss_of([0.0, 0.5, 0.5, 0.0], [1])


class Net:
    """A net whose velocity tells what it was asked: the text's mean, in clips without one 0, and how often it was asked for it."""

    asked: int = 0

    def text(self, tokens: Tensor) -> tuple[Tensor, ...]:
        return ((tokens[:, 1:] > 0).any(1).float(),)

    def denoiser(self, latents: Tensor, sigmas: Tensor, text: Tensor) -> Tensor:
        self.asked += len(latents)
        return text[:, None, None, None, None].expand_as(latents)


def test_steps_are_guided_down_to_a_level_and_take_one_pass_from_there_on():
    net, x = Net(), torch.zeros(1, 16, 3, 16, 16)
    tokens = torch.tensor([[1, 5]])
    end = flow.GUIDANCE_UNTIL
    made = flow.denoise(net, x, [1.0, 0.8, end, end / 2, 0.0], tokens, 3.0)
    assert net.asked == 2 + 2 + 1 + 1
    assert torch.allclose(made, torch.full_like(x, -3 * (1 - end) - end))
