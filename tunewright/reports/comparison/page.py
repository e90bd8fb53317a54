"""The page that puts runs side by side: one self-contained HTML file, and its tables as Markdown beside it.

In: a `Comparison`, a language, and the commands that make it again. Out: the page with inline style, pictures, scores
and sound, `<name>.md`, and a folder `<name>-tunes` with the tunes shown as ABC, MIDI and SVG. Nothing on the page is
fetched from elsewhere. This file measures nothing: it shows what others found (`tables`,
`plots`) and draws and sounds the tunes that an evaluation kept.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tunewright.formats.abc.validity import judge
from tunewright.formats.formats import formats_beside, write, write_formats
from tunewright.formats.midi.pieces import parse_piece
from tunewright.formats.validity import fault_of
from tunewright.judging.runs.comparison import Claim, Comparison, Setting
from tunewright.music.instruments import instrument_name
from tunewright.music.kinds import Music
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.comparison.plots import (
    curve_figures,
    dependencies_figure,
    first_evaluated,
    legend,
    softmax_figures,
    temperature_figures,
)
from tunewright.reports.comparison.tables import (
    MARKS,
    all_tables,
    answer_of,
    effects_table,
    quantity_table,
    scaled_note,
    settings_tables,
    title_of,
    to_markdown,
)
from tunewright.reports.components import Fact, Figure, Link, Table, links_beside
from tunewright.reports.media import cut_wav, data_uri, small_wav
from tunewright.reports.pages import Page, write_page
from tunewright.reports.wording import Wording, as_title, collection_title, duration
from tunewright.support.errors import RenderError
from tunewright.support.files import replace_file
from tunewright.training.run import read_split

SOUND_BUDGET = 13_000_000  # bytes of sound on a page, before base64 makes four of three
SOUND_RATE = 11_025  # Hz
LONGEST_SOUND = 90.0  # seconds of one tune
LONGEST_FILE_NAME = 60  # signs that a setting gives the files of its tunes: systems take 255 bytes


@dataclass(frozen=True, slots=True)
class ShownClaim:
    """A reported claim with what was measured of it."""

    topic: str
    mark: str
    verdict: str
    verdict_key: str
    reported: str
    sentence: str
    table: Table
    oddities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownTune:
    """A tune on the page; `score` and `audio` are data URIs, "" where it cannot be drawn."""

    title: str
    about: str
    judgement: str
    valid: bool
    abc: str
    score: str
    audio: str
    files: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """The tunes of one setting."""

    name: str
    swatch: str
    tunes: tuple[ShownTune, ...]


@dataclass(frozen=True, slots=True)
class ComparisonPage(Page):
    """Everything that the template shows; parts that a comparison does not have are empty."""

    template: ClassVar[str] = "comparison.html"
    scaled: str
    legend: tuple[tuple[str, str], ...]
    curves: tuple[Figure, ...]
    claims: tuple[ShownClaim, ...]
    effects: Table | None
    oddities: tuple[str, ...]
    dependencies: Figure
    temperatures: tuple[Figure, ...]
    softmaxes: tuple[Figure, ...]
    settings: tuple[ShownSetting, ...]
    sound_note: str
    tables: tuple[Table, ...]
    differing: Table
    same: Table


def write_comparison(
    path: Path, comparison: Comparison, language: str = "en", commands: Sequence[Sequence[str]] = ()
) -> None:
    """Write the page, `<name>.md` and the folder `<name>-tunes` beside it.

    `commands` are those that make it again; where there are none, `compare` on the same runs. Raises `ConfigError`
    for a language without a catalogue, before anything is written, and `OutputError` where a file cannot be written.
    """
    wording = Wording(language, comparison.settings[0].config.music)
    page = _page(path, comparison, wording)
    write_page(path, page, wording, commands or [_compare_again(path, comparison)])
    replace_file(path.with_suffix(".md"), to_markdown(comparison, wording).encode())


def _compare_again(path: Path, comparison: Comparison) -> list[str]:
    runs = [str(record.path) for setting in comparison.settings for record in setting.records]
    return ["tunewright", "compare", *runs, "--out", path.name]


def _page(path: Path, comparison: Comparison, wording: Wording) -> ComparisonPage:
    differing, same = settings_tables(comparison.settings, wording)
    shown = sum(len(_kept(setting)) for setting in comparison.settings)
    seconds = min(LONGEST_SOUND, SOUND_BUDGET / (2 * SOUND_RATE * max(1, shown)))
    note = "page.sound_note_whole" if seconds == LONGEST_SOUND else "page.sound_note"
    return ComparisonPage(
        title=title_of(comparison, wording),
        lead=answer_of(comparison, wording),
        scaled=scaled_note(comparison, wording),
        facts=tuple(_facts(comparison, wording)),
        legend=tuple(legend(comparison, wording)),
        curves=tuple(curve_figures(comparison, wording)),
        claims=tuple(_shown_claim(comparison, claim, wording) for claim in comparison.claims),
        effects=effects_table(comparison, wording) if comparison.effects else None,
        oddities=tuple(wording.say(key) for key in comparison.oddities),
        dependencies=dependencies_figure(comparison, wording),
        temperatures=tuple(temperature_figures(comparison, wording)),
        softmaxes=tuple(softmax_figures(comparison, wording)),
        settings=tuple(_shown_settings(path, comparison, seconds, wording)),
        sound_note=wording.say(note, seconds=round(seconds)) if shown else "",
        tables=tuple(all_tables(comparison, wording)),
        differing=differing,
        same=same,
    )


# ------------------------------------------------------------------------------------------------ what was compared


def _facts(comparison: Comparison, wording: Wording) -> Iterator[Fact]:
    settings = comparison.settings
    records = [record for setting in settings for record in setting.records]
    seeds = sorted({record.seed for record in records})
    yield Fact(
        wording.say("fact.corpus"), collection_title(comparison.corpus, wording), _split_note(records[0].path, wording)
    )
    yield Fact(
        wording.say("fact.runs"),
        f"{len(records)}",
        wording.say("fact.runs_seeds", settings=len(settings), seeds=", ".join(map(str, seeds))),
    )
    steps = sorted({setting.config.schedule.num_training_iterations for setting in settings})
    written = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,}–{steps[-1]:,}"
    yield Fact(wording.say("fact.steps"), written, wording.say("fact.steps_note"))
    seconds = sum(record.curve.seconds[-1] for record in records if record.curve.seconds)
    machines = {_machine(record.summary, wording) for record in records} - {""}
    note = wording.say("fact.time_note", machine="; ".join(sorted(machines))) if machines else ""
    yield Fact(wording.say("fact.time"), duration(seconds), note or wording.say("fact.time_note_plain"))


def _split_note(run: Path, wording: Wording) -> str:
    """How many tunes a run learned from, and how many were held out; "" where its folder is gone."""
    if not (run / "split.json").exists():
        return ""
    split = read_split(run)
    train, held_out = len(split["train"]), len(split["valid"]) + len(split["test"])
    return wording.say("fact.corpus_split", train=train, held_out=held_out)


def _machine(summary: Mapping[str, Any], wording: Wording) -> str:
    """Device, precision and threads as a run's summary has them."""
    threads = wording.say("fact.threads", count=summary["threads"]) if summary.get("threads") else ""
    parts = [summary.get("device"), summary.get("precision"), threads]
    return ", ".join(str(part) for part in parts if part)


