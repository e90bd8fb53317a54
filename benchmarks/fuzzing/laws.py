"""What has to hold for any bytes that are read as music.

In: bytes, and whether to go on to what else is made of them. Out: how much music was read, and what does not hold, each
thing as one line. The laws: no exception but the project's own; what any reader gives back is the same after it was
written as ABC and read again, with its titles and fields; what we write, we read; and of what is drawn, sounded,
unfolded and described nothing fails but with a reason.
"""

from __future__ import annotations

import json
import traceback
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from tunewright.corpus.describe import describe, describe_files
from tunewright.corpus.reading import read_corpus
from tunewright.formats import engraving, piano_roll
from tunewright.formats.abc import decode_text, format_abc, parse_abc
from tunewright.formats.abc.reading import decode_abc
from tunewright.formats.abc.scores import decode_scores, format_score, parse_scores
from tunewright.formats.midi import pieces, tunes
from tunewright.formats.midi.bars import parse_in_bars
from tunewright.formats.musicxml.document import to_musicxml
from tunewright.formats.validity import fault_of
from tunewright.music.piece import Piece
from tunewright.music.playing import played
from tunewright.music.score import Score
from tunewright.music.tune import Tune
from tunewright.support.errors import TunewrightError

EXCEPTION, UNEQUAL, REFUSED, MEMORY, SLOW = "exception", "unequal", "refused", "memory", "slow"
SECONDS = 5  # of a processor that one law may take
MOST_TUNES = 4  # of one file that are looked at
MOST_UNFOLDED = 2**18  # elements
TOLD = (
    "title",
    "number",
    "unit",
    "fields",
    "tempos",
    "lyrics",
    "annotations",
    "sounding",
)  # come back too, though equal tunes may differ
TOLD_OF_VOICES = ("lyrics", "annotations", "sounding")  # of those beside the melody
OURS = ("a mistake in tunewright", "more memory than there is")  # reasons that are faults


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold: its kind, and in one line where and how."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one execution: tunes and pieces read, and what does not hold."""

    read: int
    faults: tuple[Fault, ...] = ()


class TooSlow(BaseException):
    """A law took too long; `bounds` raise it, past whatever catches exceptions."""


class Broken(Exception):
    """A law that does not hold."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(reason)
        self.fault = Fault(what, reason)


def judge(kind: str, content: bytes, *, deep: bool, bounds: Callable[[], AbstractContextManager[None]]) -> Found:
    """What comes of bytes that are read as "abc" or "midi"; `deep` draws, sounds and describes what was read too.

    Each law is asked within `bounds`.
    """
    read = 0
    faults: list[Fault] = []
    for law in _laws(kind, content, deep=deep):
        try:
            with bounds():
                read += law()
        except Broken as broken:
            faults.append(broken.fault)
        except TooSlow as slow:  # the rest would be too
            faults.append(Fault(SLOW, f"more than {SECONDS} seconds, at last in {slow}"))
            break
        except MemoryError:
            faults.append(Fault(MEMORY, "more than may be taken"))
        except Exception as error:
            faults.append(Fault(EXCEPTION, where(error)))
    return Found(read, tuple(dict.fromkeys(faults)))


def where(error: BaseException) -> str:
    """An exception in one line: its type, the last two places of ours, what it says."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "tunewright/" in frame.filename]
    places = [f"{frame.filename.rpartition('tunewright/')[2]}:{frame.name}" for frame in frames[-2:]]
    return f"{type(error).__name__} in {' > '.join(places)}: {str(error)[:100]}"


def _laws(kind: str, content: bytes, *, deep: bool) -> Iterator[Callable[[], int]]:
    if kind == "abc":
        yield lambda: _abc_is_read_or_refused(content)
        yield lambda: _scores_come_back(content)
        if deep:
            yield lambda: _abc_of_one_text(content)
            for tune in _tunes(content):
                yield from _made_of(tune)
    else:
        yield lambda: _midi_tune(content)
        yield lambda: _midi_piece(content)
        if deep:
            for read in (tunes.parse_midi, parse_in_bars):
                music = _or_none(read, content)
                yield from _made_of(music) if isinstance(music, Tune) else ()
                yield from _made_of_piece(music) if isinstance(music, Piece) else ()
    if deep:
        yield lambda: _collection(kind, content, "tune")
        yield lambda: _collection(kind, content, "piece")


# ------------------------------------------------------------------------------------------------ reading


def _abc_is_read_or_refused(content: bytes) -> int:
    items = [item for item, _ in decode_abc(content, "x.abc")]
    for item in items:
        if not isinstance(item, Tune) and any(sign in str(item) for sign in OURS):
            raise Broken(EXCEPTION, str(item)[:200])
    found = [item for item in items if isinstance(item, Tune)]
    for tune in found[:MOST_TUNES]:
        _comes_back(tune)
    return len(found)


def _scores_come_back(content: bytes) -> int:
    """All voices of a tune are the same after they were written and read again, with their words and texts."""
    for music, _ in islice(decode_scores(content, "x.abc"), MOST_TUNES):
        if not isinstance(music, Score):
            continue
        try:
            back = parse_scores(format_score(music))
        except TunewrightError as error:
            raise Broken(REFUSED, f"our ABC of a score: {error}") from None
        if back != [music]:
            raise Broken(UNEQUAL, f"a score of {len(music.voices)} voices")
        assert isinstance(back[0], Score)
        _told_alike(music.melody, back[0].melody, "a score")
        for ours, theirs in zip(music.tunes, back[0].tunes, strict=True):
            for name in TOLD_OF_VOICES:
                if getattr(ours, name) != getattr(theirs, name):
                    raise Broken(UNEQUAL, f"a score of {len(music.voices)} voices, {name}")
    return 0


