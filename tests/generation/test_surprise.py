"""Every written note has its bits, of the signs or tokens that say it and of no others."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from tests.support.short_tunes import read
from tests.support.small_runs import SMALL, real_tunes
from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import parse_abc
from tunewright.formats.abc.texts import TEXTS
from tunewright.generation.foresight import forward
from tunewright.generation.generator import Generator
from tunewright.generation.surprise import surprise, surprises
from tunewright.models.building import build_model
from tunewright.models.likelihood import likelihood
from tunewright.music.tune import Key, Tune
from tunewright.tokens.characters.notes import note_spans
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import AnyCodec, encode_passages
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer


def knows_nothing(tokenizer: AnyCodec) -> Generator:
    """A model to which every id is as likely as any other."""
    generator = untrained(tokenizer)
    with torch.no_grad():
        for weight in generator.model.parameters():
            weight.zero_()
    return generator


def untrained(tokenizer: AnyCodec) -> Generator:
    model = build_model(SMALL.model, len(tokenizer.vocab), tokenizer.context_sizes, tokenizer.direct).eval()
    return Generator(model, tokenizer, config=SMALL)


def signs_of(generator: Generator, tune: Tune) -> list[int]:
    """How many signs or tokens each note has."""
    one = math.log2(len(generator.tokenizer.vocab))
    return [round(bits / one, 3) for bits in surprise(generator, tune)]


SIGNS = 'X:1\nM:4/4\nL:1/8\nK:C\n|:"Am"A2 {b}^c/2- c/2 (3EFG ~[CEG]2|z2 (D>E) !trill!_B,,4-|B,,8:|\n'


def test_text_is_counted_sign_by_sign() -> None:
    (tune,) = parse_abc(SIGNS)
    generator = knows_nothing(CharTokenizer.fit([tune], "verbatim"))
    # A2 | ^c/2- | c/2 | (3E | F | G | [CEG]2 | D> | E | _B,,4- | B,,8
    assert signs_of(generator, tune) == [2, 5, 3, 3, 1, 1, 6, 2, 1, 6, 4]


def test_musical_tokens_are_counted_one_by_one() -> None:
    tune = read('|:"Am"A2 {b}^c- c (3EFG A2|z2 D2 E3-E:|')
    spelled = knows_nothing(DegreeTokenizer())
    # a length and a pitch; the tie of ^c; the tuplet of E; the rest belongs to nobody
    assert signs_of(spelled, tune) == [2, 3, 2, 3, 2, 2, 2, 2, 3, 2]
    known = knows_nothing(DegreeTokenizer.fit([tune] * 3))  # one token for a note with its length
    assert signs_of(known, tune) == [1, 2, 1, 2, 1, 1, 1, 1, 2, 1]


@pytest.mark.parametrize("text", TEXTS)
def test_every_note_of_real_tunes_is_found_in_its_text(text: str) -> None:
    tunes = [tune for name in ("oneill", "ryan", "aird") for tune in read_corpus(name).tunes[::9]]
    missed = 0
    for tune in tunes:
        written = TEXTS[text](tune)
        spans = list(note_spans(written))
        missed += len(spans) != len(tune.notes)
        for span, note in zip(spans, tune.notes, strict=False):
            signs = "".join(written[place] for place in span)
            assert len(spans) != len(tune.notes) or note.pitch.step in signs.upper(), (tune.source, signs)
    assert missed <= len(tunes) // 100 * (text == "verbatim")


@pytest.mark.parametrize("kind", ["characters", "degrees"])
def test_bits_of_notes_are_most_of_the_bits_of_the_tune_whatever_is_read_beside_it(kind: str) -> None:
    tunes = list(real_tunes()[:12])
    generator = untrained(CharTokenizer.fit(tunes) if kind == "characters" else DegreeTokenizer.fit(tunes))
    together = surprises(generator, tunes)
    device = torch.device("cpu")
    for tune, bits in zip(tunes, together, strict=True):
        passages = encode_passages(generator.tokenizer, [tune])
        if not passages:
            assert all(map(math.isnan, bits))
            continue
        assert len(bits) == len(tune.notes)
        assert surprise(generator, tune) == pytest.approx(bits, rel=1e-4)
        whole = likelihood(forward(generator), passages, device).bits_per_note * len(tune.notes)
        assert 0.3 * whole < sum(bits) < whole
    assert sum(not math.isnan(bits[0]) for bits in together) > 8


def test_a_sign_that_training_never_saw_and_a_tune_without_tokens_are_not_numbers() -> None:
    tune = read("ABcd e2f2|")
    generator = knows_nothing(CharTokenizer.fit([read("ABcd e2e2|")]))
    assert [place for place, bits in enumerate(surprise(generator, tune)) if math.isnan(bits)] == [5]
    nowhere = replace(tune, key=Key(None))
    assert all(map(math.isnan, surprise(knows_nothing(DegreeTokenizer()), nowhere)))
    assert surprises(generator, []) == []
