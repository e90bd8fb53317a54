"""What every codec keeps to, the toy codec among them; a new one is held to it by its line in the registry."""

from __future__ import annotations

import contextlib
import json
import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.support.musical import regular_tunes
from tests.support.places import ROOT
from tests.support.real_pieces import chorales, songs
from tests.support.toy_codec import TOY
from tunewright.formats.abc import parse_abc
from tunewright.music.kinds import Music
from tunewright.support.errors import ConfigError, TokenError
from tunewright.tokens import registry
from tunewright.tokens.contract import AnyCodec, encode_passages
from tunewright.tokens.registry import codec_class, codec_from_json, codec_names, fit_codec
from tunewright.tokens.settings import TokenSettings

NAMES = [*codec_names(), "toy"]
EIGHTHS = "X:1\nM:4/4\nL:1/8\nK:C\nCDEF GABc|defg agfe|dcBA GFED|\n\nX:2\nM:4/4\nL:1/8\nK:C\nEGce gece|\n"


@pytest.fixture(autouse=True)
def _with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CODECS", {**registry.CODECS, **TOY})


@cache
def music_for(name: str) -> tuple[Music, ...]:
    """What a codec is fitted on, and covers."""
    if name == "toy":
        return tuple(parse_abc(EIGHTHS))
    return regular_tunes()[:12] if codec_class(name).of.kind == "tune" else (*songs()[:4], *chorales()[:2])


@cache
def fitted(name: str) -> AnyCodec:
    return fit_codec(settings_for(name), music_for(name))


def settings_for(name: str) -> TokenSettings:
    return TokenSettings(name, text="canonical", told_share=0.5, transpose=2)


