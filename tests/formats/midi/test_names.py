"""Names in MIDI files, which state no encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.formats.midi.names import LONGEST, read_name

NAMES = {
    "cp1251": ("Калинка", "Подмосковные вечера", "КАТЮША", "Ой, то не вечер", "Полюшко-поле", "Иван & Марья (1987)"),
    "koi8_r": ("Калинка", "Подмосковные вечера", "Прощание славянки"),
    "cp866": ("Калинка", "Вечерний звон"),
    "cp932": ("さくら", "荒城の月", "故郷", "ソーラン節", "津軽海峡・冬景色", "G線上のアリア", "Melody (主旋律)"),
    "euc_jp": ("さくら", "荒城の月", "ルパン三世のテーマ"),
    "gb18030": ("茉莉花", "月亮代表我的心", "梁祝"),
    "cp1252": ("Tús", "Dave’s “Reel” – café", "Béal É Österlund à", "Été", "Für Elise", "ÅÄÖ", "Nº 5", "L’été indien"),
}


@pytest.mark.parametrize(("encoding", "name"), [(encoding, name) for encoding in NAMES for name in NAMES[encoding]])
def test_a_name_in_an_old_encoding_is_guessed_and_said_to_be(encoding: str, name: str) -> None:
    assert read_name(name.encode(encoding)) == (name, encoding)
    assert read_name(name.encode()) == (name, "")


@given(st.binary(max_size=60))
def test_whatever_stands_there_is_one_line_that_can_be_shown(data: bytes) -> None:
    name, _ = read_name(data)
    assert name.isprintable()
    assert name == " ".join(name.split())


def test_control_characters_become_spaces() -> None:
    assert read_name(b"\0 The Kesh\r\n\x1b[31mJig \0") == ("The Kesh [31mJig", "")
    assert len(read_name(b"x" * 5000)[0]) == LONGEST
