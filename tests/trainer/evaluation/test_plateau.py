import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.trainer.evaluation.plateau import AHEAD, Plateau, find_plateau, mean_accuracy, smoothed


def rows_of(losses, accuracies=None):
    rows = [{"epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses, start=1)]
    for row, accuracy in zip(rows, accuracies or [], strict=False):
        row["accuracy"] = accuracy
    return rows


def falling_to(epoch, epochs, start=5.0, end=1.0):
    """A straight fall that ends at an epoch, and nothing after it."""
    return [end + (start - end) * max(0, epoch - now) / (epoch - 1) for now in range(1, epochs + 1)]


@pytest.mark.parametrize(
    ("curve", "means"),
    [
        ([], []),
        ([3.0], [3]),
        ([3.0, 5.0], [3, 5]),
        ([0.0, 3.0, 6.0, 0.0], [0, 3, 3, 0]),
        ([5.0, 0.0, 0.0, 0.0, 0.0], [5, 5 / 3, 1, 0, 0]),
    ],
)
def test_smoothed_is_a_centred_mean(curve, means):
    assert smoothed(curve) == pytest.approx(means)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40))
def test_smoothing_keeps_the_ends_and_the_range(curve):
    means = smoothed(curve)
    assert (len(means), means[0], means[-1]) == (len(curve), curve[0], curve[-1])
    assert min(curve) - 1e-9 <= min(means) <= max(means) <= max(curve) + 1e-9


def test_the_first_epoch_whose_next_ten_bring_two_hundredths_of_the_fall():
    """A fall of 4 nats, 0.1 an epoch up to epoch 41; smoothing rounds that corner.

    The smoothed curve has 0.2 nats (5 %) left at epoch 39, 0.12 (3 %) at epoch 40, 0.06 (1.5 %) at epoch 41.
    """
    flat = find_plateau(rows_of(falling_to(41, 100)))
    assert flat is not None
    assert flat.epoch == 41
    assert flat.reason == "in the next 10 epochs the loss falls by only 1.5% of the whole way"


def test_the_accuracy_has_to_flatten_too():
    losses = falling_to(41, 100)
    accuracies = [1 - loss / 5 for loss in falling_to(61, 100)]
    flat = find_plateau(rows_of(losses, accuracies))
    assert flat is not None
    assert flat.epoch == 61
    assert "the loss falls and the accuracy rises by only 0.0% and 1.0%" in flat.reason


@pytest.mark.parametrize("epochs", [2, 5, 30, 200])
def test_curves_that_never_flatten_take_the_last_epoch(epochs):
    """A straight fall brings, in a fifth of the epochs or in ten, more than two hundredths of it."""
    flat = find_plateau(rows_of(falling_to(epochs, epochs)))
    assert flat == Plateau(epochs, "the last one: the curves had not flattened yet")


@pytest.mark.parametrize(
    ("losses", "epoch"),
    [
        ([3.0], 1),
        ([3.0, 3.0], 1),
        ([2.0, 3.0, 4.0, 5.0], 1),
        ([9.0, 1.0, 1.0, 1.0, 1.0], 4),
    ],
)
def test_short_and_odd_curves(losses, epoch):
    flat = find_plateau(rows_of(losses))
    assert flat is not None
    assert flat.epoch == epoch


def test_a_run_without_figures_has_no_such_epoch():
    assert find_plateau([]) is None
    assert find_plateau(rows_of([math.nan])) is None


def test_epochs_that_are_no_number_are_passed_over():
    losses = falling_to(41, 100)
    losses.insert(60, math.nan)
    flat = find_plateau(rows_of(losses))
    assert flat is not None
    assert flat.epoch == 41


@given(st.floats(0.1, 10), st.floats(0, 5), st.integers(12, 30))
def test_the_unit_of_the_loss_does_not_matter(scale, offset, corner):
    """With corners where no share is exactly two hundredths, which a rounding would decide."""
    losses = falling_to(corner, corner + 3 * AHEAD)
    plain = find_plateau(rows_of(losses))
    other = find_plateau(rows_of([offset + scale * loss for loss in losses]))
    assert plain is not None
    assert other is not None
    assert other.epoch == plain.epoch


@pytest.mark.parametrize(
    ("row", "prefix", "mean"),
    [
        ({"accuracy": 0.25, "val_accuracy": 0.5}, "", 0.25),
        ({"accuracy": 0.25, "val_accuracy": 0.5}, "val_", 0.5),
        ({"accuracy_pitch": 0.5, "accuracy_delta": 1.0, "val_accuracy_pitch": 0.0}, "", 0.75),
        ({"loss": 1.0}, "", None),
        ({"accuracy": math.nan}, "", None),
    ],
)
def test_mean_accuracy(row, prefix, mean):
    assert mean_accuracy(row, prefix) == mean
