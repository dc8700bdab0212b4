"""report.md: what a training came to, for a musician to read."""

from collections.abc import Mapping, Sequence
from typing import Any

from lstm_composer.trainer.evaluation.epoch_choice import CheckpointResult, EpochChoice
from lstm_composer.trainer.judging.tables import markdown
from lstm_composer.trainer.text.markdown import plain

_EXPLANATION = (
    "Each epoch improvised excerpts of {notes} notes. The gates count those that neither go round in circles nor share "
    "a longer passage with a training piece than other human pieces do. Likeness is the area that their pitch classes, "
    "intervals, durations, times between onsets and voices share with the training pieces'."
)


def report(
    name: str,
    advice: EpochChoice,
    metrics: Mapping[str, Any],
    rollbacks: Sequence[str],
    corpus: str = "",
    *,
    pictures: bool,
) -> str:
    """Write the report as Markdown.

    Args:
        name: The style.
        advice: Which epoch to take.
        metrics: metrics.json; may be empty.
        rollbacks: What the guard did, as sentences.
        corpus: The corpus in a few lines of Markdown; may be empty.
        pictures: Whether advice.png and plots/training.gif lie beside the report.

    """
    parts = [f"# {plain(name)}: the training", _sentence_case(advice.sentence) + "."]
    if pictures:
        parts.append("![loss, held-out loss and gates by epoch](advice.png)")
    parts += [_table(advice), _findings(advice), _judged(advice), _article(advice)]
    if metrics:
        parts.append(_measured(metrics))
    if rollbacks:
        parts.append("## What went wrong on the way\n\n" + "\n".join(f"- {plain(sentence)}" for sentence in rollbacks))
    if corpus:
        parts.append(corpus)
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(advice: EpochChoice) -> str:
    lines = [
        "## Every saved epoch",
        "",
        "| epoch | nats a note, training | held out | loop gate | copy gate | likeness | |",
        "|---|---|---|---|---|---|---|",
    ]
    for checkpoint in advice.checkpoints:
        held_out = "" if checkpoint.held_out_nll is None else f"{checkpoint.held_out_nll:.3f}"
        note = "**take this one**" if checkpoint.epoch == advice.epoch else ""
        note = f"{note} the article's choice".strip() if checkpoint.epoch == advice.article_epoch else note
        loop, copy = (
            f"{gate.inside} of {gate.excerpts}{'' if gate.passed else ', fails'}"
            for gate in (checkpoint.loop, checkpoint.copy)
        )
        lines.append(
            f"| {checkpoint.epoch} | {checkpoint.training_nll:.3f} | {held_out} | {loop} | {copy} | "
            f"{checkpoint.likeness:.3f} | {note} |"
        )
    ceiling = "" if advice.ceiling is None else f" Held-out human pieces reach {advice.ceiling:.3f}."
    remarks = ["", *(f"- {plain(remark)}" for remark in advice.remarks)] if advice.remarks else []
    return "\n".join([*lines, "", _EXPLANATION.format(notes=advice.excerpt_notes) + ceiling, *remarks])


def _findings(advice: EpochChoice) -> str:
    lines = ["## What the gates say", ""]
    for checkpoint in advice.checkpoints:
        lines += [f"- epoch {checkpoint.epoch}: {plain(finding)}" for finding in _of_one(checkpoint)]
    return "\n".join(lines)


def _of_one(checkpoint: CheckpointResult) -> list[str]:
    reasons = [reason for gate in (checkpoint.loop, checkpoint.copy) if not gate.passed for reason in gate.reasons]
    return reasons or [f"passes; {checkpoint.longest_match}"]


def _judged(advice: EpochChoice) -> str:
    """What the advised epoch plays beside the human range; nothing where it was not judged."""
    if advice.judged is None:
        return ""
    return (
        "## Beside what people wrote\n\n"
        f"{advice.judged.played} pieces of 64 bars beside {advice.judged.human} human ones; the range holds nine in "
        f"ten of these.\n\n{markdown(advice.judged)}"
    )


def _article(advice: EpochChoice) -> str:
    where = f"epoch {advice.article_epoch}" if advice.article_epoch else "no epoch"
    return (
        "## Where the curves flatten\n\n"
        f"The blog article that this program descends from took the first epoch at which loss and accuracy stop "
        f"moving: here {where} ({advice.article_reason}). It looked at the training alone, and listened to nothing."
    )


def _measured(metrics: Mapping[str, Any]) -> str:
    test, baseline = metrics["test"], metrics["markov_order_3"]
    rows = [("**total**", "loss")] + [(name, f"nll_{name}") for name in ("delta", "pitch", "duration", "velocity")]
    lines = [
        f"## On the {metrics['measured_on']} part",
        "",
        f"Epoch {metrics['best_epoch']}, nats a note; lower is better.",
        "",
        "| | this network | Markov model, order 3 |",
        "|---|---|---|",
        *(f"| {label} | {test[key]:.3f} | {baseline[key]:.3f} |" for label, key in rows),
    ]
    return "\n".join(lines)
