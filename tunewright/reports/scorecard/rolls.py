"""Piano rolls and sound for the page of a scorecard of pieces: which pieces are shown, and how.

In: a `Scorecard` of pieces, and the pieces that were searched. Out: data URIs with the words beside them. How a roll
is drawn is in `formats.piano_roll`, how it sounds in `formats.sound.pieces`; this file chooses the pieces and cuts out
passages.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tunewright.formats.piano_roll import to_svg
from tunewright.formats.sound.pieces import to_wav
from tunewright.judging.scorecard import Certificate, Scorecard
from tunewright.measuring.pieces.originality import called
from tunewright.music.piece import MeterAt, Part, Piece, PieceNote
from tunewright.reports.media import audio_uris, data_uri
from tunewright.reports.wording import Wording
from tunewright.support.errors import RenderError

FIRST = 3  # pieces that are shown as they came, beside those chosen
FIRST_ALONE = 6  # and where nothing is known to choose by
MOST_PAIRS = 2
FEWEST_SHARED = 8  # beats with all parts, below which a line is shown
LONGEST_SOUND = 300  # seconds; what is longer is shown without its sound
WIDEST_ROLL = 1_500_000  # characters; what is larger is not shown, so that a page opens quickly


@dataclass(frozen=True, slots=True)
class Roll:
    """A piece as it is shown: its place on the card, why, picture and sound as data URIs, "" where there is none."""

    place: int
    role: str
    picture: str
    audio: str


@dataclass(frozen=True, slots=True)
class RollPair:
    """A piece, by its place on the card, and the pictures of the passage that it shares: here, and there."""

    place: int
    here: str
    there: str
    source: str


def shown_rolls(card: Scorecard[Piece], wording: Wording) -> list[Roll]:
    """The pieces worth looking at: the best, the worst, the one that shares most, and the first ones, each once."""
    roles = list(_chosen(card).items())
    pieces = [one.music for place, _ in roles if (one := card.each[place]).music]  # all of them: they have notes
    return [
        Roll(place, wording.say(f"scorecard.shown_{role}"), _picture(piece, card.each[place].title), sound)
        for (place, role), piece, sound in zip(roles, pieces, _sounds(pieces), strict=True)
    ]


def _chosen(card: Scorecard[Piece]) -> dict[int, str]:
    """Places on the card, and why each is shown."""
    places = [place for place, one in enumerate(card.each) if one.notes]
    chosen: dict[int, str] = {}
    far = {place: _farness(card.each[place]) for place in places}
    known = [place for place in places if not math.isnan(far[place])]
    if len(known) > 1:
        sound = [place for place in known if card.each[place].valid] or known
        chosen[min(sound, key=far.__getitem__)] = "best"
        chosen.setdefault(max(known, key=far.__getitem__), "worst")
    if sharing := [place for place in places if _shares(card.each[place])]:
        chosen.setdefault(max(sharing, key=lambda place: _shares(card.each[place])), "shares")
    for place in places[: FIRST if chosen else FIRST_ALONE]:
        chosen.setdefault(place, "first")
    return chosen


def _farness(one: Certificate[Piece]) -> float:
    """How far a piece lies from the middle of real ones, the mean over all measures, in percent of them."""
    known = [abs(percentile - 50) for percentile in one.percentiles.values() if not math.isnan(percentile)]
    return math.fsum(known) / len(known) if known else math.nan


def _shares(one: Certificate[Piece]) -> tuple[int, ...]:
    """What a piece shares, to be put in order: beats, then notes of a line; nothing where it shares nothing."""
    return (one.shared.beats.length, one.shared.line.length) if one.shared and one.shared.line.length else ()


def _picture(piece: Piece, title: str) -> str:
    """The piano roll of a piece under a title; "" where there is none to draw, or it is too large."""
    try:
        svg = to_svg(replace(piece, title=title))
    except RenderError:
        return ""
    return data_uri("image/svg+xml", svg.encode()) if len(svg) <= WIDEST_ROLL else ""


def _sounds(pieces: Sequence[Piece]) -> list[str]:
    """The sound of each, "" where there is none to make."""
    with TemporaryDirectory() as folder:
        paths: list[Path | None] = []
        for number, piece in enumerate(pieces):
            path = Path(folder) / f"{number}.wav"
            try:
                if piece.seconds > LONGEST_SOUND:
                    raise RenderError("too long for a page")
                path.write_bytes(to_wav(piece))
            except RenderError:
                paths.append(None)
            else:
                paths.append(path)
        return audio_uris(paths)


# ------------------------------------------------------------------------------------------------ passages


def shared_rolls(card: Scorecard[Piece], searched: Sequence[Piece]) -> list[RollPair]:
    """The pieces that share most, each passage beside the same where it stands too; none without `searched`."""
    if not searched:
        return []
    order = sorted((place for place, one in enumerate(card.each) if _shares(one)), key=lambda p: _shares(card.each[p]))
    found = []
    for place in order[: -MOST_PAIRS - 1 : -1]:
        one = card.each[place]
        assert one.shared is not None
        assert one.music is not None
        passage = one.shared.beats if one.shared.beats.length >= FEWEST_SHARED else one.shared.line
        there = searched[passage.there]
        here = _picture(excerpt(one.music, passage.start, passage.stop), one.title)
        beside = _picture(excerpt(there, passage.start_there, passage.stop_there), called(there))
        if here and beside:
            found.append(RollPair(place, here, beside, there.source))
    return found


def excerpt(piece: Piece, start: int, stop: int) -> Piece:
    """The bars of a piece from the one that tick `start` lies in to that of `stop`, notes cut to them."""
    lines = [*piece.bar_lines, max(piece.length, piece.bar_lines[-1] + 1)]
    begin = lines[piece.bar_at(start)]
    end = lines[min(piece.bar_at(stop) + 1, len(lines) - 1)]
    parts = []
    for part in piece.parts:
        notes = [
            PieceNote(max(note.onset, begin) - begin, min(note.end, end) - begin, note.number, note.velocity)
            for note in part.notes
            if note.onset < end and note.end > begin
        ]
        if notes:
            parts.append(Part(tuple(sorted(notes)), part.program, part.drums, part.name))
    return replace(piece, parts=tuple(parts), meters=_from(piece.meters, begin), keys=(), tempos=())


def _from(meters: Sequence[MeterAt], begin: int) -> tuple[MeterAt, ...]:
    """The metres from a tick on, counted from it."""
    first = bisect_right([meter.time for meter in meters], begin) - 1
    kept = meters[max(first, 0) :]
    return tuple(meter._replace(time=max(0, meter.time - begin)) for meter in kept)
