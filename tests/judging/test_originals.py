"""Tunes that are original enough: none that goes beyond the line comes out, and how often one did is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.musical import regular_tunes, trained
from tests.support.real_pieces import songs
from tests.support.small_runs import corpus_of
from tunewright.generation.keywords import generate
from tunewright.generation.session import MOST_TIMES
from tunewright.judging.originals import OriginalityLine, originality_line
from tunewright.measuring.originality import longest_shared
from tunewright.measuring.pieces.originality import longest_shared_of_pieces
from tunewright.music.transposing import transpose
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError


def test_of_real_tunes_so_many_do_not_go_beyond_the_line() -> None:
    learned, held_out = regular_tunes()[:60], regular_tunes()[60:100]
    corpus = corpus_of(learned, held_out)
    for percent in (50, 95, 100):
        line = originality_line(corpus, percent)
        allowed = sum(line.allows(tune) for tune in held_out)
        assert percent * len(held_out) <= 100 * allowed
        assert any((one.length,) == line.lengths for one in longest_shared(held_out, line.index))


def test_a_copy_is_not_allowed_in_any_key() -> None:
    line = originality_line(corpus_of(regular_tunes()[:60], regular_tunes()[60:100]), 95)
    assert not line.allows(regular_tunes()[5])
    assert not line.allows(transpose(regular_tunes()[5], 2))


@pytest.mark.parametrize("percent", [-1, 101])
def test_nonsense_is_refused(percent: float) -> None:
    with pytest.raises(ConfigError, match="0 to 100"):
        originality_line(corpus_of(regular_tunes()[:9], regular_tunes()[9:12]), percent)


def test_without_held_out_tunes_there_is_no_line() -> None:
    with pytest.raises(ConfigError, match="held out"):
        originality_line(corpus_of(regular_tunes()[:9], ()), 95)


def test_tunes_beyond_the_line_are_drawn_anew() -> None:
    line = originality_line(corpus_of(regular_tunes()[:60], regular_tunes()[60:100]), 95)
    usual = list(generate(trained(), 12))
    lengths = sorted(longest_shared([one.tune], line.index)[0].length for one in usual if one.tune)
    strict = replace(line, lengths=(lengths[len(lengths) // 2],))
    drawn = list(generate(trained(), 12, original=strict))
    assert all(one.tune and strict.allows(one.tune) for one in drawn)
    for before, after in zip(usual, drawn, strict=True):
        assert before.tune
        assert (after.redrawn == 0) == strict.allows(before.tune)
        assert not after.redrawn or after.tune != before.tune
    alone = list(generate(trained(), 1, seed=drawn[3].seed, original=strict, batch_size=1))
    assert alone[0].tune == drawn[3].tune


def test_what_is_never_original_is_left_out() -> None:
    line = replace(originality_line(corpus_of(regular_tunes()[:60], regular_tunes()[60:100]), 95), lengths=(-1,))
    drawn = []

    class Counted(OriginalityLine[Tune]):
        def allows(self, music: Tune) -> bool:
            drawn.append(music)
            return super().allows(music)

    counted = Counted(line.percent, line.lengths, line.index, line.kind)
    assert list(generate(trained(), 2, original=counted, best_of=2)) == []
    assert len(drawn) == 2 * 2 * MOST_TIMES


def test_of_pieces_lines_and_beats_have_a_line_of_their_own() -> None:
    learned, held_out = songs(18)[:12], songs(18)[12:]
    corpus = corpus_of(learned, held_out)
    for percent in (50, 100):
        line = originality_line(corpus, percent)
        found = longest_shared_of_pieces(held_out, line.index)
        for which, most in zip((0, 2), line.lengths, strict=True):
            assert percent * len(held_out) <= 100 * sum(one[which].length <= most for one in found)
            assert any(one[which].length == most for one in found)
    assert line.told == f"{line.lengths[0]} notes of a line or {line.lengths[1]} beats of all parts"
    assert all(line.allows(one) for one in held_out)
    assert not any(replace(line, lengths=(line.lengths[0], 0)).allows(one) for one in learned)
    assert not line.allows(max(learned, key=lambda one: one.notes))
