"""The places before bars: which are kept, and which is found."""

from lstm_composer.runtime.generation.bar_history import FIRST_BARS, KEPT_EVERY, LATEST_BARS, MOST_STATES, BarHistory

BAR = 96


def memory_of(bars: int) -> BarHistory[str]:
    memory = BarHistory[str](BAR)
    for number in range(bars):
        memory.save_state(number, f"before {number}")
    return memory


def test_a_kept_place_is_found() -> None:
    memory = memory_of(20)
    assert [memory.state_before(number) for number in (0, 7, 19, 500)] == [
        "before 0",
        "before 7",
        "before 19",
        "before 19",
    ]
    assert (memory.latest(), BarHistory[str](BAR).latest()) == (19, -1)


def test_an_hour_is_kept_in_little_room() -> None:
    bars = 3000
    memory = memory_of(bars)
    assert len(memory) <= FIRST_BARS + LATEST_BARS + bars // KEPT_EVERY
    for number in (*range(FIRST_BARS), *range(bars - LATEST_BARS, bars)):
        assert memory.state_before(number) == f"before {number}"
    assert memory.state_before(1001) == f"before {1001 - 1001 % KEPT_EVERY}"


def test_days_take_no_more_room_than_hours() -> None:
    bars = 100_000
    memory = memory_of(bars)
    assert MOST_STATES // 2 < len(memory) <= MOST_STATES
    for number in (*range(FIRST_BARS), *range(bars - LATEST_BARS, bars)):
        assert memory.state_before(number) == f"before {number}"
    for number in range(FIRST_BARS, bars, 997):
        before = int(memory.state_before(number).removeprefix("before "))
        assert number - KEPT_EVERY * bars // MOST_STATES * 2 < before <= number


def test_what_comes_after_is_forgotten() -> None:
    memory = memory_of(20)
    memory.drop_states_after(4)
    assert memory.latest() == 4
    assert memory.state_before(10) == "before 4"
