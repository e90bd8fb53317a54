"""Musical tokens: what they cover comes back exactly, the same in every key; the rest is refused with a reason."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest

from tests.support.real_tunes import COLLECTIONS, collection
from tunewright.formats.abc import parse_abc
from tunewright.music.transposing import transpose
from tunewright.music.tune import Bar, ChordSymbol, Key, Note, Pitch, Rest, Tune
from tunewright.support.errors import TokenError
from tunewright.tokens.degrees.scale import offset_of, pitch_at
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer

EVERY = 30


@cache
def real() -> tuple[Tune, ...]:
    """One in so many of the regular built-in tunes."""
    some = [tune for name in COLLECTIONS for tune in collection(name)[::EVERY]]
    return tuple(tune for tune in some if not tune.irregular)


@cache
def exact() -> DegreeTokenizer:
    return DegreeTokenizer.fit(real()[::2])


@cache
def encoded() -> dict[int, list[int]]:
    """Ids of the real tunes that are covered, by their place among them."""
    found: dict[int, list[int]] = {}
    for place, tune in enumerate(real()):
        with contextlib.suppress(TokenError):
            found[place] = exact().encode(tune)
    return found


REFUSED = ("sound together", "parts are played", "change of", "outside what the tokens cover", "no token", "the key is")


def test_real_tunes_come_back_exactly() -> None:
    assert len(real()) > 300
    assert len(encoded()) >= 0.97 * len(real())
    wrong = [real()[place].source for place, ids in encoded().items() if exact().decode(ids) != real()[place]]
    assert wrong == []


def test_the_others_are_refused_for_a_known_reason() -> None:
    others = set(range(len(real()))) - set(encoded())
    assert others
    for place in others:
        with pytest.raises(TokenError) as caught:
            exact().encode(real()[place])
        assert any(known in str(caught.value) for known in REFUSED), caught.value


def test_a_tokenizer_that_never_saw_a_tune_covers_as_many() -> None:
    halves = Counter(place % 2 for place in encoded())
    assert abs(halves[0] - halves[1]) <= 0.02 * len(real())


def test_every_id_means_something_and_is_in_use_or_a_note() -> None:
    tokenizer = exact()
    assert len(set(tokenizer.vocab)) == len(tokenizer.vocab) == len(tokenizer.ids)
    assert tokenizer.vocab[tokenizer.END] == "<end>"
    assert all(tokenizer.END not in ids for ids in encoded().values())
    used = {number for ids in encoded().values() for number in ids}
    assert set(tokenizer.timed) <= used


@pytest.mark.parametrize("semitones", [-7, -3, 1, 2, 6, 12])
def test_a_tune_is_the_same_ids_in_every_key_but_for_tonic_and_octave(semitones: int) -> None:
    tokenizer = exact()
    free = set(tokenizer.tonics) | set(tokenizer.homes)
    chosen, compared = list(encoded())[::4], 0
    for place in chosen:
        try:
            moved = tokenizer.encode(transpose(real()[place], semitones))
        except TokenError:
            continue  # a note that would need a double accidental
        compared += 1
        there = encoded()[place]
        assert len(there) == len(moved)
        assert all(a == b or {a, b} <= free for a, b in zip(there, moved, strict=True))
        assert sum(a != b for a, b in zip(there, moved, strict=True)) <= 2
    assert compared > 0.8 * len(chosen)


def test_it_is_read_back_from_json() -> None:
    for tokenizer in (exact(), DegreeTokenizer(("1:1/8",), graces=False, chords=False, told_rhythms=True)):
        again = DegreeTokenizer.from_json(tokenizer.to_json())
        assert again == tokenizer
        assert again.vocab == tokenizer.vocab


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "characters"}'])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        DegreeTokenizer.from_json(text)


def test_the_vocabulary_of_another_version_is_refused() -> None:
    with pytest.raises(TokenError, match="another version"):
        DegreeTokenizer.from_json(exact().to_json().replace('"mode:dorian"', '"mode:else"'))


def test_all_ids_lie_in_the_vocabulary_and_others_are_refused() -> None:
    size = len(exact().vocab)
    assert all(0 <= number < size for ids in encoded().values() for number in ids)
    with pytest.raises(TokenError, match="outside the vocabulary"):
        exact().decode([size])


@pytest.mark.parametrize("cut", [0, 1, 3, 5])
def test_ids_that_are_no_tune_are_refused(cut: int) -> None:
    with pytest.raises(TokenError, match="expected"):
        exact().decode(encoded()[0][:cut])


ABC = "X:1\nM:4/4\nL:1/8\nK:D\n"


def parsed(music: str, head: str = ABC) -> Tune:
    return parse_abc(f"{head}{music}\n")[0]


@pytest.mark.parametrize(
    ("tune", "reason"),
    [
        (parsed("[DF]8|D8|D8|D8|]"), "sound together"),
        (parsed("D8|[K:G]D8|D8|D8|]"), "change of key"),
        (parsed("D8|[M:3/4]D6|D6|D6|]"), "change of meter"),
        (parsed("D8|z8|D8|D8|]", "X:1\nP:ABA\nM:4/4\nL:1/8\nK:D\n"), "order 'ABA'"),
        (Tune((Rest(Fraction(1)), Bar("|]"))), "without notes"),
        (parsed("D8|D8|D8|D8|]", "X:1\nM:4/4\nL:1/8\nK:none\n"), "the key is"),
        (parsed("D8|D8|D8|D8|]", "X:1\nM:13/16\nL:1/8\nK:D\n"), "no token 'M:13/16'"),
    ],
)
def test_what_is_not_covered_is_refused_with_the_reason(tune: Tune, reason: str) -> None:
    with pytest.raises(TokenError, match=reason):
        DegreeTokenizer().encode(tune)


def test_everything_that_a_note_can_have_comes_back() -> None:
    tune = parsed('"Am7/G"!trill!({bc}d2 (3efg)-g2{a}z2|~D4 .F2 ^G2-|G2 =c6|[1 D8:|[2 D,8-|D,8|]')
    for tokenizer in (DegreeTokenizer(), exact()):
        assert tokenizer.decode(tokenizer.encode(tune)) == tune


def test_what_is_left_out_by_option_is_left_out_alone() -> None:
    tune = parsed('"D"{e}d2 {fg}a2 "A7"f4|d8|f8|d8|]')
    bare = DegreeTokenizer(graces=False, chords=False)
    back = bare.decode(bare.encode(tune))
    kept = [replace(e, grace=()) if isinstance(e, Note) else e for e in tune.music if not isinstance(e, ChordSymbol)]
    assert list(back.music) == kept
    assert not {"{", "}", "chord:1"} & set(bare.vocab)


def test_a_note_that_is_had_often_is_one_token() -> None:
    tune = parsed("D2D2D2F2|D8|D8|D8|]")
    tokenizer = DegreeTokenizer.fit([tune])
    assert tokenizer.notes == ("1:1/1", "1:1/4")
    words = [tokenizer.vocab[number] for number in tokenizer.encode_music(tune)]
    assert words == ["1:1/4", "1:1/4", "1:1/4", "1/4", "3", "|", "1:1/1", "|", "1:1/1", "|", "1:1/1", "|]"]


@pytest.mark.parametrize("key", [Key("E", "dorian"), Key("Bb"), Key("F#", "minor"), Key("Cb"), Key("G", "mixolydian")])
def test_degrees_are_counted_from_the_tonic_against_the_signature(key: Key) -> None:
    for offset in range(-9, 15):
        for alter in (-1, 0, 1):
            pitch = pitch_at(offset, alter, key, 4)
            assert offset_of(pitch, key, 4) == (offset, alter)
            assert pitch.alter - key.signature[pitch.step] == alter
    assert str(pitch_at(0, 0, key, 4)) == f"{key.tonic}4"
    assert pitch_at(7, 0, key, 4).midi - pitch_at(0, 0, key, 4).midi == 12
    assert offset_of(Pitch("C", 1, 5), Key("D"), 4) == (6, 0)


def test_how_often_a_tune_is_played_through_is_not_learned_and_refuses_nothing() -> None:
    body = "ABcd efga|bagf edcB|AFDF AFDF|E2 E2 D4|]\n"
    header = "X:1\nT:A tune\n{}M:4/4\nL:1/8\nR:reel\nK:D\n"
    plain = parse_abc(header.format("") + body)[0]
    for order in ("A3", "AAA", "A"):
        through = parse_abc(header.format(f"P:{order}\n") + "P:A\n" + body)[0]
        tokenizer = DegreeTokenizer.fit([plain])
        assert tokenizer.encode(through) == tokenizer.encode(plain)
    two = parse_abc(header.format("P:AB\n") + "P:A\n" + body + "P:B\n" + body)[0]
    with pytest.raises(TokenError, match="the parts are played in the order 'AB'"):
        DegreeTokenizer.fit([plain]).encode(two)
