from trainer.abc_tunes import tunes_of

BOOK = """%abc-2.1
M:3/4
L:1/4
T:My tunes

X:1
T:One, "quoted"
M:4/4
K:Dmix % a comment
|: y0 "@1,2 (2)"A!slide!B [K:Gmix] y10 "Am"c2 | % another
w: yes-ter-day

X:2
K:C
C D E
"""


def test_a_book_is_cut_into_tunes_with_the_header_where_they_say_nothing() -> None:
    assert list(tunes_of(BOOK)) == [
        "X:1\nL:1/4\nM:4/4\nK:Dmix\n|:  AB [K:Gmix]  c2 |\n",
        "X:2\nM:3/4\nL:1/4\nK:C\nC D E\n",
    ]


def test_without_length_and_meter_a_note_is_an_eighth() -> None:
    assert list(tunes_of("X:1\r\nK:C\r\nCDE\r\n")) == ["X:1\nL:1/8\nK:C\nCDE\n"]


def test_no_tune() -> None:
    assert list(tunes_of("Hello\n")) == []
