"""The network of preset `stream`: two LSTM layers that carry the state, and four heads chained by conditioning.

    previous event, position, meter, style, pitches that sound --> LSTM --> LSTM --> h
    p(delta | h)  p(pitch | h, delta)  p(duration | h, delta, pitch)  p(velocity | h, delta, pitch, duration)

The pitches that sound at the onset are computed from the events (`remaining`), because a recurrent network remembers
them only at a high price: on the JSB chorales this input alone is worth a nat per note. Around every pitch they are
seen through one small convolution along the pitches, the same in every key: "a third above what sounds, a step below
what has just ended". On the JSB chorales that is worth another fifth of a nat, and is learned in half the epochs. It
sees as well how soon what sounds will end, and what has sounded in the last beat, bar and four bars: which note, which
chord, which key. That is worth a sixth of a nat more (docs/training.md). The loss is taken at every step.

Velocity reaches only its own head: engraved scores, which have no dynamics, and performances can so be learned at once.

The methods `encode` to `velocity_logits` work on any leading dimensions, written [...] below: training calls them on
whole sequences, the export once per note with the sampling between them.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DURATION_CLASSES,
    HEADS,
    LADDER,
    METER_CLASSES,
    PITCHES,
    VELOCITY_BINS,
    ladder_class,
)
from lstm_composer.trainer.network.head_likelihood import HeadLikelihood
from lstm_composer.trainer.network.layers import ClassTable, SequenceLSTM, leading_sizes, look_up, row_by_matrix
from lstm_composer.trainer.network.onset import (
    CHORD,
    FORBIDDEN,
    Onset,
    in_chord,
    over_all_pitches,
    pitch_planes,
    too_low,
)
from lstm_composer.trainer.network.past_view import DEGREES, Past, PastView, copied, suggested, with_copies
from lstm_composer.trainer.pieces.recollection import CANDIDATES, FIELDS
from lstm_composer.trainer.runs.network_config import NetworkConfig

Tensor = Any
POSITIONS = 192
"""Positions in a bar with an embedding of their own: every tick of two whole notes; those beyond share the last."""
SURROUNDINGS = 24
"""Features of what sounds around a pitch."""
REACH = 15
"""Semitones above and below a pitch that they look at."""
PIANO = (21, 109)
"""The keys of a piano, from A0 up to before C#8."""


