"""Numbers and lengths of ABC: what is none costs the tune it stands in, and no other."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tunewright.corpus.files import read_file
from tunewright.corpus.kinds import TUNE
from tunewright.corpus.sources import Dropped
from tunewright.formats.abc import format_abc, parse_abc, reading
from tunewright.formats.abc.numbers import MOST_DIGITS, is_length, parse_length, parse_number
from tunewright.music.tune import Tune
from tunewright.support.errors import ParseError

GOOD = "X:{}\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\n"
DIGITS = "9" * 4301


def test_numbers_have_few_digits() -> None:
    assert parse_number("0" * MOST_DIGITS) == 0
    with pytest.raises(ParseError, match="a number of 4,301 digits"):
        parse_number(DIGITS)


@pytest.mark.parametrize("text", ["0", "1/0", "/0", DIGITS, f"/{DIGITS}", "/" * 100])
def test_what_is_no_length_is_nothing(text: str) -> None:
    assert parse_length(text) == 0


def test_lengths_are_those_of_music() -> None:
    assert all(map(is_length, (Fraction(64), Fraction(1, 2**20), Fraction(7, 15), Fraction(1, 3 * 65536))))
    assert not any(map(is_length, (Fraction(0), Fraction(65), Fraction(1, 2**21), Fraction(1, 1025))))


@pytest.mark.parametrize(
    ("field", "music"),
    [
        ("L:1/8", "[C0E]"),
        ("L:1/8", "C/0"),
        ("L:1/8", f"C{DIGITS}"),
        ("L:1/8", f"C/{DIGITS}"),
        ("L:1/8", f"({DIGITS}ABC"),
        ("L:1/8", f"(3:{DIGITS}ABC"),
        ("L:1/8", f"Z{DIGITS}"),
        ("L:1/8", f"C|[{DIGITS}C"),
        ("L:1/8", f"C|{DIGITS}C"),
        ("L:1/8", f"C[M:{DIGITS}/4]C"),
        ("L:1/8", f"C[L:{DIGITS}]C"),
        (f"L:{DIGITS}", "C"),
        (f"L:1/{DIGITS}", "C"),
        (f"M:{DIGITS}/4", "C"),
        (f"M:4/{DIGITS}", "C"),
        (f"M:{'1+' * 4000}1/4", "C"),
        ("L:1/8", "Z99|" * 100 + "C"),
        ("L:1/8", "C999>D"),
    ],
)
def test_a_mistake_in_one_tune_costs_that_tune(tmp_path: Path, field: str, music: str) -> None:
    text = "\n".join((GOOD.format(1), f"X:2\n{field}\nK:C\n{music}\n", GOOD.format(3)))
    path = tmp_path / "x.abc"
    path.write_text(text)
    first, second, third = read_file(path, TUNE)
    assert isinstance(first, Tune)
    assert isinstance(third, Tune)
    assert (first.number, third.number) == (1, 3)
    assert isinstance(second, Dropped)
    assert second.source.rpartition(":")[2] in ("8", "10")
    assert "mistake" not in second.reason


def test_a_mistake_of_ours_costs_one_tune_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = reading.read_header

    def read_header(source: reading.Source) -> reading.Header:
        if source.line > 1:
            raise KeyError("oh")
        return plain(source)

    monkeypatch.setattr(reading, "read_header", read_header)
    text = "\n".join(map(GOOD.format, (1, 2)))
    (first, _), (second, _) = reading.decode_abc(text.encode(), "x.abc")
    assert isinstance(first, Tune)
    assert str(second) == "x.abc:7: a mistake in tunewright (KeyError: 'oh'): please report it, with this file"


@pytest.mark.parametrize(
    "text",
    [
        "X:1\nL:1/65536\nK:C\ne>f e<<<g (3abc\n",
        "X:1\nL:1/16384\nK:C\n(15:32:15" + "a>>>b" * 7 + "c\n",
        "X:1\nL:8\nK:C\nC4 D8 E<F\n",
        "X:1\nL:1/7\nK:C\nC5/9 D/13 (3EFG\n",
        "X:1\nR:reel\nR:jig\nC:x\nR:polka\nK:C\nC\n",
        "K:G\nT:head\n\nX:1\nK:C\nCDE\n",
        "X:1\nK:C\nC[1 .G:|[2-3 .A|\n",
        "X:1\nL:64/8\nK:C\nCDE\n",
        "X:1\nK:C\nC|[1[Q:1/4=90]D:|[Q:1/4=100][2E\n",
        "X:1\nK:C\nC 2- C 3 D\n",
    ],
)
def test_odd_tunes_come_back(text: str) -> None:
    [tune] = [tune for tune in parse_abc(text) if tune.number == 1][-1:]
    assert tune.notes
    [back] = parse_abc(format_abc(tune))
    assert (back, back.fields) == (tune, tune.fields)
