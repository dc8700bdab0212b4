"""Whatever comes in on standard input: lines come out, what will not do is refused in a few words, nothing raised."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.parameters.midi_learn import Learner
from lstm_composer.runtime.parameters.parameters import Parameters
from lstm_composer.runtime.system.typed_lines import MOST_BYTES, lines

WORDS = [b"temperature", b"key", b"register", b"style", b"hold", b"learn", b"unlearn", b"density", b"nan", b"1e309"]
SEPARATORS = [b" ", b"\n", b"\r", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\t", b"-1", b"0", b"127"]
PIECES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([*WORDS, *SEPARATORS]),
    st.text(max_size=20).map(lambda text: text.encode(errors="surrogatepass")),
    st.integers(1, 3 * MOST_BYTES).map(lambda count: b"x" * count),
)


@settings(deadline=None)
@given(st.lists(PIECES))
def test_whatever_is_typed(pieces: list[bytes]) -> None:
    refused: list[str] = []
    said: list[str] = []
    learner = Learner(["one", "two"], tell=said.append)
    knobs = Parameters(style=(1.0, 0.0), temperature=(1.0,) * 4, min_p=0.02)
    for line in lines(pieces, refused.append):
        assert line.strip()
        assert len(line.encode(errors="surrogatepass")) <= MOST_BYTES
        assert "\n" not in line
        with suppress(InputError):
            change = learner.read(line, knobs)
            knobs = knobs if change is None else change.parameters
    assert all(len(problem) < 200 for problem in refused)
    assert len(refused) <= b"".join(pieces).replace(b"\r", b"\n").count(b"\n") + 1
