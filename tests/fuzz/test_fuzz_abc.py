"""ABC, whatever is in it: tunes that can be learned from, or tunes left out with a reason."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstm_composer.trainer.formats.abc.reader import read_abc
from lstm_composer.trainer.pieces.piece import ReadResult
from tests.trainer.formats.abc_cases import check_bounds

SIGNS = r"""C c' D,, ^F __B =e z x2 Z X3 y | || :| |: :: |] [| [1 |2 > << < (3 (5:4:6 ( ) - [CE] [C-E]2 [K:Gm] 2 / //
[M:3/4] [L:1/16] [V:2] [V:1] [r:x] [Q:1/4=90] {g} "Am" !f! +trill+ . ~ T u & (& &) ` $ * \ % 3/2 9 0 ! [ ] { } + q :
[I:octave=1] [P:A] " """
FIELDS = r"""K:D|V:3 clef=bass-8|w:la|%%MIDI channel 10|M:none|U:q=!f!|m:C=D|%%MIDI transpose -20|+:x|%%begintext|X:2"""
FRAGMENTS = [*SIGNS.split(), *(f"\n{field}\n" for field in FIELDS.split("|"))]
FRAGMENTS += ["\n", "\r", "\r\n", "\n\n", "\ufeff", "\0", "ü", " ", "[I:MIDI=transpose 3]", "\nX:2\nK:C\n"]
TUNE = "X:1\nL:1/4\nK:C\n"


@settings(deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join) | st.text(max_size=60))
@example("[V:2]C-&C|")
def test_any_text_is_read_or_refused(tmp_path_factory, music: str) -> None:
    check_bounds(reader_in(tmp_path_factory), TUNE + music)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"X:1\nK:C\n", b"X:1\nK:", b"\xff\xfeX:", b"X:1\nM:"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data: bytes, before: bytes) -> None:
    check_bounds(reader_in(tmp_path_factory), before + data)


def reader_in(tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.abc"

    def read(text: str | bytes) -> ReadResult:
        path.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
        return read_abc(path, path.name)

    return read
