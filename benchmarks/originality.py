"""Are planted copies found, how often is a real tune taken for one, and what does it cost?

    python benchmarks/originality.py [--tunes 200] [--seed 0] [--break]
    python benchmarks/originality.py --cost [RUN] [-n 1000]     against all four built-in collections
    python benchmarks/originality.py --scale 1000000             the index of so many synthetic tunes

The training tunes are O'Neill's; the hosts are of Ryan's and Aird's collections, and no tune of their families is among
the training tunes. Into each host a passage of a training tune is planted, of 12, 16 and 24 notes as they are, and of
24 of which one in every eight has another pitch. The judge writes host and passage as ABC by itself: repeats written
out, the passage in another key and perhaps octave, its values doubled or halved, notes now and then cut short by a
rest, tied from two, or with a grace note, in another `L:`. What it wrote where it knows; whether a training tune has
the passage it looks up note by note, with no index. As a passage may stand in several training tunes, each of them is
a right source.

A passage counts as found where the right source is named and nine tenths of the planted notes or more are marked: by
the longest passage of the tune ("longest"), or by any of those that are reported ("reported": all shared ones of 12
notes or more; the five nearest). Exit code 1 where, of those reported, one of 16 notes or more is missed, or more than
one in ten of those with changed notes. `--break` hides every other training tune from ours: the check must fail.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import parse_abc
from tunewright.measuring.indexes import load_index, save_index
from tunewright.measuring.matching.alignment import align
from tunewright.measuring.matching.bands import Lines, build_lines
from tunewright.measuring.matching.seeds import Places
from tunewright.measuring.matching.substrings import END, Substrings, Symbols, longest_matches, suffix_array
from tunewright.measuring.originality import (
    Borrowing,
    Index,
    Near,
    Shared,
    build_index,
    copy_rate,
    longest_shared,
    near_passages,
    nearest,
    shared_passages,
)
from tunewright.music.playing import soundings
from tunewright.music.tune import Tune

Result = TypeVar("Result")
LENGTHS = (12, 16, 24)
EIGHT = 8  # notes of which one is changed
MARKED = 0.9  # of the planted notes
NAMES = ("C", "^C", "D", "^D", "E", "F", "^F", "G", "^G", "A", "^A", "B")


# ------------------------------------------------------------------------------------------------ planting


@dataclass(frozen=True)
class Planted:
    """A host with a passage in it, and what the judge knows of it."""

    tune: Tune
    passage: list[tuple[int, Fraction]]  # MIDI pitch and onset gap of each note, as the training tune has it
    notes: set[int]  # written notes of the tune that are the passage's


def heard(tune: Tune) -> list[tuple[int, Fraction]]:
    """MIDI pitch and onset gap of each note as played."""
    notes = soundings(tune)
    ends = [*(note.onset for note in notes[1:]), notes[-1].onset + notes[-1].length] if notes else []
    return [(note.pitch.midi, end - note.onset) for note, end in zip(notes, ends, strict=True)]


def has_passage(tune: Tune, passage: Sequence[tuple[int, Fraction]]) -> bool:
    """Whether a tune has a passage in some key and unit: place by place, note by note."""
    notes = heard(tune)
    last = len(passage) - 1
    for start in range(len(notes) - last):
        moved, scale = notes[start][0] - passage[0][0], notes[start][1] / passage[0][1]
        if all(
            notes[start + k][0] - passage[k][0] == moved and (k == 0 or notes[start + k][1] == passage[k][1] * scale)
            for k in range(last + 1)
        ):
            return True
    return False


def plant(host: Tune, tune: Tune, length: int, changed: bool, rng: random.Random) -> Planted:
    """A passage of so many notes of a training tune, written into a host."""
    source, notes = heard(tune), heard(host)
    start = rng.randrange(len(source) - length + 1)
    passage = source[start : start + length]
    place = rng.randrange(len(notes) + 1)
    moved = rng.choice([step for step in range(-14, 15) if step])
    scale = rng.choice((Fraction(1, 2), Fraction(2)))
    inserted = [(pitch + moved, gap * scale) for pitch, gap in passage]
    if changed:
        for block in range(0, length, EIGHT):
            at = block + rng.randrange(EIGHT)
            inserted[at] = (inserted[at][0] + rng.choice((-4, -3, -2, -1, 1, 2, 3, 4)), inserted[at][1])
    written = [write_note(*note, rng) for note in (*notes[:place], *inserted, *notes[place:])]
    counts = [count for _, count in written]
    first, past = sum(counts[:place]), sum(counts[: place + length])
    body = "\n".join(" ".join(text for text, _ in written[row : row + 8]) for row in range(0, len(written), 8))
    text = f"X:1\nT:planted\nM:none\nL:1/32\nK:C\n{body}|]\n"
    return Planted(parse_abc(text)[0], passage, set(range(first, past)))


def write_note(pitch: int, gap: Fraction, rng: random.Random) -> tuple[str, int]:
    """A note that takes a gap, in thirty-seconds, in one of several ways; and how many written notes it is."""
    octave, step = divmod(pitch - 60, 12)
    name = ("" if NAMES[step].startswith("^") else "=") + NAMES[step] + ("'" * octave if octave > 0 else "," * -octave)
    units = gap * 32
    way = rng.randrange(8)
    if way == 0:
        return f"{name}{units / 2}z{units / 2}", 1
    if way == 1:
        return f"{name}{units / 2}-{name}{units / 2}", 2
    return ("{=c}" if way == 2 else "") + f"{name}{units}", 1


# ------------------------------------------------------------------------------------------------ finding


def found(planted: Planted, reported: Sequence[tuple[Tune, Sequence[int]]]) -> bool:
    """Whether one of the reported (tune, marked notes) is the planted passage."""
    return any(
        len(planted.notes & set(marked)) >= MARKED * len(planted.notes) and has_passage(tune, planted.passage)
        for tune, marked in reported
    )


def sources(passages: Sequence[Shared | Near], train: Sequence[Tune]) -> list[tuple[Tune, Sequence[int]]]:
    """Each named tune, and the notes marked."""
    marked = [(one.there, one.notes if isinstance(one, Shared) else one.notes_of) for one in passages]
    return [(train[number], notes) for number, notes in marked if number >= 0]


def count(
    made: Sequence[Planted], passages: Sequence[Sequence[Shared | Near]], train: Sequence[Tune]
) -> tuple[int, int]:
    """How many are found by the first passage of each, and by any."""
    by_first = sum(found(one, sources(ones[:1], train)) for one, ones in zip(made, passages, strict=True))
    return by_first, sum(found(one, sources(ones, train)) for one, ones in zip(made, passages, strict=True))


def planted_copies(tunes: int, seed: int, broken: bool) -> bool:
    """The table of what is found; whether it is enough."""
    corpus = read_corpus("oneill", "ryan", "aird")
    own = [tune.source.startswith("oneill") for tune in corpus.tunes]
    known = {family for family, ours in zip(corpus.families, own, strict=True) if ours}
    train = [tune for tune, ours in zip(corpus.tunes, own, strict=True) if ours]
    strangers = [t for t, family in zip(corpus.tunes, corpus.families, strict=True) if family not in known]
    rng = random.Random(seed)
    hosts = rng.sample([tune for tune in strangers if len(heard(tune)) > 1], tunes)
    index = build_index([tune for number, tune in enumerate(train) if number % 2 == 0] if broken else train)
    indexed = train[::2] if broken else train
    print(f"{len(train):,} training tunes, {len(strangers):,} tunes of families that are not among them, {tunes} hosts")
    print("| planted | by | longest | reported |\n| --- | --- | --- | --- |")
    enough = True
    for length, changed in [*((length, False) for length in LENGTHS), (24, True)]:
        long = [tune for tune in train if len(heard(tune)) >= length]
        made = [plant(host, rng.choice(long), length, changed, rng) for host in hosts]
        ours = [one.tune for one in made]
        exact = count(made, shared_passages(ours, index), indexed)
        near = count(made, near_passages(ours, index, 5), indexed)
        name = f"{length} notes" + (", one in eight changed" if changed else "")
        print(f"| {name} | note for note | {exact[0]} | {exact[1]} |\n| {name} | near-copies | {near[0]} | {near[1]} |")
        enough &= near[1] >= 0.9 * tunes if changed else length < 16 or exact[1] == tunes
    false_alarms(hosts, index)
    return enough


def false_alarms(hosts: Sequence[Tune], index: Index) -> None:
    """What the same hosts share without anything planted; tunes of another tradition; and held-out tunes with training
    tunes of all three collections.
    """
    corpus = read_corpus("oneill", "ryan", "aird")
    held_out = corpus.valid + corpus.test
    both = build_index(corpus.train)
    print("\n| real tunes | passages | 8 notes or more | 12 | 16 | 20 | 24 | 32 | longer than in 95 of 100 | copies |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    chinese = [tune for tune in read_corpus("essen").tunes if tune.source.startswith("essenFolksong/han")][::3]
    for name, tunes, against in (("hosts", hosts, index), ("Chinese", chinese, index), ("held out", held_out, both)):
        for kind, look in (("shared", longest_shared), ("near", nearest)):
            passages: Sequence[Shared | Near] = look(tunes, against)
            shares = [np.mean([one.length >= notes for one in passages]) for notes in (8, 12, 16, 20, 24, 32)]
            line = Borrowing.of(passages).line(95)
            cells = [*(f"{share:.1%}" for share in shares), f"over {line:.0f} notes", f"{copy_rate(passages):.1%}"]
            print(f"| {name}, {len(tunes)} | {kind} | {' | '.join(cells)} |")


# ------------------------------------------------------------------------------------------------ what it costs


def timed(what: str, work: Callable[[], Result]) -> Result:
    """What the work gives; its time is printed, on a clock and of this process alone, which others do not slow down."""
    start, own = time.perf_counter(), time.process_time()
    done = work()
    print(f"{what}: {time.perf_counter() - start:.1f} s, {time.process_time() - own:.1f} s of one core")
    return done


def peak() -> str:
    """The most memory that this process has held."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB at most"