@keras.saving.register_keras_serializable(package="lstm_composer")
class StreamNetwork(HeadLikelihood):
    """The `stream` network.

    Inputs of `call`, B pieces of T steps: `event` [B, T, 4], `position` [B, T], `meter` [B, T], `remaining`
    [B, T, 128], `style` [B, styles] (weights that add up to 1), and, since each head is told what the heads before it
    chose, `target` [B, T, 4] and `next_position` [B, T]. Output: logits per head, [B, T, classes].
    """

    def __init__(self, config: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = NetworkConfig(**config)
        self.memory = PastView(name="memory") if self.config.memory else None
        self._make_embeddings()
        self._make_stack()
        self._make_heads()

    def _make_embeddings(self) -> None:
        def table(classes: int, size: int, name: str) -> ClassTable:
            return ClassTable(classes, size, name=name)

        self.delta_table = table(DELTA_CLASSES + 1, 16, "delta_table")
        self.pitch_table = table(PITCHES + 1, 48, "pitch_table")
        self.duration_table = table(DURATION_CLASSES + 1, 16, "duration_table")
        self.velocity_table = table(VELOCITY_BINS + 1, 16, "velocity_table")
        self.position_table = table(POSITIONS, 24, "position_table")
        self.meter_table = table(METER_CLASSES, 8, "meter_table")
        self.release_table = table(len(LADDER) + 1, 16, "release_table")
        self.chord_table = keras.layers.Dense(48, use_bias=False, name="chord_table")
        self.style_table = keras.layers.Dense(self.config.style_units, use_bias=False, name="style_table")
        self.surroundings = keras.layers.Conv1D(
            SURROUNDINGS, 2 * REACH + 1, padding="same", activation="silu", name="surroundings"
        )

    def _make_stack(self) -> None:
        units, dropout = self.config.units, self.config.dropout
        rates = (self.config.input_dropout, *[dropout] * (self.config.layers - 1))
        self.stack = [
            SequenceLSTM(units, dropout=rate, return_sequences=True, return_state=True, name=f"lstm_{layer}")
            for layer, rate in enumerate(rates)
        ]
        self.state_dropout = keras.layers.Dropout(dropout, noise_shape=(None, 1, None), name="state_dropout")

    def _make_heads(self) -> None:
        # The pitch head says what it wants of a pitch twice: of the pitch itself, and of its surroundings.
        copies, degrees = (CANDIDATES, DEGREES) if self.memory else (0, 0)
        outputs = {
            "delta": DELTA_CLASSES + copies, "pitch": PITCHES + SURROUNDINGS + copies + degrees,
            "duration": DURATION_CLASSES + copies, "velocity": VELOCITY_BINS + copies,
        }  # fmt: skip
        self.hidden = {
            head: keras.layers.Dense(self.config.head_units, activation="silu", name=f"{head}_hidden") for head in HEADS
        }
        self.head_dropout = keras.layers.Dropout(self.config.head_dropout, name="head_dropout")
        self.logits = {head: keras.layers.Dense(size, name=f"{head}_logits") for head, size in outputs.items()}

    def get_config(self) -> dict[str, Any]:
        """Return what Keras needs to build the network again from a checkpoint."""
        return {**super().get_config(), "config": self.config.as_dict()}

    def build(self, *_shapes: Any, **_more_shapes: Any) -> None:
        """Leave the variables to the first call: Keras would make them in a graph, slowly, which stays in memory."""
        self.built = True

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Make every variable, for Keras to load a checkpoint into: runs the network once on one empty step."""
        del config
        self(blank_inputs(self.config.styles))

    def onset(self, remaining: Tensor, delta: Tensor, position: Tensor, past: Past | None = None) -> Onset:
        """Look at the onset `delta` after the one before, at which `remaining` [..., 128] was left."""
        ladder = ops.convert_to_tensor([*LADDER, 0, 0], dtype="int32")
        sounding = remaining - look_up(ladder, ops.expand_dims(delta, -1))
        planes = pitch_planes(sounding)
        first, behind, seen = 0, PITCHES, planes
        if past is not None:
            # Music for other pitches is rare, and this is what training spends most of its time on.
            first, behind = PIANO
            marks = ops.moveaxis(past.marks(delta), -1, -2)
            seen = ops.concatenate([planes, marks], axis=-1)[..., first:behind, :]
        return Onset(
            delta, position, sounding, planes, ops.sum(planes, axis=-2) / CHORD, self._pitch_context(seen), first
        )

    def _pitch_context(self, seen: Tensor) -> Tensor:
        """Look along the pitches [..., pitches, planes]: features [..., SURROUNDINGS, pitches]."""
        pitches, planes = seen.shape[-2:]
        around = self.surroundings(ops.reshape(seen, (-1, pitches, planes)))
        return ops.reshape(ops.transpose(around, (0, 2, 1)), (*leading_sizes(seen, 2), SURROUNDINGS, pitches))

    def _release(self, remaining: Tensor) -> Tensor:
        """Embed the ticks until the next release, [..., 16]: where a note ends is where the next one often starts."""
        never = LADDER[-1] + 1
        ticks = ops.min(ops.where(remaining > 0, remaining, never), axis=-1)
        classes = [ladder_class(tick) for tick in range(never)] + [len(LADDER)]
        return look_up(self.release_table(ops.convert_to_tensor(classes, dtype="int32")), ticks)

    def _position(self, position: Tensor) -> Tensor:
        return self.position_table(ops.minimum(position, POSITIONS - 1))

    def look_up_event(self, event: Sequence[Tensor], position: Tensor, meter: Tensor) -> Tensor:
        """Embed the event before, four classes, each [...], and where it stands: [..., features]."""
        delta, pitch, duration, _ = event
        parts = [
            self.delta_table(delta),
            self.pitch_table(pitch),
            self.duration_table(duration),
            self._position(position),
            self.meter_table(meter),
        ]
        return ops.concatenate(parts, axis=-1)

    def encode(self, looked_up: Tensor, remaining: Tensor, style: Tensor, past: Past | None = None) -> Tensor:
        """Gather what is known before the step into one vector, [..., features].

        `looked_up` is what `look_up_event` gives; style is [..., styles].
        """
        chord = self.chord_table(ops.cast(remaining > 0, "float32"))
        parts = [looked_up, chord, self._release(remaining), self.style_table(style)]
        if past is not None:
            parts.append(past.view)
        return ops.concatenate(parts, axis=-1)

    def run_lstm(
        self, features: Tensor, state: list[tuple[Tensor, Tensor]] | None = None, *, training: bool = False
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Run the LSTM layers over [B, T, features] from a state (h, c) per layer, each [B, units].

        Returns h of the last layer at every step, [B, T, units], and the state after the last.
        """
        hidden, after = features, []
        for index, layer in enumerate(self.stack):
            initial = None if state is None else list(state[index])
            hidden, h, c = layer(hidden, initial_state=initial, training=training)
            after.append((h, c))
        return self.state_dropout(hidden, training=training), after

    def told(self, hidden: Tensor, style: Tensor, past: Past | None = None) -> list[Tensor]:
        """What the heads are told: the LSTM's output [..., units], the style if they see it, and the past's view."""
        parts = [hidden]
        if self.config.style_in_heads:
            parts.append(self.style_table(style))
        if past is not None:
            parts.append(past.view)
        return parts

    def _head(self, head: str, parts: list[Tensor], *, training: bool) -> Tensor:
        hidden = self.hidden[head](ops.concatenate(parts, axis=-1))
        return self.logits[head](self.head_dropout(hidden, training=training))

    def delta_logits(
        self, told: list[Tensor], remaining: Tensor, past: Past | None = None, *, training: bool = False
    ) -> Tensor:
        """Logits [..., 106] of the time to the next onset; `remaining` is that at the previous onset."""
        head = self._head("delta", [*told, self._release(remaining)], training=training)
        if past is None:
            return head
        logits, gates = ops.split(head, [DELTA_CLASSES], axis=-1)
        if past.urge is not None:
            # What is behind the logits is of no more use: a candidate that suggests nothing, the class behind the
            # last, does no harm there.
            return ops.split(with_copies(head, gates + past.urge, past.delta), [DELTA_CLASSES], axis=-1)[0]
        return logits + copied(gates, past.delta, DELTA_CLASSES)

    def _rhythm(self, onset: Onset) -> list[Tensor]:
        return [self.delta_table(onset.delta), self._position(onset.position)]

    def pitch_logits(
        self, told: list[Tensor], previous_pitch: Tensor, onset: Onset, past: Past | None = None, *,
        training: bool = False,
    ) -> Tensor:  # fmt: skip
        """Logits [..., 128] of the pitch.

        A pitch that sounds cannot start, and a chord is written from low to high: both are ruled out here, so that
        nothing has to be learned or repaired.
        """
        # What sounds and what has just ended: all planes are too much to tell apart.
        struck = onset.pitch_features[..., :2]
        flat = ops.reshape(struck, (*leading_sizes(struck, 2), 2 * PITCHES))
        parts = [*told, *self._rhythm(onset), flat, onset.total]
        if past is None:
            wanted = self._head("pitch", parts, training=training)
            alone, of_surroundings = ops.split(wanted, [PITCHES], axis=-1)
            rows = row_by_matrix(of_surroundings, onset.pitch_context)
        else:
            wanted = self._head("pitch", [*parts, past.in_time(onset.delta)], training=training)
            alone, *weights = ops.split(wanted, np.cumsum([PITCHES, SURROUNDINGS, CANDIDATES]).tolist(), axis=-1)
            if past.urge is not None:
                free = alone + self._pitches_at_once(weights, previous_pitch, onset, past)
                return ops.where(onset.sounding > 0, FORBIDDEN, free)
            of_surroundings, gates, degrees = weights
            rows = (
                over_all_pitches(row_by_matrix(of_surroundings, onset.pitch_context), onset.first)
                + row_by_matrix(gates, ops.one_hot(past.pitch, PITCHES))
                + row_by_matrix(degrees, past.degrees())
            )
        below = in_chord(onset.delta) * ops.squeeze(too_low(previous_pitch), -2)
        free = alone + ops.squeeze(rows, -2) + below
        return ops.where(onset.sounding > 0, FORBIDDEN, free)

    def _pitches_at_once(self, weights: list[Tensor], previous_pitch: Tensor, onset: Onset, past: Past) -> Tensor:
        """What is added to the logits of the pitches, as one product: fewer operations, but all matrices are copied."""
        row = ops.concatenate([*weights, past.urge, in_chord(onset.delta)], axis=-1)
        matrices = [
            over_all_pitches(onset.pitch_context, onset.first),
            ops.one_hot(past.pitch, PITCHES),
            past.degrees(),
            past.marks(onset.delta),
            too_low(previous_pitch),
        ]
        return ops.squeeze(row_by_matrix(row, ops.concatenate(matrices, axis=-2)), -2)

    def duration_logits(
        self, told: list[Tensor], onset: Onset, pitch: Tensor, near: list[Tensor], past: Past | None = None, *,
        training: bool = False,
    ) -> Tensor:  # fmt: skip
        """Logits [..., 105] of the duration, given the pitch and what is `near` it (`Onset.gather_pitch`)."""
        parts = [*told, *self._rhythm(onset), self._release(onset.sounding), self.pitch_table(pitch), *near]
        if past is None:
            return self._head("duration", parts, training=training)
        hit = past.at_pitch(pitch)
        head = self._head("duration", [*parts, hit], training=training)
        logits, gates = ops.split(head, [DURATION_CLASSES], axis=-1)
        if past.urge is not None:
            return with_copies(logits, (gates + past.urge) * hit, past.duration)
        return logits + copied(gates * hit, past.duration, DURATION_CLASSES)

    def velocity_logits(
        self, told: list[Tensor], velocity_before: Tensor, onset: Onset, struck: tuple[Tensor, Tensor],
        near: list[Tensor], past: Past | None = None, *, training: bool = False,
    ) -> Tensor:  # fmt: skip
        """Logits [..., 32] of the velocity, given the pitch and duration that are struck.

        `velocity_before` is the embedding of the velocity before.
        """
        pitch, duration = struck
        tables = [velocity_before, self.pitch_table(pitch), self.duration_table(duration)]
        parts = [*told, *self._rhythm(onset), *tables, *near]
        if past is None:
            return self._head("velocity", parts, training=training)
        hit = past.at_pitch(pitch)
        head = self._head("velocity", [*parts, hit], training=training)
        logits, gates = ops.split(head, [VELOCITY_BINS], axis=-1)
        if past.urge is not None:
            return with_copies(logits, gates * hit, past.velocity)
        return logits + copied(gates * hit, past.velocity, VELOCITY_BINS)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> dict[str, Tensor]:  # noqa: FBT001, FBT002 - Keras' signature
        """Return the logits per head, each told what came before it."""
        remaining = ops.cast(inputs["remaining"], "int32")
        steps = ops.shape(remaining)[1]
        style = ops.repeat(ops.expand_dims(inputs["style"], 1), steps, axis=1)
        event, target = (ops.unstack(inputs[name], axis=-1) for name in ("event", "target"))
        past = self._past(inputs)
        looked_up = self.look_up_event(event, inputs["position"], inputs["meter"])
        features = self.encode(looked_up, remaining, style, past)
        told = self.told(self.run_lstm(features, training=training)[0], style, past)
        delta, pitch, duration, _ = target
        onset = self.onset(remaining, delta, inputs["next_position"], past)
        near = onset.gather_pitch(pitch)
        return {
            "delta": self.delta_logits(told, remaining, past, training=training),
            "pitch": self.pitch_logits(told, event[1], onset, past, training=training),
            "duration": self.duration_logits(told, onset, pitch, near, past, training=training),
            "velocity": self.velocity_logits(
                told, self.velocity_table(event[3]), onset, (pitch, duration), near, past, training=training
            ),
        }

    def _past(self, inputs: dict[str, Tensor]) -> Past | None:
        """What the past of each piece says at every step."""
        if self.memory is None:
            return None
        key = ops.repeat(ops.expand_dims(inputs["key"], 1), ops.shape(inputs["bar"])[1], axis=1)
        found = suggested(ops.cast(inputs["candidates"], "int32"), ops.cast(inputs["times"], "int32"))
        past: Past = self.memory(found, inputs["bar"], key, inputs["event"][..., 1])
        return past


def blank_inputs(styles: int) -> dict[str, Tensor]:
    """Inputs of one step of one piece, all zero: enough to build the network."""
    whole = {name: ops.zeros((1, 1), "int32") for name in ("position", "meter", "next_position", "bar")}
    whole["times"] = ops.zeros((1, 1), "int16")
    whole |= {"key": ops.zeros((1,), "int32"), "candidates": ops.zeros((1, 1, CANDIDATES, FIELDS), "int16")}
    classes = {name: ops.zeros((1, 1, len(HEADS)), "int32") for name in ("event", "target")}
    return {
        **whole, **classes, "remaining": ops.zeros((1, 1, PITCHES), "int16"), "style": ops.zeros((1, styles))
    }  # fmt: skip
