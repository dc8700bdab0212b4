import itertools
import math
import sys
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image, ImageSequence
from PIL.GifImagePlugin import GifImageFile

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.music.pitches import SHARPS
from lstm_composer.trainer.reports import corpus_plot as corpus_plots
from lstm_composer.trainer.reports import epoch_choice_plot
from lstm_composer.trainer.reports import piano_roll as piano_rolls
from lstm_composer.trainer.reports import training_plot as training_plots
from lstm_composer.trainer.reports.corpus_plot import CorpusCounts, corpus_plot
from lstm_composer.trainer.reports.epoch_choice_plot import AdviceCurves, GateShares, advice_plot
from lstm_composer.trainer.reports.piano_roll import piano_roll
from lstm_composer.trainer.reports.plot_style import GREEN, HEIGHT, PINK, WIDTH
from lstm_composer.trainer.reports.training_animation import training_gif
from lstm_composer.trainer.reports.training_plot import Mark, training_plot

LONG = "a name that somebody made as long as names of files may be, " * 5


def stream_rows(epochs, *, performed=True, held_out=True):
    rows = []
    for epoch in range(1, epochs + 1):
        left = math.exp(-epoch / 20)
        row = {"epoch": epoch, "learning_rate": 0.003 * left, "loss": 2 + 6 * left}
        heads = {"delta": 0.9, "pitch": 0.6, "duration": 0.7, "velocity": 0.3 if performed else 0.0}
        row |= {f"accuracy_{head}": best * (1 - left) for head, best in heads.items()}
        if held_out:
            row |= {f"val_{name}": value for name, value in row.items() if name.startswith("accuracy")}
            row["val_loss"] = 2.5 + 5.5 * left
        rows.append(row)
    return rows


def article_rows(epochs):
    return [
        {"epoch": e, "loss": 4 / e, "accuracy": 1 - 1 / e, "val_loss": 4.0, "val_accuracy": 0.1}
        for e in range(1, epochs + 1)
    ]


def gates():
    return [GateShares(epoch, min(1, epoch / 50), min(1, 50 / epoch), epoch == 50) for epoch in range(25, 101, 25)]


def curves(title="bach: epoch 50 is advised"):
    losses = [(epoch, 2 + 6 / epoch) for epoch in range(1, 101)]
    return AdviceCurves(title, losses, [(epoch, nll + 0.3) for epoch, nll in losses], gates(), 50, 75)


def counts(title="lieder: 1,356 pieces"):
    keys = {f"{name} {mode}": 60 + number for number, name in enumerate(SHARPS) for mode in ("major", "minor")}
    return CorpusCounts(title, {1: 10, 2: 30, 4: 5}, {60: 5, 64: 7, 127: 1}, keys, {"4/4": 9, "6/8": 2})


def scale():
    return [Note(12 * step, 60 + step, 12, 10 + 8 * step) for step in range(13)]


def draw_training(path, title="bach"):
    training_plot(stream_rows(30), path, title=title, epochs=100, marks=[Mark(10, "rate halved")])


def draw_roll(path, title="bach, epoch 25"):
    piano_roll(scale(), path, bars=2, meter=Meter(4, 4), title=title)


PICTURES = {
    "training": draw_training,
    "advice": lambda path, title="bach": advice_plot(curves(title), path),
    "corpus": lambda path, title="bach": corpus_plot(counts(title), path),
    "roll": draw_roll,
}


def colours(path: Path) -> int:
    """Different colours in a picture of the right size."""
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("PNG", (WIDTH, HEIGHT))
        found = picture.convert("RGB").getcolors(WIDTH * HEIGHT)
    assert found is not None
    return len(found)


