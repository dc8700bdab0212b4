import json
import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.trainer.training.collapse_guard import MAX_ROLLBACKS, Collapse, CollapseGuard, Rollbacks

CHANCE = 17.6


def healthy(epochs=100, noise=0.0, seed=0, start=8.7, end=1.7, speed=0.06):
    """A training as they are: a steep fall, a long slope, an epoch differing from its neighbours by `noise`."""
    draw = random.Random(seed)
    curve = [end + (start - end) * math.exp(-speed * epoch) for epoch in range(epochs)]
    return [loss * (1 + draw.gauss(0, noise)) for loss in curve]


def watch(losses, guessing=None):
    """The first collapse that a guard sees in a curve."""
    guard = CollapseGuard(0.003, guessing)
    return next((collapse for loss in losses if (collapse := guard.observe(loss))), None)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03, 0.05])
@pytest.mark.parametrize("seed", range(20))
def test_a_healthy_training_is_left_alone(noise, seed):
    assert watch(healthy(noise=noise, seed=seed), CHANCE) is None


def test_the_article_s_training_is_left_alone_down_to_nothing():
    """Its loss falls by heart to 0.02, where an epoch may have ten times the loss of the one before."""
    losses = healthy(500, start=4.9, end=0.02, speed=0.02)
    for epoch in range(300, 500, 40):
        losses[epoch] = 0.3
    assert watch(losses, math.log(180)) is None


def test_an_over_trained_network_s_held_out_loss_is_no_collapse():
    """Measured on JSB with too little dropout: 3.08 at epoch 70, then up to 4.4."""
    falling = [3.08 + 5 * math.exp(-0.06 * epoch) for epoch in range(70)]
    rising = [3.08 + 1.32 * epoch / 130 for epoch in range(130)]
    assert watch(falling + rising, CHANCE) is None
    much_too_small_a_corpus = [3.0 + 0.1 * epoch for epoch in range(30)]
    assert watch(falling + much_too_small_a_corpus, CHANCE) is None


@pytest.mark.parametrize("factor", [0.8, 1.1, 1.2])
def test_a_step_of_the_learning_rate_is_no_collapse(factor):
    losses = healthy(60)
    assert watch([*losses[:30], *(factor * loss for loss in losses[30:])]) is None


def test_one_odd_epoch_is_no_collapse():
    losses = healthy(60)
    losses[30] *= 1.3
    assert watch(losses) is None


@pytest.mark.parametrize("losses", [[5.9], [5.9, 6.2], [5.9, 6.2, 5.0, 5.2], [17.7, 17.5, 16.0], [0.0, 0.0]])
def test_the_first_epochs_are_left_alone(losses):
    assert watch(losses, CHANCE) is None


@pytest.mark.parametrize("epoch", [2, 5, 12, 50, 99])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_jump_to_guessing_is_seen_at_once(epoch, noise):
    losses = [*healthy(noise=noise)[:epoch], CHANCE]
    collapse = watch(losses)
    assert collapse is not None
    assert (collapse.epoch, collapse.last_good) == (epoch + 1, epoch)


@pytest.mark.parametrize("vocabulary", [60, 180, 500])
def test_the_article_s_collapse_is_seen_at_once(vocabulary):
    losses = [*healthy(100, start=math.log(vocabulary), end=0.3), math.log(vocabulary)]
    collapse = watch(losses, math.log(vocabulary))
    assert collapse is not None
    assert collapse.epoch == 101


def test_a_smaller_jump_is_seen_when_it_lasts():
    losses = [*healthy()[:60], 3.0, 3.0, 3.0]
    collapse = watch(losses)
    assert collapse is not None
    assert (collapse.epoch, collapse.last_good) == (62, 60)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("epoch", [0, 1, 30])
def test_a_loss_that_is_no_number_is_a_collapse_at_any_time(broken, epoch):
    collapse = watch([*healthy()[:epoch], broken])
    assert collapse is not None
    assert (collapse.epoch, collapse.last_good) == (epoch + 1, epoch)
    assert str(collapse) == f"epoch {epoch + 1}: the loss is no longer a number"


def test_the_oscillation_of_a_huge_learning_rate_is_seen():
    """Measured with a learning rate of 1: the first epoch tells, or the second if the cost of guessing is not known."""
    measured = [51.4, 353.6, 24.0, 9.1, 8.0]
    assert watch(measured, CHANCE) == Collapse(1, 51.4, None, 0)
    assert watch(measured) == Collapse(2, 353.6, 51.4, 1)
    collapse = watch([5.0, 9.0, 6.0, 14.0, 7.0, 12.0], CHANCE)
    assert collapse is not None
    assert collapse.epoch == 2


