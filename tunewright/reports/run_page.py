"""The page that shows what was learned and what came out: one self-contained `report.html`.

In: the corpus, the run's settings and measurements, the tunes drawn and where their files are. Out: one
HTML file with inline style, scores, sound and loss curves; nothing on it is fetched from elsewhere.

This file does not train, draw or render: it shows what others have made, and reads the SVG and WAV files
that lie beside the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tunewright.generation.tunebook import TUNEBOOK
from tunewright.reports.components import Fact, Link, Table, links_beside
from tunewright.reports.curves import Measurement, loss_curves
from tunewright.reports.media import audio_uris, data_uri
from tunewright.reports.pages import Page, write_page
from tunewright.reports.run_tables import corpus_table, drawn_table
from tunewright.reports.wording import Wording, as_title, collection_title, duration
from tunewright.training.config import Config

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.generation.generated import Generated
    from tunewright.music.tune import Tune


@dataclass(frozen=True, slots=True)
class ShownTune:
    """One tune on the page; `score` and `audio` are data URIs, "" where there is none."""

    title: str
    kind: str
    about: str
    alt: str
    abc: str
    score: str
    audio: str
    files: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """Tunes to hear beside the new ones: each with its text and its files by format."""

    title: str
    note: str
    tunes: tuple[tuple[Tune, str, Mapping[str, Path]], ...]


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """The same, as the page has them."""

    title: str
    note: str
    tunes: tuple[ShownTune, ...]


@dataclass(frozen=True, slots=True)
class Training:
    """What a run was told and what it measured."""

    folder: str
    settings: Mapping[str, object]
    measurements: tuple[Measurement, ...]
    best_step: int
    valid_loss: float
    bits_per_note: float
    seconds: float
    notes: int
    status: str
    went_on_from: str = ""  # the run, and in brackets its corpus


@dataclass(frozen=True, slots=True)
class RunPage(Page):
    """Everything that the template shows."""

    template: ClassVar[str] = "report.html"
    tunes: tuple[ShownTune, ...]
    tunes_note: str
    tunebook: tuple[Link, ...]
    beside: tuple[ShownGroup, ...]
    curves: str
    curves_note: str
    drawn: Table
    drawn_note: str
    corpus: Table
    corpus_note: str
    settings: Table


def write_report(
    path: Path,
    corpus: Corpus[Tune],
    training: Training,
    drawn: Sequence[Generated[Tune]],
    files: Mapping[int, Mapping[str, Path]],
    commands: Sequence[Sequence[str]] = (),
    selection: str = "",
    free: Sequence[Generated[Tune]] = (),
    beside: Sequence[Beside] = (),
    remark: str = "",
) -> None:
    """Write the page of one run: `files` maps the index of each tune to show to its files by format.

    `selection` says which of the tunes those are; `free` are tunes drawn without the grammar, to be counted beside the
    others; `beside` are others to hear, and `remark` is said of what was learned from. Files that lie in the page's
    folder are linked. Raises `OutputError` where the page cannot be written.
    """
    grammar_note = _grammar_note(drawn, free)
    page = _page(path.parent, corpus, training, drawn, files, selection, grammar_note, beside, remark)
    write_page(path, page, Wording(), commands)


def training_of(path: Path) -> Training:
    """What the files of a run folder say about its training; RunError where they are missing or broken."""
    from tunewright.training.run import load_run, read_metrics, read_record  # noqa: PLC0415 - loads torch

    run = load_run(path)
    lines = read_metrics(path)
    origin = read_record(path).get("from") or {}
    told: dict[str, Any] = {name: math.nan if value is None else value for name, value in run.summary.items()}
    return Training(
        folder=str(path),
        settings=run.config.flat() | {name: told[name] for name in ("precision", "device", "threads", "parameters")},
        measurements=tuple(
            Measurement(int(line["step"]), line.get("train_loss"), line.get("valid_loss")) for line in lines
        ),
        best_step=int(told["best_step"]),
        valid_loss=told["valid_loss"],
        bits_per_note=told["bits_per_note"],
        seconds=told["seconds"],
        notes=int(told["notes"]),
        status=told["status"],
        went_on_from=f"{origin['run']} ({origin['corpus']})" if origin else "",
    )


def _page(
    folder: Path,
    corpus: Corpus[Tune],
    training: Training,
    drawn: Sequence[Generated[Tune]],
    files: Mapping[int, Mapping[str, Path]],
    selection: str,
    grammar_note: str,
    beside: Sequence[Beside],
    remark: str,
) -> RunPage:
    shown = [one for one in drawn if one.index in files]
    well_formed = sum(one.valid for one in drawn)
    sounds = audio_uris([files[one.index].get("wav") for one in shown])
    return RunPage(
        title=f"{_count(len(shown), 'new tune')}",
        lead=_lead(corpus, training),
        facts=_facts(corpus, training, len(drawn), well_formed),
        tunes=tuple(_shown(folder, one, files[one.index], sound) for one, sound in zip(shown, sounds, strict=True)),
        tunes_note=f"Every one can be read without repair, and all its bars add up to the metre. {selection}",
        tunebook=tuple(links_beside(folder, {book.suffix[1:]: book for book in sorted(folder.glob(f"{TUNEBOOK}.*"))})),
        beside=tuple(_group(folder, group) for group in beside),
        curves=loss_curves(training.measurements, training.best_step, _unit(training)),
        curves_note=_curves_note(training),
        drawn=drawn_table(drawn),
        drawn_note=_drawn_note(len(drawn), well_formed) + grammar_note,
        corpus=corpus_table(corpus),
        corpus_note=" ".join(filter(None, (_corpus_note(corpus), remark))),
        settings=Table.of((name, str(value)) for name, value in training.settings.items()),
    )


def _lead(corpus: Corpus[Tune], training: Training) -> str:
    read = f"{corpus.read:,} tunes of {collection_title(corpus.name)}"
    learned = duration(training.seconds)
    if training.went_on_from:
        return f"A small neural network, {training.went_on_from}, went on with {read} for {learned}, and wrote these."
    return f"A small neural network read {read}, learned for {learned}, and wrote these."


def _facts(corpus: Corpus[Tune], training: Training, drawn: int, well_formed: int) -> tuple[Fact, ...]:
    return (
        Fact("Tunes read", f"{corpus.read:,}", f"{len(corpus.dropped) or 'none'} dropped"),
        Fact("Learned for", duration(training.seconds), f"{training.notes:,} notes seen"),
        Fact("Bits per note, held out", f"{training.bits_per_note:.2f}", "surprise at unseen tunes; less is better"),
        Fact("Well formed", f"{well_formed} of {drawn}", "tunes drawn, strictly judged"),
    )


# ------------------------------------------------------------------------------------------------ the tunes


def _shown(folder: Path, one: Generated[Tune], files: Mapping[str, Path], audio: str) -> ShownTune:
    assert one.tune is not None, "only tunes that parse are shown"
    shown = _shown_tune(folder, one.tune, one.text, files, audio)
    return replace(
        shown,
        title=as_title(one.tune.title) or f"Tune {one.index + 1}",
        about=f"{shown.about} · seed {one.seed}",
    )


def _group(folder: Path, group: Beside) -> ShownGroup:
    sounds = audio_uris([files.get("wav") for _, _, files in group.tunes])
    shown = (_shown_tune(folder, *one, sound) for one, sound in zip(group.tunes, sounds, strict=True))
    return ShownGroup(group.title, group.note, tuple(shown))


def _shown_tune(folder: Path, tune: Tune, text: str, files: Mapping[str, Path], audio: str) -> ShownTune:
    svg = files.get("svg")
    return ShownTune(
        title=as_title(tune.title) or "A tune",
        kind=_kind(tune),
        about=f"{_kind(tune)} · {len(tune.notes)} notes",
        alt=_alt(tune),
        abc=text,
        score=data_uri("image/svg+xml", svg.read_bytes()) if svg else "",
        audio=audio,
        files=tuple(links_beside(folder, files)),
    )


def _kind(tune: Tune) -> str:
    return " · ".join(filter(None, (as_title(tune.rhythm.lower()), str(tune.key), str(tune.meter))))


def _alt(tune: Tune) -> str:
    return f"Sheet music: {as_title(tune.rhythm) or 'a tune'} in {tune.key}, {tune.meter}, {len(tune.measures)} bars"


# ------------------------------------------------------------------------------------------------ the tables


def _drawn_note(drawn: int, well_formed: int) -> str:
    share = f" ({well_formed / drawn:.0%})" if drawn else ""
    return (
        f"{_count(drawn, 'tune')} drawn until enough were well formed; {well_formed}{share} were. "
        "The others were set aside, for the first reason found; none was mended."
    )


def _grammar_note(drawn: Sequence[Generated[Tune]], free: Sequence[Generated[Tune]]) -> str:
    """What the grammar did, so that it hides nothing: the probability it took away, and tunes drawn without it."""
    removed = [one.removed_mass for one in drawn if one.removed_mass is not None]
    if not removed:
        return ""
    note = (
        " The tunes are held to a grammar of metre, repeats and form, which took "
        f"{sum(removed) / len(removed):.1%} of the probability away at each step, in the mean."
    )
    if not free:
        return note
    return f"{note} Of {_count(len(free), 'tune')} drawn without it {sum(one.valid for one in free)} were well formed."


def _corpus_note(corpus: Corpus[Tune]) -> str:
    return (
        "Tunes that are versions of one another form a family, and a family is kept together: "
        "no tune that the network was judged on has a relative among those it learned from. "
        f"Fingerprint of the collection: {corpus.fingerprint[:16]}."
    )


# ------------------------------------------------------------------------------------------------ the curves


def _unit(training: Training) -> str:
    return Config(tokens=str(training.settings.get("tokens", "characters"))).unit


def _curves_note(training: Training) -> str:
    unit = _unit(training)
    return (
        f"Loss in nats per {unit}: how surprised the network is by the next {unit}, on the tunes it learns from "
        "and on the tunes held out. Where the held-out curve turns up, it begins to learn by heart. The weights of "
        f"step {training.best_step:,} were kept, with a held-out loss of {training.valid_loss:.3f}."
    )


# ------------------------------------------------------------------------------------------------ words


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
