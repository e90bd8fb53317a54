"""What is drawn and sounded, by a process that has verovio and a SoundFont at hand, and reads what people write.

In: ABC, which may be anything. Out: pictures with the times of what stands in them, sounds, files of every format.
This file stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from tunewright.formats.abc.reading import with_number
from tunewright.formats.following import FollowedScore, followed
from tunewright.formats.formats import FORMATS, formats_that_take
from tunewright.formats.midi.accompaniment import has_chords
from tunewright.formats.midi.performance import speed
from tunewright.formats.sound.practice import Practice, count_in, seconds_of, to_wav
from tunewright.formats.svg import WIDTH
from tunewright.music.implied_chords import implies_chords, with_implied_chords
from tunewright.music.score import Score
from tunewright.music.tune import Tune
from tunewright.studio.work import notebook
from tunewright.studio.work.proofreading import Proof, proofread
from tunewright.support.errors import ParseError, RenderError

PLACES = 4  # decimals of a second that are told
MOST_NOTES, MOST_BARS = 3000, 600  # of all voices, that are drawn or sounded at once; the longest real tune has 900


def warm() -> None:
    """Have verovio, and the instruments that are heard first, at hand."""
    small = "X:1\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\n"
    score(small)
    sound(small, {"metronome": True, "chords": True, "count_in": True})


def score(abc: str, width: int = WIDTH) -> dict[str, Any]:
    """The picture of the first tune of a text, when everything in it sounds, and what is wrong with it.

    Where nothing can be drawn it is {"error": why, "problems": […]}.
    """
    proof = proofread(abc)
    if proof.music is None:
        return {"error": proof.error, "problems": _problems(proof)}
    try:
        _refuse_what_is_too_much(proof.music)
        drawn = followed(proof.music, width=width)
    except RenderError as error:
        return {"error": str(error), "problems": _problems(proof)}
    return _followed(proof.music, drawn) | {"problems": _problems(proof)}


def sound(abc: str, how: Mapping[str, Any]) -> bytes:
    """A WAV file of the first tune of a text; `how` has values for `Practice`."""
    return to_wav(_music(abc), Practice(**how))


def file(abc: str, kind: str, how: Mapping[str, Any]) -> dict[str, Any]:
    """The first tune of a text as the bytes of a file of a format, and its title.

    `how` has `tempo`, `chords` and `program`, where they are not as usual. As ABC it is what was written.
    """
    music = _music(abc)
    title = _melody(music).title
    implies = bool(how.get("chords")) and not _has_chords(music)
    if isinstance(music, Tune) and implies and kind in formats_that_take("chords", music.kind):
        music = with_implied_chords(music)
    as_written = with_number(abc).encode() if kind == "abc" else None
    return {"content": as_written or FORMATS[kind].encode(music, name=title or "tune", **how), "title": title}


def _music(abc: str) -> Tune | Score:
    proof = proofread(abc)
    if proof.music is None:
        raise ParseError(proof.error)
    _refuse_what_is_too_much(proof.music)
    return proof.music


def _refuse_what_is_too_much(music: Tune | Score) -> None:
    """RenderError for more than is drawn and sounded while somebody waits."""
    notes, bars = sum(len(tune.notes) for tune in music.tunes), len(_melody(music).measures)
    if notes > MOST_NOTES or bars > MOST_BARS:
        raise RenderError(f"{notes:,} notes in {bars:,} bars; expected at most {MOST_NOTES:,} in {MOST_BARS:,}")


def _melody(music: Tune | Score) -> Tune:
    return music.melody if isinstance(music, Score) else music


def _has_chords(music: Tune | Score) -> bool:
    return any(has_chords(tune) for tune in music.tunes)


def _problems(proof: Proof) -> list[dict[str, Any]]:
    return [asdict(problem) for problem in proof.problems]


def _followed(music: Tune | Score, drawn: FollowedScore) -> dict[str, Any]:
    """What a page is told of a score."""
    melody = _melody(music)
    bar, until = count_in(melody)
    return {
        "svg": without_sheet(drawn.svg),
        "bars": [
            {
                "number": one.number,
                "ids": one.ids,
                "start": _first(one.times, 0),
                "end": _first(one.times, 1),
                "times": [[_told(time) for time in times] for times in one.times],
            }
            for one in drawn.bars
        ],
        "notes": [asdict(note) | {"start": _told(note.start), "end": _told(note.end)} for note in drawn.notes],
        "seconds": _told(seconds_of(music)),
        "title": melody.title,
        "tempo": _told(float(speed(melody) / (4 * melody.meter.beat))),
        "beat": str(melody.meter.beat),
        "count_in": {"bar": _told(bar), "seconds": _told(until)},
        "chords": _has_chords(music),
        "implied_chords": not _has_chords(music) and implies_chords(melody),
    }


def without_sheet(svg: str) -> str:
    """A picture without the style sheet in it: a page may have none but those of its own, and they say the same."""
    return _SHEET.sub("", svg)


_SHEET = re.compile(r"<style[^>]*>[^<]*</style>")


def _told(seconds: float) -> float:
    return round(seconds, PLACES)


def _first(times: tuple[tuple[float, float], ...], which: int) -> float | None:
    """When something begins or ends for the first time; None for what is never played."""
    return _told(times[0][which]) if times else None


TASKS: Mapping[str, Callable[..., Any]] = {"score": score, "sound": sound, "file": file, **notebook.TASKS}
