"""Tunes as a model reads them, in both kinds of tokens."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.support.musical import DEGREES, regular_tunes, tokenizer
from tests.support.small_runs import SMALL, real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.texts import canonical_text
from tunewright.support.errors import TokenError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import encode_passages
from tunewright.tokens.degrees.context import read_rows
from tunewright.tokens.degrees.features import ContextFeatures
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.registry import codec_from_json, fit_codec


def test_a_passage_is_the_tune_between_two_ends() -> None:
    tunes = regular_tunes()[:20]
    for tune, passage in zip(tunes, encode_passages(tokenizer(), tunes), strict=True):
        assert passage.ids == (0, *tokenizer().encode(tune), 0)
        assert passage.notes == len(tune.notes)
        assert passage.rows is not None
        assert passage.rows.shape == (len(passage.ids), 1 + len(tokenizer().context_sizes))
        assert np.array_equal(passage.rows, read_rows(ContextFeatures(tokenizer()), passage.ids))


def test_the_body_begins_after_rhythm_metre_mode_and_tonic() -> None:
    """What is given is the same for both kinds of tokens: octave and form are to be foreseen."""
    [passage] = encode_passages(tokenizer(), regular_tunes()[:1])
    words = [tokenizer().vocab[number] for number in passage.ids[: passage.body + 1]]
    assert [word.split(":")[0] for word in words] == ["<end>", "R", "M", "mode", "tonic", "home"]


def test_characters_are_read_alone() -> None:
    characters = CharTokenizer.fit(real_tunes(), "canonical")
    [passage] = encode_passages(characters, real_tunes()[:1])
    assert passage.rows is None
    assert characters.context_sizes == ()
    assert characters.decode_text(passage.ids[1:-1]) == canonical_text(real_tunes()[0])


def test_what_is_refused_is_counted_by_reason() -> None:
    [chord] = parse_abc("X:1\nM:4/4\nL:1/8\nK:D\n[DF]8|D8|D8|D8|]\n")
    refused: Counter[str] = Counter()
    passages = encode_passages(tokenizer(), [chord, regular_tunes()[0], chord], refused)
    assert len(passages) == 1
    assert refused == {"notes sound together; expected one melody": 2}


@pytest.mark.parametrize("tokens", ["characters", "degrees"])
def test_a_tokenizer_is_what_the_config_asks_for_and_comes_back_from_json(tokens: str) -> None:
    found = fit_codec(SMALL.with_(tokens=tokens).tokens, real_tunes()[:10])
    assert type(found) is {"characters": CharTokenizer, "degrees": DegreeTokenizer}[tokens]
    assert codec_from_json(found.to_json()) == found


def test_grace_notes_and_chord_symbols_are_left_out_by_config() -> None:
    bare = fit_codec(DEGREES.with_(grace_notes=False, chord_symbols=False).tokens, real_tunes()[:10])
    assert isinstance(bare, DegreeTokenizer)
    assert (bare.graces, bare.chords, bare.told_rhythms) == (False, False, True)


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"kind": "degrees"}'])
def test_what_is_no_tokenizer_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        codec_from_json(text)
