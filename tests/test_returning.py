"""What the figures on music that returns rest on: judges that can be counted by hand, peers that read what they say."""

from __future__ import annotations

import importlib
import math
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from tests.support.places import ROOT
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import format_abc, parse_abc
from tunewright.measuring.repetition import repetition_rate
from tunewright.music.tune import Note, Rest, Tune
from tunewright.support.errors import TokenError
from tunewright.tokens.contract import Passage


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def corpus() -> Corpus[Tune]:
    return read_corpus("aird")


def there(name: str) -> Any:
    return importlib.import_module(name)


def of(body: str) -> Tune:
    (tune,) = parse_abc(f"X:1\nM:2/4\nL:1/8\nK:D\n{body}\n")
    return tune


# ------------------------------------------------------------------------------------------------ the judge of texts


@pytest.mark.parametrize(
    ("body", "bars", "share"),
    [
        ("DEFG|ABcd|DEFG|ABcd|]", 1, 1 / 2),
        ("DEFG|ABcd|DEFG|ABcd|]", 2, 1 / 3),
        ("D4|E4|F4|G4|]", 1, 0),
        ("|: ~D2 (EF) | {g}D2EF :|[1 .D2EF | !trill!D2E>F :|2 d4 |]", 1, 2 / 5),
        ("D4|]", 1, math.nan),
    ],
)
def test_what_returns_in_a_text_can_be_counted_by_hand(body: str, bars: int, share: float) -> None:
    assert there("returns.written").returning(f"X:1\nT:a|b|c\nK:D\n{body}", bars) == pytest.approx(share, nan_ok=True)


def test_the_text_says_what_the_measure_says_where_there_are_no_pickups(corpus: Corpus[Tune]) -> None:
    returning = there("returns.written").returning
    plain = [tune for tune in corpus.tunes if all(measure.full for measure in tune.measures) and not _tied(tune)]
    assert len(plain) > 100
    for bars in (1, 2, 4):
        pairs = [(returning(format_abc(tune), bars), repetition_rate(tune, bars)) for tune in plain]
        found, expected = np.array([pair for pair in pairs if not math.isnan(pair[1])]).T
        assert found.mean() == pytest.approx(expected.mean(), abs=0.005)
        assert (found == pytest.approx(expected)) or (found != expected).mean() < 0.05  # a bar may be spelled two ways


def _tied(tune: Tune) -> bool:
    return any(note.tied or len(note.pitches) > 1 for note in tune.notes)


def test_bars_in_another_order_are_the_same_bars_and_still_add_up(corpus: Corpus[Tune]) -> None:
    shuffled = there("returns.real").shuffled
    tunes = [tune for tune in corpus.train if not tune.irregular][:100]
    others = [shuffled(tune, 1) for tune in tunes]
    for tune, other in zip(tunes, others, strict=True):
        assert not other.irregular
        assert Counter(_bars(tune)) == Counter(_bars(other))
    before, after = (np.nanmean([repetition_rate(tune, 2) for tune in side]) for side in (tunes, others))
    assert after < before / 3


def _bars(tune: Tune) -> list[tuple[Note | Rest, ...]]:
    spans = (tune.music[measure.start : measure.stop] for measure in tune.measures)
    return [tuple(one for one in span if isinstance(one, Note | Rest)) for span in spans]


# ------------------------------------------------------------------------------------------------ goals


def test_a_goal_is_missed_by_the_mean_over_seeds() -> None:
    judging = there("returns.judging")
    columns = [[judging.Figure("share", value, (0.2, 0.4), (0.2, 0.4))] for value in (0.1, 0.25, 0.3)]
    assert judging.missed(columns) == []
    assert judging.missed(columns[:2]) == ["share: 0.175, goal 0.200 to 0.400"]
    assert judging.missed([[judging.Figure("share", math.nan, wanted=(0, 1))]])
    assert "(missed)" in judging.table(columns[:2])[-1]
    assert judging.missed([[judging.Figure("no goal", 7.0)]]) == []


