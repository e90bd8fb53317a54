"""Piano rolls: every note is drawn where it sounds, and nothing else."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise

import pytest

from tests.support.real_pieces import chorales, songs
from tunewright.formats.piano_roll import COLOURS, MOST_ROWS, to_svg
from tunewright.music.piece import TICKS, MeterAt, Part, Piece, PieceNote
from tunewright.support.errors import RenderError

SVG = "{http://www.w3.org/2000/svg}"
BAR = 4 * TICKS
Box = tuple[float, float, float, float]  # left, top, width, height


def groups(picture: str) -> list[ET.Element]:
    """What is drawn of each part."""
    return [one for one in ET.fromstring(picture).iter(f"{SVG}g") if one.get("class") == "part"]


def boxes(part: ET.Element, kind: str = "notes") -> list[Box]:
    drawn = "".join(path.get("d") or "" for path in part.iter(f"{SVG}path") if path.get("class") == kind)
    found = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z", drawn)
    assert len(found) == drawn.count("M")
    return [(float(x), float(y), float(wide), float(high)) for x, y, wide, high in found]


def words(picture: str) -> str:
    return " ".join(ET.fromstring(picture).itertext())


def line(numbers: list[int], length: int = TICKS, **about: object) -> Part:
    notes = tuple(PieceNote(place * length, (place + 1) * length, number) for place, number in enumerate(numbers))
    return Part(notes, **about)


PIECES = [*chorales(), *songs()]


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.title)
def test_every_note_of_every_part_is_drawn_once_inside_the_picture(piece: Piece) -> None:
    picture = to_svg(piece)
    drawn = groups(picture)
    assert [len(boxes(part)) for part in drawn] == [len(part.notes) for part in piece.parts]
    width, height = (float(ET.fromstring(picture).get(name) or 0) for name in ("width", "height"))
    for part in drawn:
        for x, y, wide, high in boxes(part) + boxes(part, "held"):
            assert 0 < x < x + wide <= width
            assert 0 < y < y + high <= height
            assert wide >= 1
            assert high >= 1


@pytest.mark.parametrize("piece", PIECES[:4] + PIECES[-3:], ids=lambda piece: piece.title)
def test_later_is_further_right_and_higher_is_further_up_in_a_row(piece: Piece) -> None:
    for part in piece.parts:
        alone = Piece((part,), piece.meters)
        drawn = boxes(groups(to_svg(alone))[0])
        places = sorted(zip(drawn, _in_order(part), strict=True), key=lambda pair: (pair[1].onset, pair[1].number))
        for (one, note), (two, after) in pairwise(places):
            if abs(one[1] - two[1]) < 100 and two[0] >= one[0] and after.onset > note.onset:
                assert two[0] > one[0]
            if after.onset == note.onset and after.number > note.number:
                assert two[1] < one[1]


def _in_order(part: Part) -> list[PieceNote]:
    """The notes in the order drawn: the softest first."""

    def strength(note: PieceNote) -> int:
        return sum(note.velocity >= least for least in (50, 75, 100))

    return sorted(part.notes, key=strength)


def test_a_note_that_goes_on_in_the_next_row_is_drawn_there_too() -> None:
    piece = Piece((Part((PieceNote(7 * BAR, 17 * BAR, 60), PieceNote(17 * BAR, 18 * BAR, 62))),))
    part = groups(to_svg(piece))[0]
    first, held = boxes(part)[0], boxes(part, "held")
    assert [round(wide / (first[2] + 0.6)) for _, _, wide, _ in held] == [8, 1]
    assert held[0][0] < first[0]


def test_rows_break_at_bar_lines_and_bars_are_numbered() -> None:
    for top, bottom in ((4, 4), (3, 4), (6, 8), (2, 4), (7, 8), (12, 8)):
        bar = BAR * top // bottom
        picture = to_svg(Piece((line([60] * 40, bar),), (MeterAt(0, top, bottom),)))
        starts = Counter(y for x, y, *_ in boxes(groups(picture)[0]))
        assert max(starts.values()) in (4, 8, 12, 16)  # bars in a row
        assert set(re.findall(r">(\d+)</text>", picture)) >= {str(number) for number in range(1, 41)}


def test_no_bar_is_broken_where_metres_change() -> None:
    meters = [MeterAt(0, 4, 4), MeterAt(5 * BAR, 3, 4), MeterAt(5 * BAR + 7 * 3 * TICKS, 7, 8)]
    piece = Piece((line([60], 60 * TICKS),), tuple(meters))
    ends = (*piece.bar_lines[1:], piece.length)
    bars = tuple(PieceNote(begin, end, 60) for begin, end in zip(piece.bar_lines, ends, strict=True))
    part = groups(to_svg(Piece((Part(bars),), piece.meters)))[0]
    assert len({y for _, y, *_ in boxes(part)}) > 1
    assert not boxes(part, "held")


def test_a_new_metre_is_written_at_its_bar() -> None:
    picture = to_svg(Piece((line([60] * 20),), (MeterAt(0, 4, 4), MeterAt(2 * BAR, 3, 4))))
    assert re.search(r">3<tspan[^>]*>3/4</tspan>", picture)


def test_a_pickup_has_no_number_and_hangs_before_the_first_row() -> None:
    upbeat = PieceNote(0, TICKS, 60)
    bars = (PieceNote(TICKS + bar * BAR, TICKS + (bar + 1) * BAR, 62 + bar) for bar in range(16))
    picture = to_svg(Piece((Part((upbeat, *bars)),), (MeterAt(0, 4, 4), MeterAt(TICKS, 4, 4))))
    part = groups(picture)[0]
    assert sorted(Counter(round(y, -2) for _, y, *_ in boxes(part)).values())[-1] <= 9
    assert not boxes(part, "held")
    assert re.findall(r'y="\d+">(\d+)</text>', picture) == [str(number) for number in range(1, 17)]
    assert "1 part, 16 bars, 17 notes" in words(picture)
    assert "<tspan" not in picture  # no new metre


def test_a_bar_longer_than_a_row_is_broken_and_very_short_ones_stay_apart() -> None:
    long = Piece((line([60 + k % 12 for k in range(300)]),), (MeterAt(0, 255, 4),))
    assert len(boxes(groups(to_svg(long))[0])) == 300
    short = Piece((line([60 + k % 12 for k in range(64)]),), (MeterAt(0, 1, 64),))
    picture = to_svg(short)
    assert len(boxes(groups(picture)[0])) == 64
    assert len(picture) < 60_000


def test_two_parts_on_one_note_both_show() -> None:
    alone, again = line([60, 62, 64]), line([60, 65, 64])
    first, second = groups(to_svg(Piece((alone, again))))
    for place, ((_, y, _, high), (_, y2, _, high2)) in enumerate(zip(boxes(first), boxes(second), strict=True)):
        if place == 1:
            assert high == high2
        else:
            assert (y2, high2) == (y, high / 2)  # the other half stays to be seen
    heights = [boxes(part)[0][3] for part in groups(to_svg(Piece((alone,) * 4)))]
    assert [high / heights[0] for high in heights] == [1, 0.75, 0.5, 0.25]


def test_harder_notes_are_darker() -> None:
    part = Part(
        tuple(PieceNote(k * TICKS, (k + 1) * TICKS, 60, velocity) for k, velocity in enumerate((1, 60, 80, 127)))
    )
    fills = [path.get("fill") or "" for path in groups(to_svg(Piece((part,))))[0].iter(f"{SVG}path")]
    assert fills == sorted(set(fills), reverse=True)
    assert fills[-1] == COLOURS[0]


def test_parts_are_named_by_name_or_instrument_and_told_apart() -> None:
    parts = (line([60], name="Soprano <1>"), line([62]), line([64]), line([36], drums=True), line([65], program=40))
    picture = to_svg(Piece(parts))
    for name in (
        "Soprano <1>",
        "Acoustic Grand Piano 1",
        "Acoustic Grand Piano 2",
        "Drums",
        "Violin",
        "Bass Drum 1",
        "C4",
    ):
        assert name in words(picture)
    assert len({group.get("fill") for group in groups(picture)}) == 5
    nine = groups(to_svg(Piece(tuple(line([60 + number]) for number in range(9)))))
    assert len({(group.get("fill"), group.get("stroke")) for group in nine}) == 9


def test_drums_have_lanes_of_their_own_below() -> None:
    picture = to_svg(Piece((line([40, 41], name="Bass"), line([38, 42], drums=True))))
    pitched, drums = groups(picture)
    assert max(y for _, y, *_ in boxes(pitched)) < min(y for _, y, *_ in boxes(drums))
    only = to_svg(Piece((line([38, 42], drums=True),)))
    assert "Closed Hi-Hat" in words(only)
    assert ">C4<" not in only


def test_what_is_too_long_is_cut_and_said_to_be() -> None:
    piece = Piece((line([60 + k % 12 for k in range(3000)], BAR),))
    picture = to_svg(piece)
    assert f"Bars 1 to {8 * MOST_ROWS} of 3,000 are drawn." in words(picture)
    assert len(boxes(groups(picture)[0])) == 8 * MOST_ROWS
    assert "are drawn" not in to_svg(Piece((line([60] * 8, BAR),)))


def test_long_silence_at_the_beginning_is_left_out_and_said_to_be() -> None:
    picture = to_svg(Piece((Part((PieceNote(5000 * BAR, 5001 * BAR, 60),)),)))
    assert len(boxes(groups(picture)[0])) == 1
    assert "Only bar 5,001 is drawn. Bars 1 to 5,000 are silent." in words(picture)


def test_extreme_pieces_are_drawn() -> None:
    rng = random.Random(1)
    for count in (1, 2, 130):
        notes = sorted(
            PieceNote(onset, onset + rng.choice((1, 10, 5000)), rng.choice((0, 1, 64, 126, 127)), rng.randint(1, 127))
            for onset in rng.choices(range(9000), k=count)
        )
        for drums in (False, True):
            assert len(boxes(groups(to_svg(Piece((Part(tuple(notes), 127, drums, "\0\n"),))))[0])) == count


def test_the_same_piece_gives_the_same_picture_that_needs_nothing_else() -> None:
    piece = songs()[0]
    picture = to_svg(piece)
    assert picture == to_svg(piece)
    assert not re.search(r"(href|src|id)=|url\(", picture)
    assert 'style="max-width: 100%' in picture
    assert ET.fromstring(to_svg(piece, width=500)).get("width") == "500"


def test_pictures_stay_small() -> None:
    for piece in PIECES:
        assert len(to_svg(piece)) < 6000 + 40 * piece.notes + 1200 * len(piece.bar_lines) / 4


def test_nothing_to_draw() -> None:
    for piece in (Piece(()), Piece((Part(()),), source="a.mid:1")):
        with pytest.raises(RenderError, match="no notes; expected at least one"):
            to_svg(piece)
