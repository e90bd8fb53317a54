"""The page that shows what was learned and what came out: one self-contained `report.html`.

In: the corpus, the run's settings and measurements, the tunes drawn and where their files are. Out: one
HTML file with inline style, scores, sound and loss curves; nothing on it is fetched from elsewhere.

This file does not train, draw or render: it shows what others have made, and reads the SVG and WAV files
that lie beside the page.
"""

from __future__ import annotations

import base64
import io
import math
import shlex
import wave
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tunewright.reports.curves import Measurement, loss_curves
from tunewright.reports.pages import render_page
from tunewright.support.files import replace_file
from tunewright.support.version import __version__
from tunewright.training.config import unit_of

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.generation.tunes import Generated
    from tunewright.music.tune import Tune

AUDIO_BUDGET = 11_000_000  # bytes of sound on a page, before base64 makes four of three
AUDIO_RATES = (22_050, 16_000, 11_025)  # Hz; the best one that keeps to the budget is taken


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; the first cell of a row names it."""

    rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One number at the head of the page."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Link:
    """A file beside the page."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Shown:
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


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the template shows."""

    title: str
    lead: str
    facts: tuple[Fact, ...]
    tunes: tuple[Shown, ...]
    tunes_note: str
    tunebook: tuple[Link, ...]
    curves: str
    curves_note: str
    drawn: Table
    drawn_note: str
    corpus: Table
    corpus_note: str
    settings: Table
    commands: str
    version: str
    made: str


def write_report(
    path: Path,
    corpus: Corpus[Tune],
    training: Training,
    drawn: Sequence[Generated],
    files: Mapping[int, Mapping[str, Path]],
    commands: Sequence[Sequence[str]] = (),
    selection: str = "",
    free: Sequence[Generated] = (),
) -> None:
    """Write the page of one run: `files` maps the index of each tune to show to its files by format.

    `selection` says which of the tunes those are; `free` are tunes drawn without the grammar, to be counted beside the
    others. Files that lie in the page's folder are linked. Raises `OutputError`
    where the page cannot be written.
    """
    page = _page(path.parent, corpus, training, drawn, files, commands, selection)
    page = replace(page, drawn_note=page.drawn_note + _grammar_note(drawn, free))
    replace_file(path, to_html(page).encode())


def training_of(path: Path) -> Training:
    """What the files of a run folder say about its training; RunError where they are missing or broken."""
    from tunewright.training.run import load_run, read_metrics  # noqa: PLC0415 - loads torch

    run = load_run(path)
    lines = read_metrics(path)
    told: dict[str, Any] = {name: math.nan if value is None else value for name, value in run.summary.items()}
    return Training(
        folder=str(path),
        settings=asdict(run.config) | {name: told[name] for name in ("precision", "device", "threads", "parameters")},
        measurements=tuple(
            Measurement(int(line["step"]), line.get("train_loss"), line.get("valid_loss")) for line in lines
        ),
        best_step=int(told["best_step"]),
        valid_loss=told["valid_loss"],
        bits_per_note=told["bits_per_note"],
        seconds=told["seconds"],
        notes=int(told["notes"]),
        status=told["status"],
    )


def to_html(page: Page) -> str:
    """The page as HTML, everything in it escaped but the plot."""
    return render_page("report.html", ["report.css"], page=page)


def _page(
    folder: Path,
    corpus: Corpus[Tune],
    training: Training,
    drawn: Sequence[Generated],
    files: Mapping[int, Mapping[str, Path]],
    commands: Sequence[Sequence[str]],
    selection: str,
) -> Page:
    shown = [one for one in drawn if one.index in files]
    well_formed = sum(one.valid for one in drawn)
    sounds = audio_uris([files[one.index].get("wav") for one in shown])
    return Page(
        title=f"{_count(len(shown), 'new tune')}",
        lead=f"A small neural network read {corpus.read:,} tunes of {collection_title(corpus.name)}, learned for "
        f"{duration(training.seconds)}, and wrote these.",
        facts=_facts(corpus, training, len(drawn), well_formed),
        tunes=tuple(_shown(folder, one, files[one.index], sound) for one, sound in zip(shown, sounds, strict=True)),
        tunes_note=f"Every one can be read without repair, and all its bars add up to the metre. {selection}",
        tunebook=tuple(links_beside(folder, {"abc": folder / "tunebook.abc", "pdf": folder / "tunebook.pdf"})),
        curves=loss_curves(training.measurements, training.best_step, _unit(training)),
        curves_note=_curves_note(training),
        drawn=drawn_table(drawn),
        drawn_note=_drawn_note(len(drawn), well_formed),
        corpus=corpus_table(corpus),
        corpus_note=_corpus_note(corpus),
        settings=Table(tuple((name, str(value)) for name, value in training.settings.items())),
        commands="\n".join(shlex.join(command) for command in commands),
        version=__version__,
        made=date.today().isoformat(),
    )


def _facts(corpus: Corpus[Tune], training: Training, drawn: int, well_formed: int) -> tuple[Fact, ...]:
    return (
        Fact("Tunes read", f"{corpus.read:,}", f"{len(corpus.dropped) or 'none'} dropped"),
        Fact("Learned for", duration(training.seconds), f"{training.notes:,} notes seen"),
        Fact("Bits per note, held out", f"{training.bits_per_note:.2f}", "surprise at unseen tunes; less is better"),
        Fact("Well formed", f"{well_formed} of {drawn}", "tunes drawn, strictly judged"),
    )


# ------------------------------------------------------------------------------------------------ the tunes


def _shown(folder: Path, one: Generated, files: Mapping[str, Path], audio: str) -> Shown:
    assert one.tune is not None, "only tunes that parse are shown"
    svg = files.get("svg")
    return Shown(
        title=one.tune.title or f"Tune {one.index + 1}",
        kind=_kind(one.tune),
        about=f"{_kind(one.tune)} · {len(one.tune.notes)} notes · seed {one.seed}",
        alt=_alt(one.tune),
        abc=one.text,
        score=data_uri("image/svg+xml", svg.read_bytes()) if svg else "",
        audio=audio,
        files=tuple(links_beside(folder, files)),
    )


def _kind(tune: Tune) -> str:
    return " · ".join(filter(None, (tune.rhythm.lower(), str(tune.key), str(tune.meter))))


def _alt(tune: Tune) -> str:
    return f"Sheet music: {tune.rhythm or 'a tune'} in {tune.key}, {tune.meter}, {len(tune.measures)} bars"


def links_beside(folder: Path, files: Mapping[str, Path]) -> list[Link]:
    """Links to those of the files that lie in the folder of the page or below it."""
    inside = [(label, path) for label, path in files.items() if path.exists() and path.is_relative_to(folder)]
    return [Link(label, quote(path.relative_to(folder).as_posix())) for label, path in inside]


def data_uri(media_type: str, content: bytes) -> str:
    """A file as an address that carries its content, so that a page needs no file beside it."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def audio_uris(paths: Sequence[Path | None]) -> list[str]:
    """The sound of each WAV file as a data URI: one channel, 16 bits, at the best rate that fits into a page.

    "" for None. The full files stay as they are.
    """
    seconds = sum(_wav_seconds(path) for path in paths if path)
    rate = next((rate for rate in AUDIO_RATES if 2 * rate * seconds <= AUDIO_BUDGET), AUDIO_RATES[-1])
    return [data_uri("audio/wav", small_wav(path, rate)) if path else "" for path in paths]