def has(path: Path, colour: str) -> bool:
    """Whether a picture has pixels of exactly this colour."""
    with Image.open(path) as picture:
        found = picture.convert("RGB").getcolors(WIDTH * HEIGHT)
    assert found is not None
    return tuple(bytes.fromhex(colour[1:])) in {value for _, value in found}


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("title", ["bach", "$x$ and $", "東方", "", LONG])
def test_a_picture_has_its_size_and_is_not_blank(tmp_path, draw, title):
    draw(tmp_path / "picture.png", title)
    assert colours(tmp_path / "picture.png") > 50
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


@pytest.fixture
def drawn(monkeypatch):
    """The figures of the test, which are not written."""
    figures = []
    for module in (training_plots, epoch_choice_plot, corpus_plots, piano_rolls):
        monkeypatch.setattr(module, "save", lambda figure, path: figures.append(figure))
    return figures


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("title", ["bach", LONG])
def test_no_words_overlap_and_none_leave_the_picture(tmp_path, drawn, draw, title):
    draw(tmp_path / "picture.png", title)
    (figure,) = drawn
    FigureCanvasAgg(figure).draw()
    words = [figure._suptitle, *figure.texts, *(axes._left_title for axes in figure.axes)]
    words += [label for axes in figure.axes for label in (axes.xaxis.label, axes.yaxis.label)]
    words += [text for axes in figure.axes if (legend := axes.get_legend()) for text in legend.get_texts()]
    words = list({id(text): text for text in words if text.get_text()}.values())
    assert len(words) > 1
    boxes = {text.get_text(): text.get_window_extent() for text in words}
    for box in boxes.values():
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= WIDTH
        assert box.y1 <= HEIGHT
    pairs = itertools.combinations([text.get_window_extent() for text in words], 2)
    assert not [pair for pair in pairs if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize(
    "rows",
    [
        stream_rows(1),
        stream_rows(2),
        stream_rows(100),
        stream_rows(30, held_out=False),
        article_rows(1),
        article_rows(40),
        [{"epoch": 1, "loss": math.nan}],
        [*stream_rows(3), {**stream_rows(4)[-1], "val_loss": math.inf}],
        [{"epoch": 1, "loss": 0.0}],
    ],
)
def test_every_history_can_be_drawn(tmp_path, rows):
    training_plot(rows, tmp_path / "plot.png", title="bach", epochs=100, unit="token")
    assert colours(tmp_path / "plot.png") > 50


@pytest.mark.parametrize("performed", [True, False])
def test_the_head_for_velocity_is_drawn_where_velocities_were_played(tmp_path, performed):
    training_plot(stream_rows(30, performed=performed), tmp_path / "plot.png", title="bach", epochs=100)
    assert has(tmp_path / "plot.png", GREEN)
    assert has(tmp_path / "plot.png", PINK) == performed


def test_the_axes_stay_where_they_are_from_plot_to_plot(tmp_path, drawn):
    for epoch in (1, 25, 100):
        training_plot(stream_rows(100)[:epoch], tmp_path / "plot.png", title="bach", epochs=100)
    seen = [[(a.get_position().bounds, a.get_xlim(), a.get_ylim()) for a in figure.axes] for figure in drawn]
    assert seen[0] == seen[1] == seen[2]
    assert [limits for _, limits, _ in seen[0]] == [(0, 100), (0, 100)]


def plots_of(folder, count):
    """Small pictures, each of one grey of its own, which take less time than real plots."""
    paths = [folder / f"epoch_{number:04}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.new("RGB", (WIDTH, HEIGHT), (number, number, number)).save(path)
    return paths


def frames_of(path: Path) -> list[tuple[Image.Image, int]]:
    """The frames of an animation and the milliseconds that each is shown."""
    with GifImageFile(path) as film:
        assert (film.format, film.size) == ("GIF", (WIDTH, HEIGHT))
        assert film.n_frames == 1 or film.info["loop"] == 0
        return [(frame.convert("RGB"), frame.info.get("duration", 0)) for frame in ImageSequence.Iterator(film)]


@pytest.mark.parametrize(("count", "frames"), [(1, 1), (2, 2), (5, 5), (61, 60), (100, 60)])
def test_frames_of_an_animation(tmp_path, count, frames):
    training_gif(plots_of(tmp_path, count), tmp_path / "training.gif")
    shown = frames_of(tmp_path / "training.gif")
    greys = [frame.tobytes()[0] for frame, _ in shown]
    assert len(greys) == frames
    assert greys == sorted(set(greys))
    assert (greys[0], greys[-1]) == (0, count - 1)
    if frames > 1:
        assert [duration for _, duration in shown] == [*[250] * (frames - 1), 3000]


def test_an_animation_of_real_plots_is_small(tmp_path):
    paths = [tmp_path / f"{epoch}.png" for epoch in (25, 50, 75, 100)]
    for path in paths:
        training_plot(stream_rows(int(path.stem)), path, title="bach", epochs=100)
    training_gif(paths, tmp_path / "training.gif")
    assert (tmp_path / "training.gif").stat().st_size < 50_000 * len(paths)
    shown = [frame for frame, _ in frames_of(tmp_path / "training.gif")]
    assert len({frame.tobytes() for frame in shown}) == 4
    assert len(shown[-1].getcolors(WIDTH * HEIGHT) or []) > 10


def test_a_plot_of_another_size_joins_the_animation(tmp_path):
    paths = plots_of(tmp_path, 2)
    Image.new("RGB", (100, 100), "red").save(paths[0])
    training_gif(paths, tmp_path / "training.gif")
    assert [frame.tobytes()[:3] for frame, _ in frames_of(tmp_path / "training.gif")] == [b"\xff\0\0", b"\1\1\1"]


def test_a_plot_that_is_no_picture_is_left_out(tmp_path):
    paths = plots_of(tmp_path, 5)
    paths[0].write_bytes(b"")
    paths[1].write_bytes(paths[4].read_bytes()[:-40])
    paths[2].unlink()
    paths[2].symlink_to("/dev/zero" if sys.platform != "win32" else "gone")
    Image.new("L", (4_000, 1_000)).save(paths[3])
    training_gif(paths, tmp_path / "training.gif")
    assert len(frames_of(tmp_path / "training.gif")) == 1
    with pytest.raises(ValueError, match="at least one plot"):
        training_gif(paths[:4], tmp_path / "none.gif")


def test_an_animation_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one plot"):
        training_gif([], tmp_path / "training.gif")


@pytest.mark.parametrize(
    "given",
    [
        AdviceCurves("nothing yet", [], [], []),
        AdviceCurves("one epoch", [(1, 2.0)], [], [GateShares(1, 0.0, 0.0, passed=False)]),
        AdviceCurves("none passes", [(1, 3.0), (2, 2.0)], [(1, 3.0), (2, math.nan)], gates(), None, 50),
    ],
)
def test_any_advice_can_be_drawn(tmp_path, given):
    advice_plot(given, tmp_path / "advice.png")
    assert colours(tmp_path / "advice.png") > 50


def test_an_empty_corpus_can_be_drawn(tmp_path):
    corpus_plot(CorpusCounts("nothing", {}, {}, {}, {}), tmp_path / "corpus.png")
    assert colours(tmp_path / "corpus.png") > 50


@pytest.mark.parametrize("meter", ["4/4", "6/8", "5/16", "1/32"])
@pytest.mark.parametrize("bars", [1, 16, 200])
def test_any_excerpt_can_be_drawn(tmp_path, meter, bars):
    for notes in ([], scale(), [Note(0, 0, 1, 1), Note(0, 127, 10_000, 127)]):
        piano_roll(notes, tmp_path / "roll.png", bars=bars, meter=Meter.parse(meter), title="bach")
        assert colours(tmp_path / "roll.png") > 50


def test_a_picture_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path):
    (tmp_path / "a file").touch()
    with pytest.raises(MissingError, match="cannot be written"):
        draw_training(tmp_path / "a file" / "plot.png")
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]