def cost(run: Path | None, number: int) -> None:
    """Time, size and memory of the index of all four collections, and of looking tunes up."""
    from tunewright.generation.tunes import generate, load_generator  # noqa: PLC0415 - torch takes memory that is not ours

    tunes = read_corpus("oneill", "ryan", "aird", "essen").tunes
    print(f"{len(tunes):,} tunes read; {peak()}")
    index = timed("index built", lambda: build_index(tunes))
    timed("its seeds, for near-copies", lambda: index.lines.seeds)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        timed("saved", lambda: save_index(index, path))
        print(f"on disk: {path.stat().st_size / 1e6:.1f} MB")
        timed("loaded", lambda: load_index(path))
    if run:
        drawn = [one.tune for one in generate(load_generator(run), number) if one.tune]
    else:
        drawn = random.Random(0).sample(tunes, number)
    print(f"{len(drawn):,} tunes, {'drawn' if run else 'of the same collections'}; {peak()}")
    timed("longest shared passages", lambda: longest_shared(drawn, index))
    timed("nearest", lambda: nearest(drawn, index))
    print(peak())


def scale(number: int, queries: int = 1000) -> None:
    """The same for so many synthetic melodies of 89 notes, as arrays: reading tunes takes no part in it."""
    real = build_index(read_corpus("oneill", "ryan", "aird", "essen").tunes)
    text, starts = synthetic(real.substrings.text, number, np.random.default_rng(0))
    print(f"{number:,} tunes, {len(text):,} notes; {peak()}")
    index = timed(
        "note for note: index built",
        lambda: Substrings(real.substrings.alphabet, text, starts.astype(np.int32), suffix_array(text)),
    )
    pairs = [None, *real.substrings.alphabet]
    asked, asked_starts = synthetic(real.substrings.text, queries, np.random.default_rng(1))
    melodies = [[pairs[symbol] for symbol in asked[start : start + 88].tolist()] for start in asked_starts]
    timed(f"{queries:,} tunes looked up", lambda: longest_matches(index, melodies))
    print(f"{(text.nbytes + index.order.nbytes) / 1e9:.2f} GB; {peak()}")
    lines, new = (lines_of(part, pairs) for part in (text, asked))
    timed("near-copies: index built", lambda: lines.seeds)
    size = sum(keys.nbytes for keys in lines.seeds.keys) + sum(order.nbytes for order in lines.seeds.orders)
    print(f"{size / 1e9:.2f} GB; {peak()}")
    timed(f"{queries:,} tunes looked up", lambda: align(lines, new))
    print(peak())


