"""What is said of drawn music is what came out."""

from __future__ import annotations

import pytest

from tests.support.drawn import drawn_tune
from tunewright.cli.drawn import drawn_note, drawn_result
from tunewright.generation.generated import Generated
from tunewright.music.tune import Tune


def test_drawn_tunes_without_files_have_none() -> None:
    one = drawn_tune("X:1\n", 7)
    assert drawn_result([one], [{}], "tune")[0]["files"] == {}
    assert drawn_result([one], [{}], "tune")[0]["valid"] is False


GOOD = "X:1\nM:2/4\nL:1/8\nK:C\nCDEF|GABc|cBAG|FEDC|]\n"


def one_drawn(text: str = GOOD, removed: float | None = None, *, ended: bool = True) -> Generated[Tune]:
    return drawn_tune(text, 7, ended=ended, removed=removed)


def test_the_note_counts_what_is_well_formed_and_why_the_rest_is_not() -> None:
    odd = one_drawn(GOOD.replace("cBAG", "cBA"), 0.03)
    tunes = [one_drawn(removed=0.02), one_drawn(removed=0.04, ended=False), odd]
    told = drawn_note(tunes)
    assert told.startswith("3 drawn: 1 well formed, 1 did not come to an end, 1 a bar does not add up to the metre. ")
    assert "3.0 %" in told
    assert drawn_result(tunes, [{}] * 3, "tune")[0]["removed_mass"] == 0.02
    assert drawn_note([one_drawn()]) == "1 drawn without grammar: 1 well formed."


@pytest.mark.parametrize(
    ("removed", "told"), [(0.123, " 12 %"), (0.0004, " 0.04 %"), (1e-6, "less than 0.01 %"), (0.0, "Nothing had")]
)
def test_a_small_share_is_not_none(removed: float, told: str) -> None:
    assert told in drawn_note([one_drawn(removed=removed)])