def _wav_seconds(path: Path) -> float:
    with wave.open(str(path), "rb") as sound:
        return sound.getnframes() / sound.getframerate()


def small_wav(path: Path, rate: int) -> bytes:
    """A 16-bit WAV file mixed to one channel and resampled to `rate` Hz, never upwards.

    The resampling keeps every frequency below half the rate and nothing above it.
    """
    import numpy as np  # noqa: PLC0415 - not needed to import tunewright

    with wave.open(str(path), "rb") as sound:
        channels, source_rate = sound.getnchannels(), sound.getframerate()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    mono = samples.reshape(-1, channels).mean(axis=1)
    rate = min(rate, source_rate)
    length = len(mono) * rate // source_rate
    if length and rate < source_rate:
        mono = np.fft.irfft(np.fft.rfft(mono)[: length // 2 + 1], length) * (length / len(mono))
    file = io.BytesIO()
    with wave.open(file, "wb") as small:
        small.setnchannels(1)
        small.setsampwidth(2)
        small.setframerate(rate)
        small.writeframes(np.clip(mono, -32768, 32767).astype("<i2").tobytes())
    return file.getvalue()


# ------------------------------------------------------------------------------------------------ the tables


def _drawn_note(drawn: int, well_formed: int) -> str:
    share = f" ({well_formed / drawn:.0%})" if drawn else ""
    return (
        f"{_count(drawn, 'tune')} drawn until enough were well formed; {well_formed}{share} were. "
        "The others were set aside, for the first reason found; none was mended."
    )


def _grammar_note(drawn: Sequence[Generated], free: Sequence[Generated]) -> str:
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


def drawn_table(drawn: Sequence[Generated]) -> Table:
    """How many of the drawn tunes are well formed, and why the others are not, most frequent reason first."""
    reasons = Counter("well formed" if one.valid else fault(one) for one in drawn)
    return Table(tuple((reason, str(count)) for reason, count in reasons.most_common()), ("", "tunes"))


def fault(one: Generated) -> str:
    """The kind of fault that keeps a drawn tune from being well formed, in words that can be counted.

    >>> from types import SimpleNamespace
    >>> fault(SimpleNamespace(error="bar 3 lasts 7/8, the metre is 1"))
    'a bar does not add up to the metre'
    """
    kind = one.error.partition(":")[0]
    for beginning, words in FAULTS.items():
        if one.error.startswith(beginning):
            return words
    return kind


FAULTS = {
    "bar ": "a bar does not add up to the metre",
    "cannot be read": "cannot be read as ABC",
    "did not end": "did not come to an end",
    "has ": "is too short",
}


COLLECTIONS = {
    "oneill": "O'Neill's Music of Ireland",
    "ryan": "Ryan's Mammoth Collection",
    "aird": "Aird's Airs",
    "essen": "the Essen folk songs",
}


def collection_title(name: str) -> str:
    """The titles of built-in collections; any other name as it is."""
    parts = name.split(" ")
    return " and ".join(COLLECTIONS[part] for part in parts) if set(parts) <= set(COLLECTIONS) else name


def corpus_table(corpus: Corpus[Tune]) -> Table:
    """What a collection came to: read, dropped, merged, repaired, divided."""
    split = Counter(corpus.split)
    rows = [
        ("tunes read", f"{corpus.read:,}"),
        ("dropped", f"{len(corpus.dropped):,}"),
        ("duplicates merged", f"{len(corpus.duplicates):,}"),
        ("families", f"{len(set(corpus.families)):,}"),
        ("irregular (a bar does not add up)", f"{corpus.irregular:,}"),
        ("to learn from", f"{split['train']:,}"),
        ("to choose and stop by", f"{split['valid']:,}"),
        ("kept for a last test", f"{split['test']:,}"),
    ]
    return Table(tuple(rows))


def _corpus_note(corpus: Corpus[Tune]) -> str:
    return (
        "Tunes that are versions of one another form a family, and a family is kept together: "
        "no tune that the network was judged on has a relative among those it learned from. "
        f"Fingerprint of the collection: {corpus.fingerprint[:16]}."
    )


# ------------------------------------------------------------------------------------------------ the curves


def _unit(training: Training) -> str:
    return unit_of(str(training.settings.get("tokens", "characters")))


def _curves_note(training: Training) -> str:
    unit = _unit(training)
    return (
        f"Loss in nats per {unit}: how surprised the network is by the next {unit}, on the tunes it learns from "
        "and on the tunes held out. Where the held-out curve turns up, it begins to learn by heart. The weights of "
        f"step {training.best_step:,} were kept, with a held-out loss of {training.valid_loss:.3f}."
    )


# ------------------------------------------------------------------------------------------------ words


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(4.2), duration(200), duration(3660)
    ('4.2 s', '3 min 20 s', '1 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
