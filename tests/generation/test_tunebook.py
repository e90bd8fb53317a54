"""Drawn music in files."""

from pathlib import Path

import pytest

from tests.support.drawn import drawn_tune
from tunewright.formats.abc import parse_abc
from tunewright.generation.generated import Generated
from tunewright.generation.tunebook import write_drawn, write_tunebook
from tunewright.music.tune import Tune

TEXT = "X:{}\nT:A\nM:2/4\nL:1/8\nN:seed=5\nK:C\nCDEF|GABc|cBAG|FEDC|]\n"


def drawn(index: int, text: str) -> Generated[Tune]:
    return drawn_tune(text, index + 5, index=index)


def test_a_drawn_tune_is_named_by_its_seed_and_keeps_its_text(tmp_path: Path) -> None:
    paths = write_drawn(drawn(0, TEXT.format(1)), tmp_path, ["abc", "mid"])
    assert {path.name for path in paths.values()} == {"tune-005.abc", "tune-005.mid"}
    assert paths["abc"].read_text() == TEXT.format(1)


@pytest.mark.parametrize("text", ["no tune at all", "X:1\nK:C\n"])
def test_of_what_is_no_tune_only_the_text_is_written(tmp_path: Path, text: str) -> None:
    assert set(write_drawn(drawn(0, text), tmp_path, ["abc", "mid", "svg"])) == {"abc"}
    assert [path.name for path in tmp_path.iterdir()] == ["tune-005.abc"]


def test_a_tunebook_reads_back_as_its_tunes(tmp_path: Path) -> None:
    tunes = parse_abc(write_tunebook([drawn(index, TEXT.format(index + 1)) for index in range(3)], tmp_path))
    assert [tune.number for tune in tunes] == [1, 2, 3]
    assert len({tune.music for tune in tunes}) == 1
