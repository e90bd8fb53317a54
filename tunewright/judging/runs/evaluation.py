"""What a trained run is worth: how well it foresees held-out music, and what the music is like that it writes.

In: a run, its corpus and the `References` of that. Out: an `Evaluation`, kept as `evaluation.json` in the run folder
with what it was made of. This file defines no measure (`references`, `likelihood`) and compares no runs.

What is drawn is drawn from the best weights, tune i of every temperature with seed i, so that `generate` with the same
seed and temperature gives that tune again; and once more from the weights that training ended with, which is what
somebody hears who looks at no held-out tunes.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tunewright.corpus.corpus import Corpus
from tunewright.formats.midi.pieces import to_midi
from tunewright.generation.decoding import Decoding
from tunewright.generation.foresight import Expectation, expectations, foresight, foresight_by_context
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator, load_generator
from tunewright.judging.runs.references import Judged, Reference, References
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.support.documents import LARGEST_JSON, parse_json, shown
from tunewright.support.errors import InputError, RunError
from tunewright.support.files import replace_file
from tunewright.support.inputs import read_input
from tunewright.support.numbers import without_nan
from tunewright.tokens.requests import Request
from tunewright.training.base import in_the_box
from tunewright.training.run import BEST, Run, load_run, read_split
from tunewright.training.tensors import load_tensors

FILE = "evaluation.json"
FORMAT = 3  # raised when a number comes to mean something else, so that what was kept is made again
TEMPERATURES = (0.5, 0.7, 0.9, 1.0, 1.1, 1.3, 1.5)
CONTEXTS = (10, 20, 50, 100, 200)  # characters
SHOWN = 4
BEGINNING = 24  # characters of a real body, after which the model's expectation is looked at
SIGNS = 10  # most probable ones that are kept of it

_NUMBERS = ("bits_per_note", "valid_bits_per_note", "nats_per_character", "body_nats_per_character", "perplexity")

T = TypeVar("T")
Progress = Callable[[int, int], None]


# ------------------------------------------------------------------------------------------------ what comes out


@dataclass(frozen=True, slots=True)
class Sample:
    """Tunes drawn from one run at one temperature, measured.

    Rates are shares of all drawn; the other values are over those that could be read as a tune with notes, irregular
    ones included, NaN where there is none.
    """

    temperature: float
    drawn: int
    read: int  # could be read as a tune with notes
    valid: int  # strictly well formed, as `Generated[Tune].valid` says
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A run's best weights, measured; NaN where there are no held-out tunes."""

    bits_per_note: float  # test tunes
    valid_bits_per_note: float  # valid tunes
    nats_per_character: float  # test tunes, headers too
    body_nats_per_character: float
    perplexity: float  # per character of the test tunes, headers too
    by_context: tuple[tuple[int, float], ...]  # characters seen, bits per note of the test tunes
    samples: tuple[Sample, ...]  # by temperature
    softmaxes: tuple[Expectation, ...]  # at the same temperatures; none where no held-out tune is long enough
    at_end: Sample | None  # drawn at temperature 1 from the weights that training ended with; None where they are gone
    shown: tuple[str, ...]  # the first four drawn at temperature 1 that can be read: ABC, of pieces MIDI in base64

    def sample_at(self, temperature: float) -> Sample:
        """The sample drawn at a temperature; KeyError, naming those there are, where it was not evaluated."""
        for sample in self.samples:
            if math.isclose(sample.temperature, temperature):
                return sample
        drawn = ", ".join(f"{sample.temperature:g}" for sample in self.samples)
        raise KeyError(f"no tunes were drawn at temperature {temperature:g}; there are {drawn}")


# ------------------------------------------------------------------------------------------------ a run


