"""A piece as a picture: a piano roll, several bars to a row, a colour for each part.

In: a `Piece`. Out: one self-contained SVG. Time goes to the right and pitch upwards, on the same scale in every row;
drums have lanes of their own below. A note that is struck harder is darker. Where parts play one note at once, each has
a stripe of it. What does not fit in `MOST_ROWS` rows is left out, as is silence at the beginning that is longer than a
row; the picture says so. This file draws no staves (`engraving`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from statistics import median_low

from tunewright.formats.svg import WIDTH, escaped, heading, picture
from tunewright.music.instruments import drum_name, instrument_name
from tunewright.music.piece import TICKS, MeterAt, Part, Piece, PieceNote
from tunewright.support.errors import RenderError

MOST_ROWS = 40
FULL_ROW = 32 * TICKS  # at most in a row: eight bars of 4/4
SHORTEST_ROW = 4 * TICKS
BARS = (16, 12, 8, 4, 2, 1)  # in a row
# colours that the colour-blind can tell apart (Okabe & Ito 2008), without yellow, which is hard to see on white
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#444444")
STRENGTHS = ((1, 0.4), (50, 0.6), (75, 0.8), (100, 1.0))  # from a velocity on, how much of its colour a note has
BLACK_KEYS = (1, 3, 6, 8, 10)
MARGIN = 20  # pixels, left and right of everything, as of scores
LABELS, DRUM_LABELS = 28, 112  # pixels left of the roll for the names of octaves, and of drums
GAP = 34  # pixels between rows, in which the numbers of bars stand
LANE = 9  # pixels of a drum
HIT = 5.0  # pixels that a drum is wide: how long it is held says nothing
LONGEST_NAME = 36  # characters
MOST_NAMES = 40  # parts in the legend
MOST_STRIPES = 12  # parts that play one note at once and are told apart: half a pixel each


def to_svg(piece: Piece, *, width: int = WIDTH) -> str:
    """A piano roll under the title of the piece, as one SVG, `width` pixels wide and as high as it needs.

    Raises `RenderError` for a piece without notes.
    """
    if not piece.notes:
        raise RenderError(f"{piece.source or piece.title or 'piece'}: no notes; expected at least one")
    head, top = heading(piece.title, _opening(piece), _size(piece), width)
    legend, top = _legend(piece, width, top + 8)
    roll = _roll(piece, width, top + 24)
    remark, bottom = _remark(piece, roll, width)
    content = [head, legend, *(_background(roll, row) for row in roll.rows), _lines(piece, roll)]
    content += [*_labels(piece, roll), *_parts(piece, roll), remark]
    return picture(piece.title, "".join(content), width, bottom)


def _opening(piece: Piece) -> str:
    """The metre and tempo that the piece begins with, as far as it states them."""
    meter = f"{piece.meters[0].numerator}/{piece.meters[0].denominator}" if piece.meters else ""
    tempo = f"{60e6 / piece.tempos[0].microseconds:.0f} quarters a minute" if piece.tempos else ""
    return ", ".join(filter(None, (meter, tempo)))


def _size(piece: Piece) -> str:
    bars, parts = _bar_number(piece, len(piece.bar_lines) - 1), len(piece.parts)
    minutes, seconds = divmod(ceil(piece.seconds), 60)
    counted = (_count(parts, "part"), _count(bars, "bar"), _count(piece.notes, "note"))
    return f"{', '.join(counted)}, {minutes}:{seconds:02} min"


def _bar_number(piece: Piece, bar: int) -> int:
    """The number that a bar, counted from 0, has in print: a pickup has 0, the first full bar 1."""
    return bar + (0 if piece.pickup else 1)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# ------------------------------------------------------------------------------------------------ places


@dataclass(frozen=True, slots=True)
class Row:
    """What is drawn side by side: from tick to tick, and how far down."""

    start: int
    stop: int
    top: int


@dataclass(frozen=True, slots=True)
class Roll:
    """Where every tick and every number lies in the picture, in pixels."""

    rows: tuple[Row, ...]
    left: int
    scale: float  # pixels of a tick
    low: int  # the lowest and highest number of the pitched part; none where `high < low`
    high: int
    key: int  # pixels of a semitone
    drums: tuple[int, ...]  # the drums, from the top down

    @property
    def pitched(self) -> int:
        """The height of the pitched part of a row."""
        return (self.high - self.low + 1) * self.key

    @property
    def height(self) -> int:
        """The height of a row."""
        return self.pitched + (6 if self.drums and self.pitched else 0) + LANE * len(self.drums)

    def x(self, row: Row, tick: int) -> float:
        """How far right a tick of a row is."""
        return self.left + (tick - row.start) * self.scale

    def y(self, row: Row, number: int, drums: bool) -> int:
        """How far down the upper edge of a note is."""
        if drums:
            return row.top + self.height - LANE * (len(self.drums) - self.drums.index(number))
        return row.top + (self.high - number) * self.key


def _roll(piece: Piece, width: int, top: int) -> Roll:
    numbers = [note.number for part in piece.parts if not part.drums for note in part.notes]
    drums = sorted({note.number for part in piece.parts if part.drums for note in part.notes}, reverse=True)
    low, high = _range(numbers)
    left = MARGIN + (DRUM_LABELS if drums else LABELS)
    spans = list(_spans(piece))
    longest = max(SHORTEST_ROW, *(stop - start for start, stop in spans), min(FULL_ROW // 2, _full(piece)))
    span = high - low + 1
    roll = Roll((), left, (width - MARGIN - left) / longest, low, high, _key_height(span), tuple(drums))
    rows = [Row(start, stop, top + n * (roll.height + GAP)) for n, (start, stop) in enumerate(spans[:MOST_ROWS])]
    return Roll(tuple(rows), left, roll.scale, low, high, roll.key, tuple(drums))


def _range(numbers: Sequence[int]) -> tuple[int, int]:
    """The numbers to draw: a semitone more on either side, and at least an octave and a half."""
    if not numbers:
        return 0, -1
    low, high = min(numbers) - 1, max(numbers) + 1
    more = max(0, 18 - (high - low))
    return max(0, low - more // 2), min(127, high + more - more // 2)


def _key_height(span: int) -> int:
    """Pixels of a semitone: less where there are many."""
    return 6 if span <= 30 else 5 if span <= 50 else 4 if span <= 72 else 3


def _full(piece: Piece) -> int:
    """How many ticks a row holds: as many bars of the usual length as there is room for."""
    lines = (*piece.bar_lines, piece.length)
    usual = median_low([after - line for line, after in zip(lines, lines[1:-1] or lines[1:], strict=False)])
    bars = next((count for count in BARS if count * usual <= FULL_ROW), 1)
    return max(SHORTEST_ROW, min(bars * usual, FULL_ROW))


def _spans(piece: Piece) -> Iterator[tuple[int, int]]:
    """The rows in ticks: up to the last bar line that fits, or broken within a bar that is longer than a row."""
    lines, full = piece.bar_lines, _full(piece)
    end = max(piece.length, 1)
    first = lines[piece.bar_at(min(note.onset for part in piece.parts for note in part.notes))]
    start = first if first >= full else 0
    while start < end:
        stop = start + full + (0 if start else piece.pickup)
        if stop < end:
            line = lines[bisect_left(lines, stop + 1) - 1]
            stop = line if line > start else stop
        yield start, stop if stop < end else max(end, min(stop, _bar_end(piece)))
        start = stop


def _bar_end(piece: Piece) -> int:
    """Where the last bar would end if it was full."""
    meter = piece.meters[-1] if piece.meters else MeterAt(0, 4, 4)
    return piece.bar_lines[-1] + 4 * TICKS * meter.numerator // meter.denominator


# ------------------------------------------------------------------------------------------------ around the notes


def _legend(piece: Piece, width: int, top: int) -> tuple[str, int]:
    """A square of its colour and its name for every part, in lines; and where they end."""
    drawn, x, y = [], float(MARGIN), top
    names = _names(piece.parts)
    more = f"and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    for number, name in enumerate([*names[:MOST_NAMES], *filter(None, [more])]):
        wide = 16 + 13 * sum(1.0 if ord(sign) > 0x2E80 else 0.52 for sign in name)
        if x > MARGIN and x + wide > width - MARGIN:
            x, y = float(MARGIN), y + 18
        if number < MOST_NAMES:
            drawn.append(f'<rect x="{x:.0f}" y="{y}" width="10" height="10" {_style(number)}/>')
        drawn.append(f'<text x="{x + 14:.0f}" y="{y + 10}" font-size="13">{escaped(name)}</text>\n')
        x += wide + 14
    return "".join(drawn), y + 14


def _names(parts: Sequence[Part]) -> list[str]:
    """What each part is called, or its instrument; of parts called the same each with a number."""
    names = [part.name.strip() or ("Drums" if part.drums else instrument_name(part.program)) for part in parts]
    names = [name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…" for name in names]
    often, seen = Counter(names), Counter[str]()
    for place, name in enumerate(names):
        seen[name] += 1
        names[place] = f"{name} {seen[name]}" if often[name] > 1 else name
    return names


def _style(number: int) -> str:
    """The colour of a part; a dark edge too where the colours have been used before."""
    edge = ' stroke="#222" stroke-width=".8"' if number >= len(COLOURS) else ""
    return f'fill="{COLOURS[number % len(COLOURS)]}"{edge}'


def _tint(number: int, strength: float) -> str:
    """The colour of a part mixed with white: see-through colours would mix where two parts play one note."""
    colour = COLOURS[number % len(COLOURS)]
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * strength):02x}" for part in parts)


def _background(roll: Roll, row: Row) -> str:
    """White, with the lanes of black keys and of every other drum."""
    wide = (row.stop - row.start) * roll.scale
    lanes = [
        f"M{roll.left} {roll.y(row, number, False)}h{wide:.1f}v{roll.key}h-{wide:.1f}z"
        for number in range(roll.low, roll.high + 1)
        if number % 12 in BLACK_KEYS
    ]
    lanes += [f"M{roll.left} {roll.y(row, number, True)}h{wide:.1f}v{LANE}h-{wide:.1f}z" for number in roll.drums[::2]]
    return (
        f'<rect x="{roll.left}" y="{row.top}" width="{wide:.1f}" height="{roll.height}" fill="#fff" stroke="#bbb" '
        f'stroke-width=".6"/><path fill="#eef0f2" d="{"".join(lanes)}"/>\n'
    )


def _lines(piece: Piece, roll: Roll) -> str:
    """Octaves below each C; bar lines, and between them beats, where they are far enough apart."""
    octaves, bars, beats = [], [], []
    changes = piece.meters or (MeterAt(0, 4, 4),)
    for row in roll.rows:
        wide = (row.stop - row.start) * roll.scale
        for number in range(roll.low, roll.high + 1):
            if number % 12 == 0:
                octaves.append(f"M{roll.left} {roll.y(row, number, False) + roll.key}h{wide:.1f}")
        for bar, line, after in _bars(piece, row):
            if row.start <= line < row.stop and (after - line) * roll.scale >= 4:
                bars.append(f"M{roll.x(row, line):.1f} {row.top}v{roll.height}")
            meter = max((change for change in changes if change.time <= line), default=changes[0])
            beat = 4 * TICKS // meter.denominator
            if beat * roll.scale >= 8:
                inside = [tick for tick in range(line + beat, after, beat) if row.start < tick < row.stop]
                beats += [f"M{roll.x(row, tick):.1f} {row.top}v{roll.height}" for tick in inside]
            del bar
    return (
        f'<path fill="none" stroke="#e2e5e8" stroke-width=".6" d="{"".join(beats)}"/>\n'
        f'<path fill="none" stroke="#aab" stroke-width=".7" d="{"".join(octaves)}"/>\n'
        f'<path fill="none" stroke="#889" stroke-width="1" d="{"".join(bars)}"/>\n'
    )


def _bars(piece: Piece, row: Row) -> Iterator[tuple[int, int, int]]:
    """The bars of a row: number from 0, first tick, and the first tick of the next."""
    lines = (*piece.bar_lines, max(piece.length, row.stop))
    for bar in range(max(0, bisect_left(lines, row.start + 1) - 1), len(lines) - 1):
        if lines[bar] >= row.stop:
            return
        yield bar, lines[bar], lines[bar + 1]


def _labels(piece: Piece, roll: Roll) -> Iterator[str]:
    """Names of octaves and drums beside the rows; numbers of bars and new metres above them."""
    meters = {
        change.time: f"{change.numerator}/{change.denominator}"
        for before, change in pairwise(piece.meters)
        if before[1:] != change[1:]  # the same one again only says where bars begin
    }
    yield '<g font-size="10" fill="#555">'
    for row in roll.rows:
        for number in range(roll.low, roll.high + 1):
            if number % 12 == 0:
                y = roll.y(row, number, False) + roll.key
                yield f'<text x="{roll.left - 4}" y="{y}" text-anchor="end">C{number // 12 - 1}</text>'
        for number in roll.drums:
            y = roll.y(row, number, True) + LANE - 1
            yield f'<text x="{roll.left - 4}" y="{y}" text-anchor="end" font-size="9">{drum_name(number)}</text>'
        free = 0.0  # up to where labels stand already
        for bar, line, _ in _bars(piece, row):
            x, meter = roll.x(row, max(line, row.start)), meters.get(line, "")
            if x >= free:
                changed = f'<tspan dx="5" font-style="italic">{meter}</tspan>' if meter else ""
                label = str(_bar_number(piece, bar) or "")
                yield f'<text x="{x:.1f}" y="{row.top - 4}">{label}{changed}</text>' if label else ""
                free = x + 7 * len(f"{label} {meter}") + 8 if label else 0.0
        yield "\n"
    yield "</g>\n"


def _remark(piece: Piece, roll: Roll, width: int) -> tuple[str, int]:
    """What was left out, if anything was; and the height of the picture."""
    bottom = roll.rows[-1].top + roll.height
    before, after = roll.rows[0].start > 0, roll.rows[-1].stop < piece.length
    if not before and not after:
        return "", bottom + 16
    ends = roll.rows[0].start, min(roll.rows[-1].stop, piece.length) - 1, piece.length - 1
    first, last, all_ = (_bar_number(piece, piece.bar_at(tick)) for tick in ends)
    silent = f" Bars 1 to {first - 1:,} are silent." if before else ""
    drawn = f"Bars {max(first, 1):,} to {last:,} of {all_:,} are" if first < last else f"Only bar {first:,} is"
    words = f"{drawn} drawn.{silent}"
    return f'<text x="{width // 2}" y="{bottom + 24}" text-anchor="middle" font-size="13">{words}</text>\n', bottom + 40


# ------------------------------------------------------------------------------------------------ notes

_Played = tuple[int, list[int], list[int]]  # the place of a part, its onsets of one number, the latest end up to each


def _parts(piece: Piece, roll: Roll) -> Iterator[str]:
    """Each part as a group of one path for each strength; what is held over from the row before in paths of its own."""
    names = _names(piece.parts)
    for number, (part, shared) in enumerate(zip(piece.parts, _shared(piece.parts), strict=True)):
        paths: dict[tuple[float, str], list[str]] = defaultdict(list)
        for note, (earlier, players) in zip(part.notes, shared, strict=True):
            strength = next(strong for least, strong in reversed(STRENGTHS) if note.velocity >= least or least == 1)
            for kind, box in _boxes(roll, part, note, 1 - earlier / players):
                paths[strength, kind].append(box)
        yield f'<g class="part" {_style(number)}><title>{escaped(names[number])}</title>'
        for (strength, kind), boxes in sorted(paths.items()):
            yield f'<path class="{kind}" fill="{_tint(number, strength)}" d="{"".join(boxes)}"/>'
        yield "</g>\n"


def _boxes(roll: Roll, part: Part, note: PieceNote, share: float) -> Iterator[tuple[str, str]]:
    """The note in each row that it sounds in: "notes" where it begins, "held" where it goes on.

    It takes the upper `share` of its lane, so that of the parts that play it each shows a stripe.
    """
    high = round((LANE - 2 if part.drums else roll.key) * share, 2)
    first = bisect_left(roll.rows, note.onset + 1, key=lambda row: row.start) - 1
    for row in roll.rows[first:]:
        begins = row.start <= note.onset < row.stop
        if row.start >= note.end or note.onset >= row.stop or (part.drums and not begins):
            return
        x = roll.x(row, max(note.onset, row.start))
        wide = (
            HIT if part.drums else max(1.0, (min(note.end, row.stop) - max(note.onset, row.start)) * roll.scale - 0.6)
        )
        y = roll.y(row, note.number, part.drums) + (1 if part.drums else 0)
        yield "notes" if begins else "held", f"M{x:.1f} {y}h{wide:.1f}v{high:g}h-{wide:.1f}z"


def _shared(parts: Sequence[Part]) -> list[list[tuple[int, int]]]:
    """For every note of every part how many earlier parts play that note while it sounds, and how many parts do."""
    played: dict[tuple[bool, int], list[_Played]] = defaultdict(list)
    for place, part in enumerate(parts):
        own: dict[int, list[PieceNote]] = defaultdict(list)
        for note in part.notes:
            own[note.number].append(note)
        for number, notes in own.items():
            notes.sort()
            latest = list(accumulate((note.end for note in notes), max))
            played[part.drums, number].append((place, [note.onset for note in notes], latest))
    return [
        [_others(played[part.drums, note.number][:MOST_STRIPES], place, note) for note in part.notes]
        for place, part in enumerate(parts)
    ]


def _others(played: Sequence[_Played], place: int, note: PieceNote) -> tuple[int, int]:
    earlier, parts = 0, 1
    for other, onsets, latest in played:
        last = bisect_left(onsets, note.end) - 1  # the last note that begins before this one ends
        if other != place and last >= 0 and latest[last] > note.onset:
            earlier += other < place
            parts += 1
    return earlier, parts
