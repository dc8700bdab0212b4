"""What is announced of notes that are to come, on their way and sounding."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, Kind, Message, Sent
from lstm_composer.runtime.monitor.announcements import Announcements, Planned
from lstm_composer.runtime.monitor.protocol import Event
from lstm_composer.runtime.music.notes import Note

TICK_SECONDS = 0.02
C, E = Note(100, 60, 24, 80), Note(112, 64, 12, 70)


def due(tick: int) -> float:
    return tick * TICK_SECONDS


def planned(
    *notes: Note,
    now: float = 0.0,
    in_flight: Sequence[Sent] = (),
    ends: Mapping[tuple[int, int], int] | None = None,
    shift: float = 0.0,
) -> Planned:
    return Planned(now, notes, (1, 2), in_flight, ends or {}, lambda tick: due(tick) + shift)


def sent(kind: Kind, tick: int, number: int, value: int = 80) -> Sent:
    return Sent(Message(tick, kind, 1, number, value), due(tick), due(tick))


def told(announced: Announcements, *looks: Planned) -> list[tuple[list[tuple[int, int, int]], list[int]]]:
    """What is said at each look: number, position and length of notes, and the numbers of what is gone."""
    found = []
    for look in looks:
        announced.look(look)
        events, gone = announced.news()
        found.append(([(event.id, event.tick, event.duration) for event in events], list(gone)))
    return found


def test_a_note_is_announced_once() -> None:
    announced = Announcements()
    assert told(announced, planned(C), planned(C, E), planned(C, E)) == [
        ([(0, 100, 24)], []),
        ([(1, 112, 12)], []),
        ([], []),
    ]
    assert announced.events == (Event(0, 100, 2.0, 60, 80, 24, 2.48, 1, 0), Event(1, 112, 2.24, 64, 70, 12, 2.48, 1, 0))


def test_what_is_missing_twice_is_gone() -> None:
    announced = Announcements()
    assert told(announced, planned(C, E), planned(E), planned(C, E), planned(E), planned(E), planned(E)) == [
        ([(0, 100, 24), (1, 112, 12)], []),
        ([], []),
        ([], []),  # it was on its way from one place to another
        ([], []),
        ([], [0]),
        ([], []),
    ]


def test_what_is_played_otherwise_is_said_again_under_its_number() -> None:
    announced = Announcements()
    softer = Note(100, 60, 20, 30)
    assert told(announced, planned(C), planned(softer)) == [([(0, 100, 24)], []), ([(0, 100, 20)], [])]
    assert [event.velocity for event in announced.events] == [30]


def test_a_time_that_has_changed_is_said_when_it_is_near() -> None:
    announced = Announcements()
    assert told(announced, planned(C), planned(C, shift=0.1), planned(C, now=1.7, shift=0.1)) == [
        ([(0, 100, 24)], []),
        ([], []),
        ([(0, 100, 24)], []),
    ]
    assert announced.events[0].due == 2.1


def test_the_order_of_messages_is_kept() -> None:
    announced = Announcements()
    delays = {100: 0.03, 101: 0.0}
    look = Planned(1.8, (C, Note(101, 72, 3, 80)), (1,), (), {}, lambda tick: due(tick) + delays.get(tick, 0.0))
    announced.look(look)
    assert [event.due for event in announced.events] == [2.03, 2.03]


def test_from_the_queue_over_the_port_to_its_end() -> None:
    announced, on = Announcements(), sent(Kind.NOTE_ON, 100, 60)
    assert (
        told(announced, planned(C), *[planned(now=1.9, in_flight=[on], ends={(1, 60): 124})] * 3)[1:] == [([], [])] * 3
    )
    announced.take_sent([on])
    assert told(announced, *[planned(now=2.0, ends={(1, 60): 124})] * 3) == [([], [])] * 3
    assert len(announced.events) == 1
    announced.take_sent([sent(Kind.NOTE_OFF, 124, 60)])
    assert told(announced, *[planned(now=2.5)] * 3) == [([], [])] * 3
    assert not announced.events


def test_a_note_that_is_ended_early_is_said_to_be() -> None:
    announced = Announcements()
    told(announced, planned(C, E))
    announced.take_sent([sent(Kind.NOTE_ON, 100, 60), sent(Kind.NOTE_ON, 112, 64)])
    announced.take_sent([sent(Kind.NOTE_OFF, 115, 60), sent(Kind.CONTROL, 116, ALL_NOTES_OFF)])
    assert told(announced, planned(now=2.3)) == [([(0, 100, 15), (1, 112, 4)], [])]


def test_a_note_whose_end_is_moved_is_said_again() -> None:
    announced = Announcements()
    told(announced, planned(C))
    announced.take_sent([sent(Kind.NOTE_ON, 100, 60)])
    assert told(announced, planned(now=2.1, ends={(1, 60): 110}), planned(now=2.1, ends={(1, 60): 110})) == [
        ([(0, 100, 10)], []),
        ([], []),
    ]


def test_a_note_that_nobody_saw_coming_is_told_when_it_has_left() -> None:
    announced = Announcements()
    announced.take_sent([sent(Kind.NOTE_ON, 100, 60)])
    assert told(announced, planned(now=2.0, ends={(1, 60): 112})) == [([(0, 100, 12)], [])]


def test_the_same_place_again_after_going_back_is_another_note() -> None:
    announced = Announcements()
    told(announced, planned(C))
    announced.take_sent([sent(Kind.NOTE_ON, 100, 60), sent(Kind.NOTE_OFF, 124, 60)])
    assert told(announced, planned(C)) == [([(1, 100, 24)], [])]


def test_who_comes_later_is_not_told_of_what_was_to_come_before() -> None:
    announced = Announcements()
    announced.look(planned(C))
    announced.forget_coming()
    assert told(announced, planned(E)) == [([(1, 112, 12)], [])]
    assert [event.id for event in announced.events] == [1]


NOTES = st.builds(Note, st.integers(0, 200), st.integers(58, 62), st.integers(1, 30), st.integers(1, 127))
LOOKS = st.lists(st.lists(NOTES, max_size=6), min_size=1, max_size=8)


@given(LOOKS)
def test_who_takes_all_news_knows_what_is_planned(looks: list[list[Note]]) -> None:
    announced, known = Announcements(), dict[int, Event]()
    for notes in looks:
        for _ in range(2):  # what is gone is seen at the second look
            announced.look(planned(*notes))
            events, gone = announced.news()
            known |= {event.id: event for event in events}
            for number in gone:
                del known[number]
    assert sorted(known.values(), key=lambda event: event.id) == sorted(announced.events, key=lambda event: event.id)
    places = {(note.onset, note.pitch) for note in looks[-1]}
    assert {(event.tick, event.note) for event in known.values()} == places
    assert len(known) == len(places)