def evaluate_run(
    run: Run | str | Path,
    corpus: Corpus[Any],
    references: References,
    *,
    tunes: int = 0,
    temperatures: Sequence[float] = TEMPERATURES,
    allow_different_split: bool = False,
    on_progress: Progress | None = None,
) -> Evaluation:
    """The evaluation of a run's best weights: what `evaluation.json` keeps, made now where it is missing or stale.

    `tunes` (or pieces) are drawn at each of `temperatures`: as many as are held out, at most 200, or 50 pieces, where
    0. Raises RunError where the run has no weights yet, or learned from another corpus or split, which may hold the
    tunes that it is judged by, unless that is allowed; ConfigError for a temperature out of range; OutputError where
    nothing can be written. `on_progress(done, total)` counts tunes drawn.
    """
    assert references.fingerprint == corpus.fingerprint, "references of another corpus"
    run = run if isinstance(run, Run) else load_run(Path(run))
    found, expected = corpus.fingerprint, read_split(run.path).get("fingerprint")
    if found != expected and not allow_different_split:
        told = f"(fingerprint {expected!s:.40}); found {found}"
        raise RunError(f"{run.path}: was trained on another corpus or split {told}")
    most = references.training.most_drawn
    drawn = tunes or min(most, len(corpus.valid) + len(corpus.test)) or most
    ordered = tuple(sorted(set(map(float, temperatures))))
    made_of = {"corpus": found, "tunes": drawn, "temperatures": list(ordered)}
    kept = load_evaluation(run.path, made_of)
    if kept is None:
        best = _Evaluating(load_generator(run), corpus, references.training)
        kept = best.evaluate(ordered, drawn, on_progress)
        kept = replace(kept, at_end=_at_end(run, best, drawn))
        if not in_the_box(run.path):
            save_evaluation(run.path, kept, made_of)
    return kept


@dataclass(frozen=True, slots=True)
class _Evaluating:
    """A model, and what it is held against."""

    generator: Generator
    corpus: Corpus[Any]
    training: Reference

    def evaluate(self, temperatures: Sequence[float], count: int, on_progress: Progress | None) -> Evaluation:
        generator, corpus = self.generator, self.corpus
        on_test = foresight(generator, corpus.test)
        bits = foresight_by_context(generator, corpus.test, CONTEXTS)
        samples: list[Sample] = []
        shown: tuple[str, ...] = ()
        for number, temperature in enumerate(temperatures):
            done = _shifted(on_progress, number * count, len(temperatures) * count)
            drawn = self._draw(temperature, count, done)
            samples.append(self._sample(drawn, temperature))
            shown = _first_read(drawn) if temperature == 1 else shown
        held_out = corpus.valid + corpus.test
        return Evaluation(
            on_test.bits_per_note,
            foresight(generator, corpus.valid).bits_per_note,
            on_test.nats_per_character,
            on_test.body_nats_per_character,
            math.exp(on_test.nats_per_character),
            tuple(zip(CONTEXTS, bits, strict=True)),
            tuple(samples),
            tuple(expectations(generator, held_out, temperatures, beginning=BEGINNING, signs=SIGNS)),
            None,
            shown,
        )

    def sample(self, temperature: float, count: int) -> Sample:
        """Tunes of one temperature, measured."""
        return self._sample(self._draw(temperature, count, lambda _: None), temperature)

    def _draw(self, temperature: float, count: int, done: Callable[[int], None]) -> list[Generated[Any]]:
        longest, free = self.training.longest(self.generator.tokenizer.text), Request(free=True)
        drawn = []
        for one in self.generator.generate(count, free, Decoding.of(temperature), seed=0, max_length=longest):
            drawn.append(one)
            done(len(drawn))
        return drawn

    def _sample(self, drawn: Sequence[Generated[Any]], temperature: float) -> Sample:
        judged = [Judged(one.text, one.music, one.valid) for one in drawn]
        values = self.training.values(judged, self.generator.tokenizer.text)
        read, valid = sum(one.read for one in judged), sum(one.valid for one in judged)
        return Sample(temperature, len(drawn), read, valid, values)


