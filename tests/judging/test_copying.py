from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.small_base import DEGREES
from tests.support.small_runs import corpus_of, real_tunes
from tunewright.judging import copying
from tunewright.judging.copying import CopyWatch, most_copies
from tunewright.models.building import build_model
from tunewright.music.transposing import transpose
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer


def watch(monkeypatch: pytest.MonkeyPatch, drawn: Sequence[Any]) -> tuple[CopyWatch, Any]:
    """A watch over a model that draws this, and the model."""
    tunes, codec = real_tunes(), DegreeTokenizer()
    music = [SimpleNamespace(music=one) for one in drawn]
    fake = SimpleNamespace(generate=lambda n, seed, max_length: iter(music[:n]))
    monkeypatch.setattr(copying, "Generator", lambda *_: fake)
    model = build_model(DEGREES.model, len(codec.vocab), codec.context_sizes, codec.direct)
    return CopyWatch(corpus_of(tunes[:20], tunes[20:24]), codec, DEGREES), model


def test_copies_in_another_key_are_counted_and_one_more_than_chance_is_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others, copies = real_tunes()[24:40], [transpose(tune, 2) for tune in real_tunes()[:16]]
    for number in (0, 1, 2, 16):
        watching, model = watch(monkeypatch, [*copies[:number], *others[number:]])
        seen = watching(model)
        assert seen.copy_rate == number / 16
        assert bool(seen.reason) == (number > watching.most)
        assert watching.most == 1
    assert seen.reason.startswith("100% of 16 tunes drawn have half or more of their notes in one passage")


def test_what_draws_nothing_that_can_be_read_copies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    watching, model = watch(monkeypatch, [None] * 16)
    assert watching(model).reason == ""


@pytest.mark.parametrize(("rate", "most"), [(0.0, 0), (0.02, 1), (0.5, 11), (1.0, 16)])
def test_the_most_copies_that_chance_explains(rate: float, most: int) -> None:
    assert most_copies(16, rate) == most