def test_slow_ruin_is_seen_before_half_is_lost():
    collapse = watch([*healthy()[:60], *(1.9 * 1.08**epoch for epoch in range(20))])
    assert collapse is not None
    assert collapse.loss < (8.7 + 1.7) / 2


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30).map(lambda losses: sorted(losses, reverse=True)))
def test_a_loss_that_only_falls_is_never_a_collapse(losses):
    assert watch(losses) is None


@given(st.lists(st.floats(0.01, 20), min_size=1, max_size=30), st.integers(-3, 3))
def test_the_unit_of_the_loss_does_not_matter(losses, power):
    """Powers of two, so that products are exact and nothing hangs on a rounding."""
    one, other = watch(losses), watch([2.0**power * loss for loss in losses])
    assert (one and one.epoch) == (other and other.epoch)


def test_a_rollback_goes_to_the_last_good_checkpoint_at_half_the_rate():
    guard = CollapseGuard(0.003)
    for loss in (8.0, 6.0, 4.0, 3.0, 2.5, 2.2, 2.1, 2.0, 1.95, 1.93, 1.9):
        assert guard.observe(loss) is None
    collapse = guard.observe(4.6)
    assert collapse is not None
    rollback = guard.roll_back(collapse, [5, 10])
    assert rollback.sentence == (
        "epoch 12: the loss jumped from 1.9 to 4.6; going back to epoch 10 with half the learning rate (0.0015)"
    )
    assert (rollback.epoch, rollback.back_to, rollback.scale) == (12, 10, 0.5)
    assert guard.scale == 0.5
    assert guard.losses == [8.0, 6.0, 4.0, 3.0, 2.5, 2.2, 2.1, 2.0, 1.95, 1.93]
    assert guard.observe(1.91) is None
    assert guard.observe(1.89) is None


@pytest.mark.parametrize(("saved", "back_to"), [([], 0), ([2], 2), ([2, 4], 4), ([2, 4, 6], 4)])
def test_a_checkpoint_on_the_way_down_is_no_good_one(saved, back_to):
    """Epoch 6 was half lost already when it was saved."""
    guard = CollapseGuard(0.003)
    for loss in (4.0, 3.0, 2.5, 2.2, 2.0, 3.0):
        assert guard.observe(loss) is None
    collapse = guard.observe(3.5)
    assert collapse == Collapse(7, 3.5, 2.0, 5)
    assert guard.roll_back(collapse, saved).back_to == back_to


def test_without_a_checkpoint_the_training_starts_again():
    guard = CollapseGuard(1.0, CHANCE)
    collapse = guard.observe(51.4)
    assert collapse is not None
    assert guard.roll_back(collapse, []).sentence == (
        "epoch 1: the loss is 51.4, worse than guessing; going back to the start with half the learning rate (0.5)"
    )
    assert guard.losses == []


def test_after_three_rollbacks_the_guard_gives_up():
    guard = CollapseGuard(0.003)
    for loss in (4.0, 3.0, 2.0):
        guard.observe(loss)
    for count in range(MAX_ROLLBACKS):
        assert not guard.exhausted
        assert guard.scale == 0.5**count
        collapse = guard.observe(math.nan)
        assert collapse is not None
        guard.roll_back(collapse, [3])
    assert guard.exhausted
    collapse = guard.observe(9.0)
    assert collapse is not None
    assert guard.final_message(collapse, [3, 4]) == (
        "epoch 4: the loss jumped from 2 to 9, after 3 rollbacks and with the learning rate down to 0.00038; "
        "giving up: the checkpoint of epoch 3 is kept; train again with a smaller --learning-rate"
    )
    assert "no checkpoint had been saved" in guard.final_message(collapse, [])
    with pytest.raises(ValueError, match="all 3 rollbacks are spent"):
        guard.roll_back(collapse, [3])


def test_a_resumed_run_keeps_its_count_and_scale():
    guard = CollapseGuard(0.003, CHANCE)
    for loss in (4.0, 3.0, math.nan):
        collapse = guard.observe(loss)
    assert collapse is not None
    guard.roll_back(collapse, [1])
    kept = msgspec.json.decode(json.dumps(guard.to_dict()), type=Rollbacks)
    resumed = CollapseGuard(0.003, CHANCE, [4.0], list(kept.rollbacks))
    assert resumed == guard
    assert (resumed.scale, resumed.losses) == (0.5, [4.0])


def test_guards_share_nothing():
    CollapseGuard(0.003).observe(4.0)
    assert CollapseGuard(0.003).losses == []