def _tunes(content: bytes) -> list[Tune]:
    try:
        found = [item for item, _ in islice(decode_abc(content, "x.abc"), MOST_TUNES)]
    except Exception:  # another law says so
        return []
    return [item for item in found if isinstance(item, Tune)]


def _abc_of_one_text(content: bytes) -> int:
    try:
        parse_abc(decode_text(content))
    except TunewrightError:
        return 0
    return 0


def _comes_back(tune: Tune) -> None:
    """`parse_abc(format_abc(tune)) == [tune]`, and what equality leaves out."""
    text = format_abc(tune)
    try:
        back = parse_abc(text)
    except TunewrightError as error:
        raise Broken(REFUSED, f"our ABC: {error}") from None
    if back != [tune]:
        raise Broken(UNEQUAL, f"ABC: {_difference(tune, back)}")
    _told_alike(tune, back[0], "ABC")


def _told_alike(tune: Tune, back: Tune, what: str) -> None:
    for name, ours in _told(tune).items():
        if ours != (theirs := _told(back)[name]):
            raise Broken(UNEQUAL, f"{what}, {name}: {str(ours)[:60]!r} became {str(theirs)[:60]!r}")


def _told(tune: Tune) -> dict[str, object]:
    """What comes back beside the music; the field of a tempo says what `tempos` does."""
    told = {name: getattr(tune, name) for name in TOLD}
    return told | {"fields": tuple(field for field in tune.fields if field[0] != "Q")}


def _difference(tune: Tune, back: list[Tune]) -> str:
    if len(back) != 1:
        return f"one tune became {len(back)}"
    for field in fields(Tune):
        ours, theirs = getattr(tune, field.name), getattr(back[0], field.name)
        if field.compare and ours != theirs and field.name != "music":
            return f"{field.name}: {str(ours)[:60]!r} became {str(theirs)[:60]!r}"
    pairs = zip(tune.music, back[0].music, strict=False)
    for place, (one, other) in enumerate(pairs):
        if one != other:
            types = f"{type(one).__name__} to {type(other).__name__}"
            return f"music, {types}: {str(one)[:200]} became {str(other)[:200]} ({place})"
    return f"music: {len(tune.music)} elements became {len(back[0].music)}"


def _midi_tune(content: bytes) -> int:
    try:
        tune = tunes.parse_midi(content, "x.mid")
    except TunewrightError:
        return 0
    _comes_back(tune)
    return 1


def _midi_piece(content: bytes) -> int:
    try:
        piece = pieces.parse_piece(content, "x.mid")
    except TunewrightError:
        return 0
    for one in (piece, parse_in_bars(content, "x.mid")):
        try:
            back = pieces.parse_piece(pieces.to_midi(one), "x.mid")
        except TunewrightError as error:
            raise Broken(REFUSED, f"our MIDI of a piece: {error}") from None
        for name in ("parts", "meters", "keys", "tempos", "title"):
            if (ours := getattr(one, name)) != (theirs := getattr(back, name)) and (name == "title" or back != one):
                raise Broken(UNEQUAL, f"piece, {name}: {str(ours)[:80]} became {str(theirs)[:80]}")
    return 1


# ------------------------------------------------------------------------------------------------ what is made of it


def _made_of(tune: Tune) -> Iterator[Callable[[], int]]:
    yield lambda: _unfolds(tune)
    yield lambda: _made(fault_of, tune)
    yield lambda: _is_xml(tune)
    yield lambda: _made(engraving.to_svg, tune)
    yield lambda: _made(pieces.piece_of_tune, tune)
    yield lambda: _sounds(tune)


def _made_of_piece(piece: Piece) -> Iterator[Callable[[], int]]:
    yield lambda: _made(fault_of, piece)
    yield lambda: _made(piano_roll.to_svg, piece)


def _or_none(make: Callable[..., object], content: bytes) -> object:
    try:
        return make(content, "x.mid")
    except Exception:  # another law says so
        return None


def _made(make: Callable[..., object], music: object) -> int:
    try:
        make(music)
    except TunewrightError:
        return 0
    return 0


def _unfolds(tune: Tune) -> int:
    count = sum(1 for _ in islice(played(tune), MOST_UNFOLDED + 1))
    if count > MOST_UNFOLDED:
        raise Broken("unbounded", f"more than {MOST_UNFOLDED} elements are played of {len(tune.music)}")
    return 0


def _is_xml(tune: Tune) -> int:
    try:
        text = to_musicxml(tune)
    except TunewrightError:
        return 0
    ET.fromstring(text)
    return 0


def _sounds(tune: Tune) -> int:
    """What is written as MIDI can be read again, as music of parts at least."""
    for performance in (False, True):
        try:
            content = tunes.to_midi(tune, performance=performance)
        except TunewrightError:
            return 0
        try:
            pieces.parse_piece(content, "x.mid")
        except TunewrightError as error:
            raise Broken(REFUSED, f"our MIDI of a tune: {error}") from None
    return 0


def _collection(kind: str, content: bytes, music: str) -> int:
    """A file of it read, dropped or described as `corpus` does."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("x.abc" if kind == "abc" else "x.mid")
        path.write_bytes(content)
        try:
            corpus = read_corpus(path, kind=music, cache=False)  # type: ignore[call-overload]
        except TunewrightError as error:
            if any(sign in str(error) for sign in OURS):
                raise Broken(EXCEPTION, str(error).rpartition("the first: ")[2][:200]) from None
            return 0
    json.dumps(describe(corpus))
    if music == "tune":
        json.dumps(list(describe_files(corpus)))
    if ours := [item for item in corpus.dropped if any(sign in item.reason for sign in OURS)]:
        raise Broken(EXCEPTION, ours[0].reason[:200])
    return 0
