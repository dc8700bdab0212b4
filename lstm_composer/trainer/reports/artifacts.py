"""Plots and samples written at each checkpoint, and the animation written at the end."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.notes import Meter, Note, end_of
from lstm_composer.trainer.evaluation.epoch_choice import EpochChoice
from lstm_composer.trainer.network.excerpts import SteppedNetwork, make_excerpts
from lstm_composer.trainer.reports.corpus_report import CorpusReport, as_markdown
from lstm_composer.trainer.runs.run_directory import RunDirectory, write_run_file
from lstm_composer.trainer.training.collapse_guard import Rollback

SAMPLE_NOTES = 200
SAMPLE_SEED = 1
CORPUS_PAGE = "corpus.md"

Row = Mapping[str, float]


def write_plot(
    run: RunDirectory,
    rows: Sequence[Row],
    *,
    name: str,
    epochs: int,
    rollbacks: Sequence[Rollback] = (),
    unit: str = "note",
) -> Path:
    """Draw plots/epoch_0025.png after the last of the rows."""
    # Matplotlib takes longer to load than the rest of a small training to run.
    from lstm_composer.trainer.reports.training_plot import Mark, training_plot  # noqa: PLC0415

    epoch = int(rows[-1]["epoch"])
    path = run.path / "plots" / f"epoch_{epoch:04}.png"
    marks = [Mark(rollback.back_to, "rate halved") for rollback in rollbacks if rollback.back_to <= epoch]
    training_plot(rows, path, title=name, epochs=epochs, marks=marks, unit=unit)
    return path


def sample_checkpoint(
    run: RunDirectory, player: SteppedNetwork, epoch: int, *, name: str, tempo_bpm: float, controls: GraphInputs
) -> list[Note]:
    """Write samples/epoch_0025.mid, SAMPLE_NOTES notes of the same seed at every checkpoint, and return them."""
    [music] = make_excerpts(player, [SAMPLE_SEED], SAMPLE_NOTES, [controls])
    write_sample(run, epoch, music, name=name, tempo_bpm=tempo_bpm, meter=controls.meter)
    return music


def write_sample(
    run: RunDirectory, epoch: int, music: Sequence[Note], *, name: str, tempo_bpm: float, meter: Meter
) -> None:
    """Write music that an epoch made to samples/epoch_0025.mid."""
    path = run.path / "samples" / f"epoch_{epoch:04}.mid"
    bar = meter.ticks_per_bar
    end_tick = max(bar, -(-end_of(music) // bar) * bar) if music else bar
    data = midi_bytes(music, tempo_bpm=tempo_bpm, meter=meter, end_tick=end_tick, name=f"{name}, epoch {epoch}")
    write_run_file(path, lambda part: part.write_bytes(data))


def write_corpus_report(run: RunDirectory, name: str, corpus: CorpusReport) -> None:
    """Write corpus.md and corpus.png: what music the style was learned from."""
    from lstm_composer.trainer.reports.corpus_plot import CorpusCounts, corpus_plot  # noqa: PLC0415 - as above

    text = as_markdown(corpus)
    write_run_file(run.path / CORPUS_PAGE, lambda part: part.write_text(text, encoding="utf-8"))
    title = f"{name}: {corpus.pieces:,} pieces, {corpus.notes:,} notes, {corpus.hours:.1f} hours"
    counts = CorpusCounts(title, corpus.polyphony, corpus.pitches, corpus.keys, corpus.meters)
    corpus_plot(counts, run.path / "corpus.png")


def write_epoch_choice_plot(run: RunDirectory, name: str, advice: EpochChoice) -> None:
    """Draw advice.png: both curves, the gates, and what was chosen."""
    from lstm_composer.trainer.reports.epoch_choice_plot import AdviceCurves, GateShares, advice_plot  # noqa: PLC0415 - as above

    rows = run.read_history()
    chosen = f"epoch {advice.epoch}" if advice.epoch else "no epoch passes both gates"
    gates = [
        GateShares(c.epoch, c.loop.inside / c.loop.excerpts, c.copy.inside / c.copy.excerpts, c.passed)
        for c in advice.checkpoints
    ]
    curves = AdviceCurves(
        title=f"{name}: {chosen}",
        training=[(int(row["epoch"]), row["loss"]) for row in rows],
        held_out=[(int(row["epoch"]), row["val_loss"]) for row in rows if "val_loss" in row],
        gates=gates,
        chosen=advice.epoch,
        flattening=advice.article_epoch,
    )
    advice_plot(curves, run.path / "advice.png")


def write_animation(run: RunDirectory) -> Path | None:
    """Join the plots into plots/training.gif; None where there are none."""
    from lstm_composer.trainer.reports.training_animation import training_gif  # noqa: PLC0415 - as above

    plots = sorted((run.path / "plots").glob("epoch_*.png"))
    path = run.path / "plots" / "training.gif"
    try:
        training_gif(plots, path)
    except ValueError:
        return None
    return path