def synthetic(real: Symbols, number: int, rng: np.random.Generator) -> tuple[Symbols, Places]:
    """Melodies of 88 pairs, each like what may follow the one before it in real tunes: 22 in a section, A A B B."""
    inside = np.flatnonzero((real[:-1] != END) & (real[1:] != END))
    inside = inside[np.argsort(real[inside], kind="stable")]
    bounds = np.searchsorted(real[inside], np.arange(int(real.max()) + 2))
    sections = np.zeros((number, 2, 22), dtype=real.dtype)
    now = real[rng.choice(inside, (number, 2))]
    for place in range(22):
        sections[:, :, place] = now
        low, high = bounds[now], bounds[now.astype(np.int64) + 1]
        dead = low == high  # nothing ever follows
        following = real[inside[np.minimum(low + rng.integers(0, np.maximum(high - low, 1)), len(inside) - 1)] + 1]
        now = np.where(dead, real[inside[0]], following)
    text = np.zeros((number, 89), dtype=real.dtype)
    text[:, :88] = np.repeat(sections, 2, axis=1).reshape(number, 88)
    return text.ravel(), np.arange(number, dtype=np.int64) * 89


def lines_of(text: Symbols, pairs: Sequence[Any]) -> Lines:
    """What alignment compares, of melodies of 89 notes; the numbers of pairs stand for rhythms."""
    steps = np.array([0, *(step for step, _ in pairs[1:])], dtype=np.int16)[text]
    pitches = np.cumsum(steps, dtype=np.int32)
    pitches -= steps
    return build_lines(pitches, text.astype(np.int32), np.full(len(text) // 89, 89, dtype=np.int64))


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--break", dest="broken", action="store_true")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--scale", type=int)
    given = parser.parse_args()
    if given.cost:
        cost(given.run, given.n)
    elif given.scale:
        scale(given.scale)
    else:
        sys.exit(not planted_copies(given.tunes, given.seed, given.broken))


if __name__ == "__main__":
    main()