def _shown_claim(comparison: Comparison, claim: Claim, wording: Wording) -> ShownClaim:
    return ShownClaim(
        wording.say(f"topic.{claim.topic}"),
        MARKS[claim.verdict],
        wording.say(f"verdict.{claim.verdict}"),
        claim.verdict,
        wording.say(f"reported.{claim.topic}"),
        wording.say(claim.sentence, **claim.numbers),
        quantity_table(comparison, claim.rows, wording),
        tuple(wording.say(key) for key in claim.oddities),
    )


# ------------------------------------------------------------------------------------------------ tunes


def _kept(setting: Setting) -> tuple[str, ...]:
    record = first_evaluated(setting)
    return record.evaluation.shown if record and record.evaluation else ()


def _shown_settings(path: Path, comparison: Comparison, seconds: float, wording: Wording) -> Iterator[ShownSetting]:
    swatches = legend(comparison, wording)
    folder = path.with_name(f"{path.stem}-tunes")
    for (swatch, name), setting in zip(swatches, comparison.settings, strict=True):
        tunes = [
            _shown_tune(text, setting.config.music, folder, f"{_file_name(setting.name)}-{number}", seconds, wording)
            for number, text in enumerate(_kept(setting), 1)
        ]
        if tunes:
            yield ShownSetting(name, swatch, tuple(tunes))


