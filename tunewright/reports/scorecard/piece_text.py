"""A scorecard of pieces on a terminal: three answers, every number beside that of real pieces, those to look at.

In: a `Scorecard`. Out: lines of text, at most 100 columns wide but for titles. The sentences are those of the page
(`piece_words`). This file measures nothing and prints nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tunewright.judging.scorecard import Certificate, Scorecard, perplexity
from tunewright.measuring.intervals import Value
from tunewright.measuring.piece_table import PIECE_FAMILIES, PIECE_MEASURES
from tunewright.music.piece import Piece
from tunewright.reports.scorecard.piece_words import about, answers, departures, measure_name, shared_sentences, written
from tunewright.reports.scorecard.text import ALIKE, DIFFERENT, LISTED, NAME, first_of, lines_of, said_under, wrapped
from tunewright.reports.scorecard.words import MARKS, hundredth
from tunewright.reports.wording import Wording

LEGEND = "Percentile: of 100 sets of as many real pieces, so many have less."


def piece_scorecard_text(card: Scorecard[Piece]) -> str:
    """The scorecard as lines."""
    wording = Wording("en")
    parts = [
        _title(card),
        *(wrapped(MARKS[one.judged], one.question, one.head, one.sentences) for one in answers(card, wording)),
        said_under(
            "Where they differ from real pieces",
            first_of([one.sentence for one in departures(card, wording)], DIFFERENT),
        ),
        _table(card, wording),
        said_under("To bear in mind", [str(remark) for remark in card.remarks]),
        _unread(card),
        _pieces(card, wording),
    ]
    return "\n\n".join(part for part in parts if part)


def _title(card: Scorecard[Piece]) -> str:
    pieces = "1 piece" if card.count == 1 else f"{card.count:,} pieces"
    drawn = f", drawn at temperature {card.drawn.temperature:g}" if card.drawn else ""
    against = f"; against {card.against}, {len(card.real):,} held-out pieces of it" if card.against else ""
    return f"{card.title}: {pieces} of several parts{drawn}{against}"


# ------------------------------------------------------------------------------------------------ numbers


def _table(card: Scorecard[Piece], wording: Wording) -> str:
    beside = f"{'real pieces':>12}{'percentile':>12}" if card.against else ""
    rows = [f"{'':<{NAME}}{'these':>9}{'95 %':>16}{beside}", _row("well formed", "share", card.valid_rate, wording)]
    if card.bits_per_note is not None:
        rows.append(_row("bits per note, test pieces", "", card.bits_per_note, wording))
    if card.nats_per_token is not None:
        rows.append(_row("nats per token, the same", "", card.nats_per_token, wording))
        rows.append(_row("perplexity per token", "", perplexity(card.nats_per_token), wording))
    rows += _copies(card, wording)
    rows += [
        _row(measure_name(name, wording), name, value, wording)
        for family in PIECE_FAMILIES
        for name, value in card.measures.items()
        if PIECE_MEASURES[name].family == family and not math.isnan(value.value)
    ]
    return "\n".join([*rows, *([LEGEND] if card.against else [])])


def _copies(card: Scorecard[Piece], wording: Wording) -> Iterator[str]:
    found = card.originality
    if found is None:
        return
    for name, unit, value in (
        ("copies: half or more in one passage", "share", found.copy_rate),
        ("near-copies of a top line", "share", found.near_rate),
        ("longest passage of a line, median", "notes", found.median_longest),
        ("longest passage of a line, 90th percentile", "notes", found.p90_longest),
        (f"sharing more than {found.line:g} notes, as 5 in 100 do", "share", found.beyond_line),
        ("longest run of beats, all parts, median", "beats", found.median_beats),
        ("longest run of beats, 90th percentile", "beats", found.p90_beats),
        (f"sharing more than {found.beats_line:g} beats, as 5 in 100 do", "share", found.beyond_beats),
    ):
        yield _row(name, unit, value, wording)


def _row(name: str, unit: str, value: Value, wording: Wording) -> str:
    def say(number: float) -> str:
        return (
            written(unit, number, wording).split(" ")[0] if unit in PIECE_MEASURES else written(unit, number, wording)
        )

    name = name if len(name) < NAME else f"{name[: NAME - 2]}…"
    interval = "" if math.isnan(value.low) else f"{say(value.low)} … {say(value.high)}"
    real = "" if math.isnan(value.real) else say(value.real)
    percentile = "" if math.isnan(value.percentile) else hundredth(value.percentile)
    return f"{name:<{NAME}}{say(value.value):>9}{interval:>16}{real:>12}{percentile:>12}".rstrip()


# ------------------------------------------------------------------------------------------------ pieces


def _unread(card: Scorecard[Piece]) -> str:
    if not card.unread:
        return ""
    listed = [f"{one.source}: {one.reason}" for one in card.unread]
    return said_under(f"Not read: {len(card.unread):,}", first_of(listed, LISTED))


def _pieces(card: Scorecard[Piece], wording: Wording) -> str:
    """All pieces where they are few; otherwise those that are not well formed, and those that share most."""
    if card.count <= LISTED:
        return "\n".join(["Certificates", *(line for one in card.each for line in _certificate(one, wording))])
    faulty = [one for one in card.each if not one.valid]
    most = sorted((one for one in card.each if one.shared), key=_sharing, reverse=True)[:ALIKE]
    parts = []
    if faulty:
        listed = first_of([f"{_name(one)}: {one.problem}" for one in faulty], LISTED)
        lines = (line for one in listed for line in lines_of(one))
        parts.append("\n".join([f"Not well formed: {len(faulty):,}", *lines]))
    if most:
        parts.append("\n".join(["Sharing most", *(line for one in most for line in _certificate(one, wording))]))
    return "\n\n".join(parts)


def _sharing(one: Certificate[Piece]) -> tuple[int, ...]:
    """What a piece shares, to be put in order: copies first, then by beats, then by notes of a line."""
    return (one.copied, one.shared.beats.length, one.shared.line.length) if one.shared else ()


def _name(one: Certificate[Piece]) -> str:
    return f"{one.name} “{one.title}”" if one.title and one.title not in one.name else one.name


def _certificate(one: Certificate[Piece], wording: Wording) -> list[str]:
    size = about(one, wording).partition(" · ")[2].replace(" · ", ", ")
    sentences = [f"{_name(one)}: {'; '.join(filter(None, (one.problem or 'well formed', size)))}."]
    sentences += shared_sentences(one, wording).values()
    if one.copied:
        sentences.append("A copy by the rule of half its beats or top line.")
    if not math.isnan(one.bits_per_note):
        sentences.append(f"{one.bits_per_note:.2f} bits per note.")
    return lines_of(" ".join(sentences))
