"""Control characters of others never reach a terminal."""

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.system.visible_text import json_text, visible


def test_escape_sequences_are_spelled_out():
    assert visible("\x1b[31mred\x07\r\n") == r"\x1b[31mred\x07\r\n"


def test_what_turns_or_breaks_a_line_is_spelled_out():
    assert visible("a\u202eb\u2028c\x9bd") == r"a\u202eb\u2028c\x9bd"


def test_the_bytes_of_a_name_that_is_not_utf8_are_spelled_out():
    assert visible(os.fsdecode(b"F\xfcr Elise.mid")) == r"F\xfcr Elise.mid"


def test_letters_of_all_languages_stay():
    assert visible("Für Elise, 曲, Музыка, 🎹") == "Für Elise, 曲, Музыка, 🎹"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_is_ascii_that_steers_no_terminal(text):
    shown = json_text({"name": text})
    assert json.loads(shown) == {"name": text}
    assert shown.isascii()
    assert shown.isprintable()


@given(st.text(st.characters()))
def test_any_text_can_be_printed_on_one_line(text):
    shown = visible(text)
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