def test_real_sets_of_one_number_are_that_number() -> None:
    judging = there("returns.judging")
    assert judging.real_sets([0.5, 0.5, math.nan], 10) == (0.5, 0.5)
    assert judging.inside("share", [0.5, math.nan], [0.5] * 4).value == 0.5
    low, high = judging.real_sets([0.0, 1.0] * 50, 100)
    assert low == pytest.approx(0.4, abs=0.03)
    assert high == pytest.approx(0.6, abs=0.03)


def test_the_judge_sees_that_bars_stand_in_another_order() -> None:
    judging, real = map(there, ("returns.judging", "returns.real"))
    judge = judging.Judge(real.read_real(("ryan",)))
    tunes = real.chosen(judge.real.train, 120, 0)
    assert judging.missed([judge.returns(tunes)]) == []
    spoilt = judging.missed([judge.returns([real.shuffled(tune, 0) for tune in tunes])])
    found = {one.partition(":")[0] for one in spoilt}
    assert {"two-bar phrases that return", "two-bar phrases that return, by text alone", "plan match"} <= found


# ------------------------------------------------------------------------------------------------ folk-rnn's tokens


def test_a_tune_is_on_c_in_tokens_of_notes_and_lengths() -> None:
    tokens = there("peers.folk").tokens_of(of('|: D2 {g}~F>A | (3def d2 :|1 "A7"^c4 :|2 D4 |]'))
    assert " ".join(tokens) == "M:2/4 K:Cmaj |: C 2 E > G | (3 c d e c 2 :|1 B 4 :|2 C 4 |]"


def test_tokens_spell_the_tune_they_were_made_of(corpus: Corpus[Tune]) -> None:
    folk = there("peers.folk")
    tunes = [tune for tune in corpus.tunes if not tune.irregular][:150]
    fitted = folk.FolkTokens.fit(tunes)
    spelled = [tune for tune in tunes if folk.tokens_or_none(tune)]
    assert len(spelled) > 0.9 * len(tunes)
    for tune in spelled:
        passage = fitted.passage(tune)
        (again,) = parse_abc(fitted.text(passage.ids[1:-1]))
        assert again == folk.in_c(tune)
        assert again.key.tonic == "C"
        assert [note.length for note in again.notes] == [note.length for note in tune.notes]
        assert passage.body == 3
        assert passage.unseen == 0


@pytest.mark.parametrize("body", ["K:G\nD4|", "M:3/4\nD6|"])
def test_a_tune_that_changes_on_its_way_has_no_tokens(body: str) -> None:
    with pytest.raises(TokenError, match="change"):
        there("peers.folk").tokens_of(of(f"D4|\n{body}"))


# ------------------------------------------------------------------------------------------------ the Transformer


def transformer() -> Any:
    torch.manual_seed(0)
    return there("peers.transformer").CharTransformer(20).eval()


def test_a_step_gives_what_reading_at_once_gives() -> None:
    model, ids = transformer(), torch.randint(20, (3, 40))
    whole = model.window(ids)
    logits, reading = model.begin(ids[:, :1])
    for place in range(40):
        assert torch.allclose(logits, whole[:, place], atol=1e-5)
        if place < 39:
            logits, reading = model.step(ids[:, place + 1], reading)


def test_no_id_sees_what_comes_after_it() -> None:
    model, ids = transformer(), torch.randint(20, (1, 30))
    changed = ids.clone()
    changed[:, 20:] = 0
    assert torch.allclose(model.window(ids)[:, :20], model.window(changed)[:, :20], atol=1e-6)


def test_reading_in_pieces_is_reading_at_once() -> None:
    model, half = transformer(), there("peers.transformer").HALF
    ids = torch.randint(20, (2, 2 * half + 50))
    whole, _ = model(ids)
    first, state = model(ids[:, :half])
    second, _ = model(ids[:, half:], state)
    assert torch.allclose(torch.cat([first, second], 1), whole, atol=1e-5)