def _at_end(run: Run, best: _Evaluating, count: int) -> Sample | None:
    """Tunes of the weights that training ended with, measured."""
    if not run.resumable:
        return None
    return replace(best, generator=load_generator(run, last=True)).sample(1.0, count)


def _first_read(drawn: Sequence[Generated[Any]]) -> tuple[str, ...]:
    return tuple(
        _KEPT[one.music.kind](one.text, one.music) for one in drawn if one.music is not None and one.music.notes
    )[:SHOWN]


_KEPT: Mapping[str, Callable[[str, Any], str]] = {
    Tune.kind: lambda text, _: text,
    Piece.kind: lambda _, piece: base64.b64encode(to_midi(piece)).decode(),
}


def _shifted(on_progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    """What tells a part's progress as progress of the whole."""
    return lambda done: on_progress(before + done, total) if on_progress else None


# ------------------------------------------------------------------------------------------------ keeping


def save_evaluation(path: Path, evaluation: Evaluation, made_of: Mapping[str, Any]) -> None:
    """Replace a run folder's `evaluation.json`; numbers that are not finite become null.

    Beside `made_of`, it says of which weights it is. Errors as in `replace_file` and `load_tensors`.
    """
    stored = {"made_of": dict(made_of) | _weights(path), **without_nan(asdict(evaluation))}
    replace_file(path / FILE, (json.dumps(stored, ensure_ascii=False, indent=1) + "\n").encode())


def load_evaluation(path: Path, made_of: Mapping[str, Any] | None = None) -> Evaluation | None:
    """The evaluation that a run folder keeps, or None.

    None where there is none, where it is of other weights than the folder's best, or not what `made_of` asks for,
    where that is given. RunError where it is broken.
    """
    try:
        stored = parse_json(read_input(path / FILE, LARGEST_JSON), {"made_of": dict})
        kept = stored.pop("made_of")
        if kept != dict(made_of or kept) | _weights(path):
            return None
        return _parse(stored)
    except InputError as error:
        if error.missing:
            return None
        raise RunError(str(error)) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunError(f"{path / FILE}: broken ({error}); delete it to have it made again") from None


def _weights(path: Path) -> dict[str, Any]:
    """What tells a run's best weights from later ones, and this way of measuring from others."""
    _, facts = load_tensors(path / BEST)
    return {"format": FORMAT, "step": facts.get("step"), "valid_loss": facts.get("valid_loss")}


def _parse(stored: dict[str, Any]) -> Evaluation:
    stored["by_context"] = tuple((_a(int, context), _number(bits)) for context, bits in stored["by_context"])
    stored["samples"] = tuple(map(_parse_sample, stored["samples"]))
    stored["at_end"] = _parse_sample(stored["at_end"]) if stored["at_end"] else None
    stored["softmaxes"] = tuple(
        Expectation(
            _a(str, one["after"]),
            _number(one["temperature"]),
            tuple((_a(str, sign), _number(chance)) for sign, chance in one["probabilities"]),
        )
        for one in stored["softmaxes"]
    )
    stored["shown"] = tuple(_a(str, one) for one in stored["shown"])
    return Evaluation(**stored | {name: _number(stored[name]) for name in _NUMBERS})


def _parse_sample(stored: dict[str, Any]) -> Sample:
    values = {name: _number(value) for name, value in stored["values"].items()}
    counts = {name: _a(int, stored[name]) for name in ("drawn", "read", "valid")}
    return Sample(**stored | counts | {"values": values, "temperature": _number(stored["temperature"])})


def _number(value: Any) -> float:
    """A number, NaN for what was none; TypeError for anything else."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"found {shown(value)}, expected a number")
    return value


def _a(kind: type[T], value: Any) -> T:
    """The value where it is of that kind; TypeError for anything else."""
    if type(value) is not kind:
        raise TypeError(f"found {shown(value)}, expected {kind.__name__}")
    return value
