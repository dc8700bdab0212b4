"""What a line on standard input, a controller or a program change makes of the knobs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.graph.inputs import FORBIDDEN, OTHER_MODE, GraphInputs, graph_inputs
from lstm_composer.runtime.music.event_encoding import LADDER
from lstm_composer.runtime.music.meter_accents import accent
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.music.piece_memory import NO_KEY
from lstm_composer.runtime.music.scales import SCALES, pitch_classes
from lstm_composer.runtime.parameters.commands import Change, parse_command
from lstm_composer.runtime.parameters.midi_map import Binding, ControlMap
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.parameters.table import BY_CONTROLLER, TakesEffect
from lstm_composer.runtime.playback.expression import apply_expression

STYLES = ("bach", "joplin", "satie")
AT_FIRST = Parameters(style=(1.0, 0.0, 0.0), temperature=(0.9, 0.9, 0.9, 1.0), min_p=0.03)
FOUR = Meter(4, 4)


def after(line: str) -> Parameters:
    return parse_command(line, AT_FIRST, STYLES).parameters


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("temperature 0.5", {"temperature": (0.5, 0.5, 0.5, 0.5)}),
        ("temperature pitch 0.5", {"temperature": (0.9, 0.5, 0.9, 1.0)}),
        ("  MIN-P 0.1\n", {"min_p": 0.1}),
        ("density -0.5", {"density": -0.5}),
        ("register 48 72", {"register": (48, 72)}),
        ("key F# minor", {"key": "F# minor"}),
        ("velocity 70", {"velocity": 70}),
        ("velocity-range 0", {"velocity_range": 0.0}),
        ("swing 1", {"swing": 1.0}),
        ("accents 0.5", {"accents": 0.5}),
        ("transpose -3", {"transpose": -3}),
        ("transpose 0", {"transpose": 0}),
        ("returns -0.5", {"returns": -0.5}),
        ("volume 0.3", {"volume": 0.3}),
        ("mute on", {"mute": True}),
        ("mute 1", {"mute": True}),
        ("mute True", {"mute": True}),
        ("hold 4", {"hold": 4}),
        ("hold 2.0", {"hold": 2}),
        ("hold on", {"hold": 1}),
        ("style joplin", {"style": (0.0, 1.0, 0.0)}),
        ("style bach:3,satie:1", {"style": (0.75, 0.0, 0.25)}),
    ],
)
def test_a_command_turns_one_knob(line: str, expected: dict[str, object]) -> None:
    assert after(line) == replace(AT_FIRST, **expected)  # type: ignore[arg-type]


def test_styles_and_ideas_wait_for_the_bar_and_the_rest_does_not() -> None:
    changes = {line: parse_command(line, AT_FIRST, STYLES) for line in ("style satie", "new", "panic", "swing 1")}
    assert [change.takes_effect for change in changes.values()] == [
        TakesEffect.NEXT_BAR,
        TakesEffect.NEXT_BAR,
        TakesEffect.IMMEDIATELY,
        TakesEffect.IMMEDIATELY,
    ]
    assert [line for line, change in changes.items() if change.new_piece] == ["new"]
    assert [line for line, change in changes.items() if change.panic] == ["panic"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("loud", "command 'loud' is unknown: temperature, min-p"),
        ("temperature", "temperature : give a number from 0 to 5"),
        ("temperature hot", "temperature hot: give a number from 0 to 5"),
        ("temperature tempo 1", "'tempo' is none of delta, pitch, duration, velocity"),
        ("volume loud", "volume loud: give a number from 0 to 1"),
        ("volume 1.1", "volume 1.1: give a number from 0 to 1"),
        ("min-p 2", "min-p 2: give a number from 0 to 1"),
        ("density nan", "density nan: give a number from -1 to 1"),
        ("register 48", "give the lowest and the highest pitch"),
        ("register 72 48", "the lowest comes first"),
        ("key H minor", "key 'H minor' has no tonic"),
        ("key C sad", "scale 'sad' is unknown: choose one of major, minor"),
        ("style chopin", "style 'chopin' is not in this bundle, which holds bach, joplin, satie"),
        ("mute", "on or off"),
        ("mute loud", "mute loud: on or off"),
        ("hold", "hold : off, or a number of bars: 1, 2, 4, 8"),
        ("hold 3", "hold 3: off, or a number of bars: 1, 2, 4, 8"),
        ("hold 0.5", "hold 0.5: off, or a number"),
        ("velocity 128", "velocity 128: give a number from 1 to 127"),
        ("panic please", "panic please: say panic alone"),
    ],
)
def test_a_command_that_cannot_be_obeyed_says_why(line: str, why: str) -> None:
    with pytest.raises(InputError) as error:
        parse_command(line, AT_FIRST, STYLES)
    assert why in str(error.value)


@pytest.mark.parametrize("word", ["off", "0", "0.0", "False", "false", "-0"])
@pytest.mark.parametrize("name", ["hold", "mute", "key", "velocity"])
def test_what_can_be_let_go_is_let_go(name: str, word: str) -> None:
    held = replace(AT_FIRST, hold=2, mute=True, key="D major", velocity=70)
    let_go = replace(AT_FIRST, hold=0, mute=False, key=None, velocity=None)
    expected = replace(held, **{name: getattr(let_go, name)})
    assert parse_command(f"{name} {word}", held, STYLES).parameters == expected


@pytest.mark.parametrize("word", ["off", "0", "0.0", "False"])
@pytest.mark.parametrize("name", ["new", "panic"])
def test_what_is_over_when_it_is_said_is_not_let_go(name: str, word: str) -> None:
    change, pressed = (
        parse_command(f"{name} {word}", AT_FIRST, STYLES),
        parse_command(f"{name} 1", AT_FIRST, STYLES),
    )
    assert (change.new_piece, change.panic, change.takes_effect, change.parameters) == (
        False,
        False,
        TakesEffect.IMMEDIATELY,
        AT_FIRST,
    )
    assert (pressed.new_piece, pressed.panic) == (name == "new", name == "panic")


def test_a_button_that_panics_does_so_once() -> None:
    panics = ControlMap(controllers={(20, None): Binding("panic")})
    changes = [panics.from_midi(bytes([0xB0, 20, value]), AT_FIRST, STYLES) for value in (127, 0)]
    assert [change is not None and change.panic for change in changes] == [True, False]
    for number in (120, 123):
        change = ControlMap().from_midi(bytes([0xB5, number, 0]), AT_FIRST, STYLES)
        assert change is not None
        assert change.panic


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("C", {0, 2, 4, 5, 7, 9, 11}),
        ("c major", {0, 2, 4, 5, 7, 9, 11}),
        ("A minor", {0, 2, 4, 5, 7, 9, 11}),
        ("Bb dorian", {10, 0, 1, 3, 5, 7, 8}),
        ("F# minor-pentatonic", {6, 9, 11, 1, 4}),
        ("Cb major pentatonic", {11, 1, 3, 6, 8}),
    ],
)
def test_keys(key: str, expected: set[int]) -> None:
    assert pitch_classes(key) == expected


@given(scale=st.sampled_from(sorted(SCALES)), low=st.integers(0, 115))
def test_a_key_and_a_register_allow_these_pitches_and_no_other(scale: str, low: int) -> None:
    knobs = replace(AT_FIRST, key=f"D {scale}", register=(low, low + 12))
    bias = graph_inputs(knobs, GraphInputs(style=(1.0, 0.0, 0.0))).pitch_bias or (0.0,) * 128
    allowed = {pitch for pitch, nats in enumerate(bias) if nats != FORBIDDEN}
    assert allowed == {pitch for pitch in range(low, low + 13) if (pitch - 2) % 12 in SCALES[scale]}


def test_a_network_with_a_memory_leans_on_the_chord_of_the_key() -> None:
    """C minor and Eb major allow the same notes; what is set must be told from its relative key."""
    remembering = GraphInputs(style=(1.0, 0.0, 0.0), has_memory=True)
    minor, major = (graph_inputs(replace(AT_FIRST, key=key), remembering).pitch_bias for key in ("C minor", "Eb major"))
    assert minor is not None
    assert major is not None
    c, d, e_flat, g, b_flat = 60, 62, 63, 67, 70
    assert min(minor[c], minor[e_flat], minor[g]) > minor[d]
    assert minor[c] - minor[b_flat] > 0 > major[c] - major[b_flat]
    assert minor[61] == FORBIDDEN
    plain = graph_inputs(replace(AT_FIRST, key="C minor"), GraphInputs(style=(1.0, 0.0, 0.0))).pitch_bias
    assert set(plain or ()) == {0.0, FORBIDDEN}


def test_a_style_leans_more_on_a_key_of_the_mode_that_it_hardly_knows() -> None:
    """Fiddle tunes, a ninth of them in minor, went on in Eb major when C minor was set."""
    in_major, in_both = ((share,) * 12 + (0.1 - share,) * 12 for share in (0.1, 0.05))

    def lean(key: str, shares: tuple[float, ...] | None) -> float:
        before = GraphInputs(style=(1.0,), has_memory=True, style_keys=(shares,))
        bias = graph_inputs(replace(AT_FIRST, style=(1.0,), key=key), before).pitch_bias or ()
        return bias[60] - bias[62]

    assert lean("C minor", in_major) == pytest.approx((1 + OTHER_MODE) * lean("C minor", None))
    assert lean("C minor", in_both) == pytest.approx(lean("C minor", None))
    assert lean("C major", in_major) == pytest.approx(lean("C major", None))


def test_without_a_register_it_is_the_styles() -> None:
    before = GraphInputs(style=(1.0, 0.0), registers=((50, 60), (40, 80)))
    knobs = replace(AT_FIRST, style=(0.0, 1.0))
    for register, allowed in (((0, 127), (40, 80)), ((20, 50), (20, 50))):
        bias = graph_inputs(replace(knobs, register=register), before).pitch_bias
        assert bias is not None
        pitches = [pitch for pitch, nats in enumerate(bias) if nats == 0]
        assert (pitches[0], pitches[-1]) == allowed


def test_a_register_without_a_note_of_the_key_is_refused() -> None:
    with pytest.raises(InputError, match="no note of C major lies between 61 and 61"):
        graph_inputs(replace(AT_FIRST, key="C major", register=(61, 61)), GraphInputs(style=(1.0,)))


def test_density_favours_near_onsets_or_far_ones() -> None:
    for density, sign in ((1.0, -1), (-0.5, 1)):
        bias = graph_inputs(replace(AT_FIRST, density=density), GraphInputs(style=(1.0,))).delta_bias or ()
        assert bias[LADDER.index(0)] == 0.0
        assert sign * bias[LADDER.index(48)] > sign * bias[LADDER.index(12)] == 0.0 > sign * bias[LADDER.index(6)]
    assert graph_inputs(AT_FIRST, GraphInputs(style=(1.0,))).delta_bias is None


def by_midi(message: bytes, knobs: Parameters = AT_FIRST) -> Change | None:
    return ControlMap().from_midi(message, knobs, STYLES)


@given(number=st.sampled_from(sorted(BY_CONTROLLER)), values=st.lists(st.integers(0, 127), max_size=6))
def test_every_controller_gives_knobs_that_can_be_played(number: int, values: list[int]) -> None:
    knobs = AT_FIRST
    for value in values:
        change = by_midi(bytes([0xB0, number, value]), knobs)
        knobs = change.parameters if change else knobs
    assert sum(knobs.style) == pytest.approx(1)
    assert knobs.register[0] <= knobs.register[1]
    graph_inputs(knobs, GraphInputs(style=knobs.style))


def test_a_program_change_is_a_style_from_the_next_bar() -> None:
    change = by_midi(bytes([0xC3, 2]))
    assert change is not None
    assert (change.parameters.style, change.takes_effect) == ((0.0, 0.0, 1.0), TakesEffect.NEXT_BAR)
    assert by_midi(bytes([0xC3, 3])) is None


@given(st.binary(max_size=4))
def test_other_messages_turn_nothing_and_break_nothing(message: bytes) -> None:
    change = by_midi(message)
    assert change is None or message[0] & 0xF0 in (0xB0, 0xC0)


def test_a_morph_goes_from_one_style_to_the_other() -> None:
    styles = [by_midi(bytes([0xB0, 74, value])) for value in (0, 127)]
    assert [change.parameters.style for change in styles if change] == [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]


def test_notes_are_shaped() -> None:
    notes = [Note(0, 60, 24, 80), Note(12, 62, 12, 100), Note(36, 64, 1, 40)]
    louder = replace(AT_FIRST, velocity=64, velocity_range=0.5)
    assert [note.velocity for note in apply_expression(notes, louder, FOUR)] == [64, 74, 44]
    swung = apply_expression(notes, replace(AT_FIRST, swing=1.0), FOUR)
    assert [(note.onset, note.end) for note in swung] == [(0, 24), (16, 24), (40, 41)]
    assert apply_expression(notes, replace(AT_FIRST, mute=True), FOUR) == []
    assert apply_expression(notes, AT_FIRST, FOUR) == notes


@pytest.mark.parametrize(
    ("meter", "step", "expected"),
    [
        ("4/4", 12, [24, -8, 0, -8, 12, -8, 0, -8]),
        ("4/4", 6, [24, -14, -8, -14, 0, -14, -8, -14, 12, -14, -8, -14, 0, -14, -8, -14]),
        ("3/4", 24, [24, 0, 0]),
        ("2/2", 24, [24, -8, 0, -8]),
        ("6/8", 12, [24, -8, -8, 0, -8, -8]),
        ("12/8", 36, [24, 0, 12, 0]),
        ("5/4", 24, [24, 0, 0, 12, 0]),
        ("7/8", 12, [24, 0, 12, 0, 12, 0, 0]),
        ("1/32", 1, [24, -14, -14]),
    ],
)
def test_accents_are_those_of_the_meter(meter: str, step: int, expected: list[int]) -> None:
    read = Meter.parse(meter)
    bar = range(0, read.ticks_per_bar, step)
    assert [accent(tick, read) for tick in bar] == expected
    assert [accent(tick + 1000 * read.ticks_per_bar, read) for tick in bar] == expected
    notes = [Note(tick, 60, 1, 80) for tick in bar]
    assert [note.velocity for note in apply_expression(notes, replace(AT_FIRST, accents=1.0), read)] == [
        80 + louder for louder in expected
    ]
    half = apply_expression(notes, replace(AT_FIRST, accents=0.5, velocity=60), read)
    assert [note.velocity for note in half] == [60 + louder // 2 for louder in expected]


def test_an_accent_is_no_louder_than_there_is() -> None:
    accented = apply_expression([Note(0, 60, 6, 120), Note(6, 60, 6, 5)], replace(AT_FIRST, accents=1.0), FOUR)
    assert [note.velocity for note in accented] == [127, 1]


def test_returns_are_asked_for_beside_what_the_style_is_used_to() -> None:
    before = GraphInputs(style=(1.0,), recall=(0.5, 0.5, 0.5, 0.5, 0.5, -1.0, 2.0))
    found = {place: graph_inputs(replace(AT_FIRST, returns=place), before).recall for place in (-1.0, 0.0, 1.0)}
    assert found[0.0] == before.recall
    more, less = ([after - 0.5 for after in found[place][:-2]] for place in (1.0, -1.0))
    assert (
        more == sorted(more) == pytest.approx([-nats for nats in less])
    )  # the longer the past has been agreed with, the more
    assert 0 < more[0] < more[-1] < 3
    assert (found[1.0][-2:], found[-1.0][-2:]) == ((2.0, 2.0), (-4.0, 2.0))


def test_a_key_is_told_to_the_network_as_well() -> None:
    before = GraphInputs(style=(1.0,))
    assert graph_inputs(AT_FIRST, before).key is None
    found = [graph_inputs(replace(AT_FIRST, key=key), before) for key in ("Bb", "F# minor", "D dorian", "C octatonic")]
    assert [one.key for one in found] == [10, 18, 14, NO_KEY]
    assert all(one.pitch_bias is not None for one in found)