def each(name: str) -> Iterator[tuple[AnyCodec, Any]]:
    """The codec with each tune or piece in turn."""
    assert music_for(name)
    return ((fitted(name), one) for one in music_for(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_codec_says_what_it_is(name: str) -> None:
    codec = fitted(name)
    assert codec.kind == name
    assert codec.END == 0
    assert codec.unit in ("character", "token")
    assert len(codec.vocab) > 1
    assert 0 <= codec.direct <= len(codec.context_sizes)
    assert codec.END not in codec.never


@pytest.mark.parametrize("name", NAMES)
def test_what_is_encoded_comes_back_as_the_same_notes(name: str) -> None:
    for codec, one in each(name):
        ids = codec.encode(one)
        back = codec.decode(ids)
        assert type(back) is codec.of
        assert codec.passage(back).notes == codec.passage(one).notes
        assert codec.decode([*ids, codec.END, *ids]) == back  # what comes after an end does not count


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_of_the_vocabulary_and_none_is_the_end_or_what_is_never_drawn(name: str) -> None:
    for codec, one in each(name):
        ids = codec.encode(one)
        assert 0 < min(ids) <= max(ids) < len(codec.vocab)
        assert not set(ids) & set(codec.never)


@pytest.mark.parametrize("name", NAMES)
def test_context_features_are_as_many_as_is_said_and_within_their_sizes(name: str) -> None:
    for codec, one in each(name):
        ids = [codec.END, *codec.encode(one), codec.END]
        rows = codec.context(ids)
        assert rows.shape == (len(ids), 1 + len(codec.context_sizes))
        assert rows.min() >= 0
        assert (rows < np.array([len(codec.vocab), *codec.context_sizes])).all()


@pytest.mark.parametrize("name", NAMES)
def test_reading_id_by_id_is_reading_at_once_and_readers_leave_each_other_alone(name: str) -> None:
    for codec, one in each(name):
        ids = [codec.END, *codec.encode(one), codec.END]
        first, second = codec.reader(), codec.reader()
        rows = []
        for place, number in enumerate(ids):
            rows.append(first.read(number))
            second.read(ids[-1 - place])
        assert np.array_equal(rows, codec.context(ids))


@pytest.mark.parametrize("name", NAMES)
def test_a_passage_is_what_is_encoded_between_two_ends(name: str) -> None:
    for codec, one in each(name):
        passage = codec.passage(one)
        assert passage.ids == (codec.END, *codec.encode(one), codec.END)
        assert 1 <= passage.body < len(passage.ids)
        assert passage.notes > 0
        assert passage.unseen == 0
        if codec.context_sizes:
            assert passage.rows is not None
            assert np.array_equal(passage.rows, codec.context(passage.ids))
        else:
            assert passage.rows is None


@pytest.mark.parametrize("name", NAMES)
def test_a_codec_comes_back_from_its_json(name: str) -> None:
    codec = fitted(name)
    back = codec_from_json(codec.to_json())
    assert back == codec
    assert back.vocab == codec.vocab
    assert back.to_json() == codec.to_json()
    assert back.encode(music_for(name)[0]) == codec.encode(music_for(name)[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"kind": 3}', "{}"])
def test_what_a_codec_did_not_write_is_refused(name: str, text: str) -> None:
    with pytest.raises(TokenError, match=r"\w"):
        codec_class(name).from_json(text)


@pytest.mark.parametrize("name", NAMES)
def test_ids_that_spell_nothing_are_refused_with_a_reason(name: str) -> None:
    codec = fitted(name)
    for ids in ([], [codec.END], [len(codec.vocab)], [-1]):
        with pytest.raises(TokenError, match=r"\w") as caught:
            codec.decode(ids)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_music_of_the_other_kind_is_refused_before_it_is_encoded(name: str) -> None:
    others = songs()[:1] if codec_class(name).of.kind == "tune" else regular_tunes()[:1]
    with pytest.raises(ConfigError, match=r"expected tunes|expected pieces"):
        fit_codec(settings_for(name), others)


@pytest.mark.parametrize("name", NAMES)
def test_the_bits_of_notes_are_as_many_as_the_notes_and_no_more_than_those_of_the_ids(name: str) -> None:
    known = 0
    for codec, one in each(name):
        passage = codec.passage(one)
        bits = codec.note_bits(one, passage, [math.nan, *(1.0 + place % 3 for place in range(len(passage.ids) - 1))])
        assert len(bits) == passage.notes
        if not any(map(math.isnan, bits)):
            known += 1
            assert min(bits) > 0
            assert sum(bits) <= sum(1.0 + place % 3 for place in range(len(passage.ids) - 1)) + 1e-6
    assert known == 0 if name == "beat" else known > len(music_for(name)) / 2  # whose tokens are patterns of notes


@pytest.mark.parametrize("name", NAMES)
def test_a_time_through_is_every_tune_or_piece_once_after_an_end(name: str) -> None:
    codec, refused = fitted(name), Counter[str]()
    repertoire = codec.repertoire(music_for(name), settings_for(name), refused)
    assert not refused
    assert repertoire.notes == sum(codec.passage(one).notes for one in music_for(name))
    read = list(repertoire.time_through(np.random.default_rng(3)))
    assert len(read) == len(music_for(name))
    for ids, rows in read:
        assert int(ids[0]) == codec.END
        assert codec.END not in ids[1:]
        assert (rows is None) == (not codec.context_sizes)
        assert rows is None or len(rows) == len(ids)
    if codec_class(name).of.kind != "piece":  # which may be longer in other keys
        assert sum(len(ids) for ids, _ in read) == repertoire.ids


@pytest.mark.parametrize("name", NAMES)
def test_the_same_music_gives_the_same_codec(name: str) -> None:
    assert fit_codec(settings_for(name), music_for(name)) == fitted(name)


def test_what_a_codec_does_not_cover_is_counted_by_reason() -> None:
    refused = Counter[str]()
    [passage] = encode_passages(fitted("toy"), [regular_tunes()[0], music_for("toy")[1]], refused)
    assert passage.notes == 8
    assert refused.total() == 1
    assert "expected eighths of C major" in next(iter(refused))


def test_an_unknown_codec_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"tokens is 'words'; known: characters, degrees, beat, .*tsd"):
        codec_class("words")


def strange(content: Any, rng: Random) -> Any:
    """A value with one of its parts something else, or gone."""
    if isinstance(content, dict) and content and rng.random() < 0.9:
        key = rng.choice(sorted(content))
        rest = {name: value for name, value in content.items() if name != key}
        return rest if rng.random() < 0.1 else rest | {key: strange(content[key], rng)}
    if isinstance(content, list) and content and rng.random() < 0.9:
        place = rng.randrange(len(content))
        return [*content[:place], strange(content[place], rng), *content[place + 1 :]]
    return rng.choice((None, -1, 10**30, 1.5, True, "", "x" * 2_000, [], [[[]]], {}, {"a": {"b": None}}))


@pytest.mark.parametrize("kind", ["characters", "degrees", "remi", "cpword"])
def test_what_to_json_never_wrote_is_a_token_error(kind: str) -> None:
    text = (ROOT / "tests" / "frozen" / kind / "tokenizer.json").read_text(encoding="utf-8")
    whole, rng = json.loads(text), Random(kind)
    assert codec_from_json(text).to_json() == text
    for _ in range(200):
        with contextlib.suppress(TokenError):
            codec_from_json(json.dumps(strange(whole, rng)))
