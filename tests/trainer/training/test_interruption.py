import signal

import pytest

from lstm_composer.trainer.training.interruption import Interruption

NAMES = ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGXCPU", "SIGBREAK")
ANY = pytest.mark.parametrize("number", [getattr(signal, name) for name in NAMES if hasattr(signal, name)])


@ANY
def test_the_first_signal_is_a_wish(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    with Interruption() as interruption:
        asked = [interruption.asked]
        signal.raise_signal(number)
        asked.append(interruption.asked)
    assert asked == [False, True]
    assert capsys.readouterr().err.strip() == "finishing this epoch and saving it; once more stops at once"


@ANY
def test_the_second_stops_at_once(number: signal.Signals) -> None:
    with Interruption():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


@ANY
def test_afterwards_signals_do_what_they_did_before(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Interruption():
        assert signal.getsignal(number) != before
    assert signal.getsignal(number) == before
    with pytest.raises(ValueError, match="inside"), Interruption():
        raise ValueError("inside")
    assert signal.getsignal(number) == before
