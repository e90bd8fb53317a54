"""What every writer keeps to, that of a codec without a grammar among them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.support.musical import regular_tunes
from tests.support.real_pieces import songs
from tests.support.toy_codec import TOY
from tunewright.support.errors import ConfigError
from tunewright.tokens import registry
from tunewright.tokens.contract import AnyCodec
from tunewright.tokens.registry import codec_class, codec_names, fit_codec, new_writer
from tunewright.tokens.requests import Request, build_request
from tunewright.tokens.settings import TokenSettings
from tunewright.tokens.writing import Label, Script, Writer

NAMES = [*codec_names(), "toy"]
LONGEST = 600  # ids
FREE = Request(free=True)
END = 0
LABEL = Label(1, 7, "seed 7")


@pytest.fixture(autouse=True)
def _with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CODECS", {**registry.CODECS, **TOY})


@cache
def fitted(name: str) -> AnyCodec:
    of = codec_class(name).of.kind
    music: Any = () if name == "toy" else regular_tunes()[:12] if of == "tune" else songs()[:4]
    return fit_codec(TokenSettings(name, text="canonical", told_share=0.5, transpose=2), music)


def requests_of(name: str) -> list[Request]:
    asked = [Request(), FREE]
    if name in ("degrees", "characters"):
        asked += [build_request(key="E dorian", meter="6/8", bars="4", parts="AABB"), build_request(bars="12")]
    return asked


def write(writer: Writer[Any], script: Script[Any], seed: int, most: int) -> Iterator[tuple[int, ...]]:
    """Write ids by chance, of those that may come, to the end or so many; what the model reads after each."""
    rng, never = random.Random(seed), set(writer_codec(writer).never)
    for _ in range(most):
        number = script.forced
        if number < 0:
            row = script.row  # with which the table may grow
            number = rng.choice([one for one in np.flatnonzero(writer.masks.table[row]) if one not in never])
        yield script.write(int(number))
        if number == END:
            return


def writer_codec(writer: Any) -> AnyCodec:
    return getattr(writer, "codec", None) or writer.tokenizer  # type: ignore[no-any-return]


def without_spaces(text: str) -> str:
    return "".join(text.split())


def begun(name: str) -> Iterator[tuple[Writer[Any], Request, Any]]:
    for request in requests_of(name):
        writer = new_writer(fitted(name))
        yield writer, request, writer.begin(request, 0, LONGEST)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_may_come_there_is_no_dead_end_and_the_model_reads_the_context_of_the_codec(name: str) -> None:
    codec = fitted(name)
    for writer, _, beginnings in begun(name):
        for index in range(4):
            script = beginnings.script(index)
            rows = [script.first, *write(writer, script, index, beginnings.most)]
            assert len(script.ids) == len(rows) - 1 > 0
            assert np.array_equal(rows, codec.context([END, *script.ids]))
            assert END not in script.ids[:-1]
            if script.ids[-1] != END:
                assert len(script.ids) == beginnings.most


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_side_by_side_is_what_is_written_alone(name: str) -> None:
    for writer, request, beginnings in begun(name):
        together = [beginnings.script(index) for index in range(3)]
        steps = [write(writer, script, index, beginnings.most) for index, script in enumerate(together)]
        while steps:
            steps = [step for step in steps if next(step, None)]
        for index, script in enumerate(together):
            other = new_writer(fitted(name))
            alone = other.begin(request, 0, LONGEST).script(index)
            assert len(list(write(other, alone, index, LONGEST))) == len(alone.ids)
            assert (alone.ids, alone.bars, alone.given_notes) == (script.ids, script.bars, script.given_notes)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_finished_is_music_or_says_what_is_wrong(name: str) -> None:
    read = 0
    for writer, _, beginnings in begun(name):
        for index in range(4):
            script = beginnings.script(index)
            shown, bars = "", 0
            for _ in write(writer, script, index, beginnings.most):
                if script.bars > bars:  # what listeners are shown at a bar line stands
                    bars, text = script.bars, without_spaces(script.so_far(LABEL))
                    assert text.startswith(shown)
                    shown = text
            music, fault = script.finish(LABEL, ended=script.ids[-1] == END).read()
            assert (music is None) <= bool(fault)
            assert fault or type(music) is fitted(name).of
            read += music is not None
    assert read > 0


@pytest.mark.parametrize("name", NAMES)
def test_what_no_writer_knows_is_refused_before_anything_is_written(name: str) -> None:
    strange = Request(start="K:C") if codec_class(name).of.kind == "piece" else Request(start=songs()[0])
    with pytest.raises(ConfigError, match=r"\w"):
        new_writer(fitted(name)).begin(strange, 0, LONGEST)


def test_a_codec_without_a_grammar_holds_to_nothing_and_says_so() -> None:
    with pytest.raises(ConfigError, match="toy have no grammar, which alone can hold to what is asked for"):
        new_writer(fitted("toy")).begin(build_request(key="D"), 0, LONGEST)