def test_past_its_window_a_step_goes_on_with_the_last_half() -> None:
    peers = there("peers.transformer")
    model, ids = transformer(), torch.randint(20, (2, peers.WINDOW + 1))
    _, reading = model.begin(ids[:, :-1])
    logits, reading = model.step(ids[:, -1], reading)
    assert reading.seen.shape[1] == peers.HALF
    assert torch.allclose(logits, model.window(ids[:, -peers.HALF :])[:, -1], atol=1e-5)


def test_drawing_ends_at_the_end_and_never_writes_what_stands_for_nothing() -> None:
    drawn = there("peers.drawing").draw(transformer(), 8, 0, longest=60)
    assert len(drawn) == 8
    assert all(not {0, 1} & set(ids) and (ended or len(ids) == 60) for ids, ended in drawn)
    assert drawn == there("peers.drawing").draw(transformer(), 8, 0, longest=60)


# ------------------------------------------------------------------------------------------------ learning


def passages(count: int) -> list[Passage]:
    return [Passage((0, *(2 + (first + step) % 5 for step in range(30)), 0), 1, 30) for first in range(count)]


def test_a_peer_learns_and_keeps_the_weights_that_were_best() -> None:
    learning, model = there("peers.learning"), transformer()
    adam = lambda model: torch.optim.Adam(model.parameters(), lr=3e-3)  # noqa: E731
    batches = learning.windows(passages(5), 8, 20, 0)
    recipe = learning.Recipe(adam, model.window, model, batches, lambda step, over: 1.0, 1.0)
    before = learning.bits_of(model, passages(3))
    found = learning.learn("toy", model, recipe, passages(3), 0.5)
    assert found.best < before
    assert found.best == min(found.curve)
    assert learning.bits_of(model, passages(3)) == pytest.approx(found.best)
    assert found.steps >= found.best_step > 0


def test_whole_tunes_are_each_read_once_with_nothing_learned_from_what_fills_up() -> None:
    learning = there("peers.learning")
    lengths = [5, 9, 30, 31, 60]
    given = [Passage((0, *[2] * length, 0), 1, length) for length in lengths]
    batches = learning.whole_tunes(given, 2, 0)
    read = [next(batches) for _ in range(3)]
    assert sorted(int((row != learning.NOTHING).sum()) for _, y in read for row in y) == [one + 1 for one in lengths]
    assert all(x.shape == y.shape for x, y in read)


def test_windows_are_one_place_apart() -> None:
    x, y = next(there("peers.learning").windows(passages(4), 6, 12, 0))
    assert x.shape == (6, 12)
    assert torch.equal(x[:, 1:], y[:, :-1])


# ------------------------------------------------------------------------------------------------ hidden bars


def test_a_hidden_bar_returns_where_another_is_the_same() -> None:
    infill = there("infill")
    signs = infill.signs_of(of("DEFG|ABcd|DEFG|!trill!ABcd|D4|]"))
    assert signs[0] == signs[2]
    assert signs[1] == signs[3]
    assert signs.count(signs[4]) == 1
    assert signs[4] == (((of("D4|").notes[0].pitches), Fraction(1, 2), False),)


def test_a_copy_of_the_bar_four_away_is_exact_where_that_returns() -> None:
    infill = there("infill")
    tune = of("DEFG|ABcd|D4|E4|DEFG|ABcd|F4|G4|]")
    signs = infill.signs_of(tune)
    bars = [infill.Hidden(tune, place, signs[place], True) for place in (0, 1, 2)]
    assert infill.copied(bars) == pytest.approx(2 / 3)


def test_who_looks_at_the_neighbours_copies_what_stood_between_them() -> None:
    infill = there("infill")
    tune = of("DEFG|ABcd|D4|E4|F4|DEFG|ABcd|D4|G4|]")
    signs = infill.signs_of(tune)
    bars = [infill.Hidden(tune, place, signs[place], True) for place in (1, 2, 5)]
    assert infill.copied_by_neighbours(bars) == 1
    assert infill.copied_by_neighbours([infill.Hidden(tune, 8, signs[8], False)]) == 0