def _file_name(setting: str) -> str:
    name = re.sub(r"[^\w.-]+", "_", setting)
    if len(name) <= LONGEST_FILE_NAME:
        return name
    known_by = hashlib.sha256(setting.encode()).hexdigest()[:8]  # the ends of long names may be alike
    return f"{known_by}-{name[9 - LONGEST_FILE_NAME :]}"


def _shown_tune(kept: str, kind: str, folder: Path, name: str, seconds: float, wording: Wording) -> ShownTune:
    found = _FOUND[kind](kept, wording)
    music, score, audio = found.music, "", ""
    files: dict[str, Path] = {}
    if music:
        try:
            files = write_formats(music, folder, name, formats_beside(kind))
            score = data_uri("image/svg+xml", files["svg"].read_bytes())
            audio = data_uri("audio/wav", _short_sound(music, seconds))
        except RenderError:  # said on the page, where its score would stand
            files = {}
    return ShownTune(
        title=as_title(music.title if music else "") or wording.say("page.untitled"),
        about=found.about,
        judgement=found.judgement,
        valid=found.valid,
        abc=found.abc,
        score=score,
        audio=audio,
        files=tuple(links_beside(folder.parent, files)),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What a comparison has kept of a tune or a piece, read again."""

    music: Music | None
    about: str
    judgement: str
    valid: bool
    abc: str = ""


def _tune(text: str, wording: Wording) -> _Found:
    tune, error = judge(text)
    words = (as_title(tune.rhythm), str(tune.key), str(tune.meter), _notes(tune, wording)) if tune else ()
    return _Found(tune, " · ".join(filter(None, words)), _judgement(tune, error, wording), not error, text)


def _notes(tune: Tune, wording: Wording) -> str:
    return wording.say("page.notes", count=len(tune.notes))


def _piece(kept: str, wording: Wording) -> _Found:
    piece = parse_piece(base64.b64decode(kept), "piece.mid")
    error = fault_of(piece)
    names = dict.fromkeys(
        wording.say("page.drums") if part.drums else instrument_name(part.program) for part in piece.parts
    )
    parts = wording.say("scorecard.comma").join(names)
    about = wording.say("page.about", parts=parts, bars=len(piece.bar_lines))
    told = f"{about} · {wording.say('page.notes', count=piece.notes)}"
    return _Found(piece, told, error or wording.say("fault.none"), not error)


_FOUND: Mapping[str, Callable[[str, Wording], _Found]] = {Tune.kind: _tune, Piece.kind: _piece}


def _judgement(tune: Tune | None, error: str, wording: Wording) -> str:
    """What `judge` found, in the words of the page's language."""
    if not error:
        return wording.say("fault.none")
    if tune is None:
        return wording.say("fault.unreadable")
    if tune.repairs:
        return wording.say("fault.repair")
    if tune.bar_errors:
        bar = tune.bar_errors[0]
        return wording.say("fault.bar", bar=bar.number, length=str(bar.length), metre=str(bar.expected))
    return wording.say("fault.form" if tune.form_errors else "fault.short")


def _short_sound(music: Music, seconds: float) -> bytes:
    """A WAV file of at most so many seconds of music, small enough for a page, faded out where it is cut."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "tune.wav"
        write(music, whole)
        return cut_wav(small_wav(whole, SOUND_RATE), seconds)
