"""Is the melody found among the tracks of a MIDI file? Real tunes with accompaniments that we write around them.

    python benchmarks/melody_choice.py                 50 tunes of O'Neill's, Ryan's and Aird's collections
    python benchmarks/melody_choice.py --tunes 200     more of them
    python benchmarks/melody_choice.py --break         the same with a rule that takes the first track

Each tune is written as tracks: the melody, and of the triads that its bars imply off-beat chords, a bass, broken
chords and a high held line, and drums; in several orders, with names and without, and with the melody an octave
lower, below its chords. A file counts as right where exactly the melody's notes are chosen. All tracks on one
channel are judged note by note: how many of the melody's notes are among those chosen, and of those chosen are its.
Exit codes: 0 done, 1 below a goal.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator

from symusic import core

from tunewright.corpus.reading import read_corpus
from tunewright.formats.midi import melody_choice
from tunewright.formats.midi.performance import written
from tunewright.formats.midi.reader import MidiFile, MidiNote, parse_file
from tunewright.music.harmony import implied_harmony, tonic_class
from tunewright.music.tune import Repair, Tune
from tunewright.support.errors import ParseError

CORPORA = ("oneill", "ryan", "aird")
GOAL = 0.95
TICKS = 1920  # to a whole note
DRUMS = 9

Notes = list[tuple[int, int, int]]  # onset and length in ticks, number
Bars = list[tuple[int, int, tuple[int, int, int]]]  # begin and length of a bar, and the pitch classes of its triad


def melody_of(tune: Tune, shift: int = 0) -> Notes:
    """The notes of a tune as written."""
    notes = written(tune)
    return [(round(n.onset * TICKS), max(1, round(n.length * TICKS)), n.number + shift) for n in notes]


def bars_of(tune: Tune, melody: Notes) -> Bars:
    """Bars counted from the first full one, with the triad that each implies, or the one before it."""
    assert tune.meter.length is not None
    bar, beat = int(tune.meter.length * TICKS), int(tune.meter.beat * TICKS)
    first = tune.measures[0]
    start = int(first.length * TICKS) if not first.full else 0
    tonic = tonic_class(tune.key) or 0
    triad = (tonic, (tonic + 4) % 12, (tonic + 7) % 12)
    found: Bars = []
    for begin in range(start, melody[-1][0] + melody[-1][1], bar):
        inside = [note for note in melody if begin <= note[0] < begin + bar]
        strong = [number % 12 for onset, _, number in inside if (onset - begin) % beat == 0]
        harmony = implied_harmony(strong, [(number % 12, length) for _, length, number in inside], tune.key)
        if harmony is not None:
            root = (tonic + harmony[0]) % 12
            triad = (root, (root + (3 if harmony[1] == "minor" else 4)) % 12, (root + 7) % 12)
        found.append((begin, bar, triad))
    return found


def _above(low: int, pitch_class: int) -> int:
    return low + (pitch_class - low) % 12


def chords(bars: Bars, beats: int) -> Notes:
    """Off-beat chords, from E3 up."""
    return [
        (begin + bar * beat // beats + bar // beats // 2, bar // beats // 2, number)
        for begin, bar, triad in bars
        for beat in range(beats)
        for number in sorted(_above(52, one) for one in triad)
    ]


def bass(bars: Bars, beats: int) -> Notes:
    """Roots and fifths on the beats, from E2 up."""
    return [
        (begin + bar * beat // beats, bar // beats // 2, _above(40, triad[0 if beat % 2 == 0 else 2]))
        for begin, bar, triad in bars
        for beat in range(beats)
    ]


def broken(bars: Bars, low: int) -> Notes:
    """Broken chords, one note after the other, eight to a bar."""
    return [
        (begin + bar * part // 8, bar // 8, sorted(_above(low, one) for one in triad)[(0, 1, 2, 1)[part % 4]])
        for begin, bar, triad in bars
        for part in range(8)
    ]


def held(bars: Bars, low: int) -> Notes:
    """A long note to each half of a bar, above everything."""
    return [
        (begin + bar // 2 * half, bar // 2, _above(low, triad[2 if half else 1]))
        for begin, bar, triad in bars
        for half in (0, 1)
    ]


def drums(bars: Bars, beats: int) -> Notes:
    """Bass drum, snare, hi-hat."""
    hits = [(begin + bar * beat // beats, (36, 38)[beat % 2]) for begin, bar, _ in bars for beat in range(beats)]
    hats = [(begin + bar * part // 8, 42) for begin, bar, _ in bars for part in range(8)]
    return [(onset, 60, number) for onset, number in sorted(hits + hats)]


# ------------------------------------------------------------------------------------------------ files

Tracks = list[tuple[str, int, Notes]]  # name, channel, notes


def arrangements(tune: Tune) -> Iterator[tuple[str, Notes, Tracks]]:
    """What is tried: its name, the melody's notes, and all tracks, the melody's first."""
    beats = 3 if tune.meter.numerator in (3, 9) else 2
    for shift, where in ((0, ""), (-12, ", melody an octave lower")):
        line = melody_of(tune, shift)
        bars = bars_of(tune, line)
        own = ("Melody", 0, line)
        vamp = [
            ("Bass", 1, bass(bars, beats)),
            ("Chords", 2, chords(bars, beats)),
            ("Drums", DRUMS, drums(bars, beats)),
        ]
        yield "chords, bass, drums" + where, line, [own, *vamp]
        yield "broken chords, bass" + where, line, [own, ("Guitar", 1, broken(bars, 52)), ("Bass", 2, vamp[0][2])]
        yield "high broken chords, bass" + where, line, [own, ("Harp", 1, broken(bars, 76)), ("Bass", 2, vamp[0][2])]
        yield "high held line, bass" + where, line, [own, ("Strings", 1, held(bars, 79)), ("Bass", 2, vamp[0][2])]
        yield "drums on a pitched channel" + where, line, [own, vamp[0], ("Kit", 3, drums(bars, beats))]


ORDERS: dict[str, Callable[[Tracks], Tracks]] = {
    "melody first": lambda tracks: tracks,
    "melody last": lambda tracks: [*tracks[1:], tracks[0]],
    "melody between": lambda tracks: [tracks[1], tracks[0], *tracks[2:]],
}


def file_of(tracks: Tracks, *, named: bool) -> bytes:
    """The bytes of a MIDI file of some tracks."""
    score = core.ScoreTick(TICKS // 4)
    for name, channel, notes in tracks:
        track = core.TrackTick(name if named else "", channel, channel == DRUMS)
        for onset, length, number in notes:
            track.notes.append(core.NoteTick(onset, length, number, 80))
        score.tracks.append(track)
    return bytes(score.dumps_midi())


def agreement(chosen: list[MidiNote], line: Notes) -> tuple[float, float]:
    """The shares of the melody's notes that are chosen, and of the chosen ones that are the melody's."""
    ours = {(onset, number) for onset, _, number, _ in chosen}
    theirs = {(onset, number) for onset, _, number in line}
    both = len(ours & theirs)
    return both / len(theirs), both / max(1, len(ours))


Rule = Callable[[MidiFile, str, str], tuple[list[MidiNote], list[Repair]]]


def chosen_of(choose: Rule, content: bytes) -> list[MidiNote]:
    """The notes that are chosen of a file; none where it is refused."""
    try:
        return choose(parse_file(content, "x.mid"), "", "x.mid")[0]
    except ParseError:
        return []


def _first_track(file: MidiFile, wanted: str, name: str) -> tuple[list[MidiNote], list[Repair]]:
    """A rule that is wrong on purpose."""
    del wanted, name
    return file.tracks[0].notes, []


def main() -> int:
    """Print how often the melody is chosen in each arrangement; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tunes", type=int, default=50, help="how many tunes (50)")
    parser.add_argument("--break", dest="broken", action="store_true", help="break the rule on purpose")
    chosen = parser.parse_args()
    choose = _first_track if chosen.broken else melody_choice.choose
    tunes = [t for t in read_corpus(*CORPORA).tunes if not (t.irregular or t.meter.free or len(t.notes) < 24)]
    tunes = random.Random(6).sample(tunes, chosen.tunes)
    right: dict[str, list[bool]] = {}
    together: dict[str, list[tuple[float, float] | None]] = {}
    for tune in tunes:
        for what, line, tracks in arrangements(tune):
            for order, arranged in ORDERS.items():
                for named in (True, False):
                    same = agreement(chosen_of(choose, file_of(arranged(tracks), named=named)), line) == (1.0, 1.0)
                    for key in (what, order, "named" if named else "without names", "all"):
                        right.setdefault(key, []).append(same)
            mixed = [("", 0, sorted(note for _, channel, notes in tracks for note in notes if channel != DRUMS))]
            of_all = chosen_of(choose, file_of(mixed, named=False))
            together.setdefault(what, []).append(agreement(of_all, line) if of_all else None)
    print(f"{'files in which the melody is chosen':52} {'files':>6} {'right':>7}")
    for what, results in right.items():
        print(f"{what:52} {len(results):6} {100 * sum(results) / len(results):6.1f}%")
    print(f"\n{'all on one channel':52} {'files':>6} {'of the melody':>14} {'of the chosen':>14} {'refused':>8}")
    for what, found in together.items():
        shares = [share for share in found if share is not None]
        means = [sum(column) / len(shares) for column in zip(*shares, strict=True)] or [float("nan")] * 2
        text = " ".join(f"{100 * mean:13.1f}%" for mean in means)
        print(f"{what:52} {len(found):6} {text} {len(found) - len(shares):8}")
    return int(sum(right["all"]) < GOAL * len(right["all"]))


if __name__ == "__main__":
    sys.exit(main())
