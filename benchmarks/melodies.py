"""What do we make of MIDI melodies? abc2midi's files of real tunes, with their metre and key events and without.

    python benchmarks/melodies.py                            oneill, ryan, aird; and the files given with --file
    python benchmarks/melodies.py --file irish.abc           an ABC file beside them
    python benchmarks/melodies.py --peers 200                music21's key finders on 200 of them (15 a second)
    python benchmarks/melodies.py --differ                   every tune that is read otherwise, and how
    python benchmarks/melodies.py --break key                the same with a reader that is wrong on purpose

Decorations, grace notes, chord symbols and `R:` are cut out of the text (`judge.strip`), and abc2midi, which shares no
code with us, makes MIDI of it, repeats unfolded. Essen is left out: its key labels are unreliable. What is right
is read with mido (notes) and from the text (`K:`, `M:`, the first bar line). Only regular tunes are counted. Held out
are the families of the test part; of a file, those without a tune that our tables were learned or scaled on.
Goals hold for all that is held out. How sure we say to be is held against how often we are right, in ten bins.
Exit codes: 0 done, 1 below a goal, 3 abc2midi is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import mido  # type: ignore[import-untyped]
from judge import abc2midi, corpus_sources, strip
from midi import BATCH, Heard, judge, same

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.families import find_families
from tunewright.corpus.reading import read_corpus
from tunewright.formats.abc import Source, decode_text, parse_tune, split_tunes
from tunewright.formats.midi import tunes as our_midi
from tunewright.formats.midi.listening.meter_finding import METERS
from tunewright.formats.midi.tunes import parse_midi
from tunewright.music.playing import soundings
from tunewright.music.tune import SEMITONES, Bar, Key, Meter, MeterChange, Note, Rest, Tune
from tunewright.support.errors import TunewrightError

CORPORA = ("oneill", "ryan", "aird")
KEPT, REMOVED = "events kept", "metre and key events removed"
GOALS = {  # (which files, what): the least share of all held out
    (KEPT, "notes"): 0.97,
    (KEPT, "key"): 0.88,
    (REMOVED, "tonic"): 0.80,
    (REMOVED, "bars"): 0.85,
}
MISCALIBRATED = 0.05  # the largest mean difference between how sure and how often right
FEWEST_TOLD = 350  # tunes from which that is judged: of fewer, chance alone makes it as large
TOLD = {"metre": "bars", "upbeat": "downbeat", "key": "key"}  # what an inference says, and what that is judged by
TICKS_PER_WHOLE = 1920
WHAT = ("notes", "tonic", "key", "bar length", "downbeat", "bars")


@dataclass(frozen=True)
class Example:
    """A tune as MIDI, and what is right about it."""

    place: str
    tune: Tune  # as our reader has the stripped text: its key, metre and bar lines are the truth
    notes: list[Heard]
    file: bytes
    part: str = "test"  # "train" and "valid": its family has a tune that our tables were learned, or scaled, on


def examples(sources: list[Source], parts: dict[str, str]) -> Iterator[Example]:
    """The regular tunes of some sources that abc2midi makes a file of; `parts` are those of the tunes by place."""
    with tempfile.TemporaryDirectory() as folder:
        for begin in range(0, len(sources), BATCH):
            batch = sources[begin : begin + BATCH]
            texts = [strip(source.lines) for source in batch]
            for source, text, judged in zip(batch, texts, judge(texts, Path(folder)), strict=True):
                try:
                    tune = parse_tune(Source(source.name, source.line, tuple(text)))
                except TunewrightError:
                    continue
                if judged.file and judged.notes and not tune.irregular:
                    part = parts.get(source.place, "test")
                    yield Example(source.place, tune, judged.notes, judged.file, part)


def without_events(content: bytes) -> bytes:
    """The same MIDI file without its metre and key events."""
    score = mido.MidiFile(file=io.BytesIO(content))
    for track in score.tracks:
        late = 0
        kept = []
        for message in track:
            if message.type in ("time_signature", "key_signature"):
                late += message.time
                continue
            kept.append(message.copy(time=message.time + late))
            late = 0
        track[:] = kept
    buffer = io.BytesIO()
    score.save(file=buffer)
    return buffer.getvalue()


def parts_by_place(corpus: Corpus) -> dict[str, str]:
    """The part of the split that each tune, or the one that it equals, is in, by place ("file:line")."""
    parts = {tune.source: part for tune, part in zip(corpus.tunes, corpus.split, strict=True)}
    parts |= {left: parts[kept] for left, kept in corpus.duplicates}
    return {source.rpartition("/")[2]: part for source, part in parts.items()}


def with_parts(made: list[Example], corpus: Corpus) -> list[Example]:
    """The same examples of a file, each in the part that its family is in: of train and valid, train counts."""
    families = find_families([*corpus.tunes, *(example.tune for example in made)])
    part_of: dict[int, str] = {}
    for family, part in zip(families, corpus.split, strict=False):
        part_of[family] = min(part, part_of.get(family, part), key=("train", "valid", "test").index)
    own = families[len(corpus.tunes) :]
    return [replace(example, part=part_of.get(family, "test")) for example, family in zip(made, own, strict=True)]


# ------------------------------------------------------------------------------------------------ judging


def heard_in(tune: Tune) -> list[Heard]:
    """The notes of a tune in ticks, from its first note on."""
    notes = soundings(tune)
    first = notes[0].onset
    return sorted(
        (float((note.onset - first) * TICKS_PER_WHOLE), pitch.midi, float(note.length * TICKS_PER_WHOLE))
        for note in notes
        for pitch in note.pitches
    )


def from_zero(notes: list[Heard]) -> list[Heard]:
    """The same notes, the first at 0."""
    return [(onset - notes[0][0], pitch, length) for onset, pitch, length in notes]


def pitch_class(key: Key) -> int | None:
    """The tonic as a pitch class."""
    if key.tonic is None:
        return None
    return (SEMITONES[key.tonic[0]] + key.tonic.count("#") - key.tonic.count("b")) % 12


def upbeat(tune: Tune) -> Fraction | None:
    """From the first note to the next bar line, less whole bars; None in free metre."""
    time, first = Fraction(0), None
    for element in tune.music:
        if isinstance(element, Note) and first is None:
            first = time
        if isinstance(element, Bar) and first is not None and time > first:
            return (time - first) % tune.meter.length if tune.meter.length else None
        if isinstance(element, Note | Rest):
            time += element.length
    return None


def constant(tune: Tune) -> bool:
    """Whether the tune has one metre, with bars."""
    changes = (element.meter for element in tune.music if isinstance(element, MeterChange))
    return not tune.meter.free and all(meter.length == tune.meter.length for meter in changes)


def judged(example: Example, content: bytes) -> tuple[dict[str, bool], dict[str, float]]:
    """What is right about our reading of a file: only what can be judged; and how sure it says to be."""
    truth = example.tune
    try:
        read = parse_midi(content, example.place)
    except TunewrightError as error:
        print(f"  {error}")
        return dict.fromkeys(WHAT, False), {}
    right = {"notes": same(from_zero(example.notes), heard_in(read))}
    if truth.key.tonic is not None:
        right["tonic"] = pitch_class(read.key) == pitch_class(truth.key)
        right["key"] = right["tonic"] and read.key.mode == truth.key.mode
    if constant(truth):
        right["bar length"] = read.meter.length == truth.meter.length
        right["downbeat"] = upbeat(read) == upbeat(truth)
        right["bars"] = right["bar length"] and right["downbeat"]
    return right, {inference.what: inference.confidence for inference in read.inferred}


def row(name: str, results: list[Result]) -> dict[str, float]:
    """Print the shares of one table row, and return them."""
    shares = {}
    for what in WHAT:
        judged_here = [result.right[what] for result in results if what in result.right]
        shares[what] = sum(judged_here) / len(judged_here) if judged_here else float("nan")
    print(f"{name:34} {len(results):5} " + " ".join(f"{100 * share:10.1f}" for share in shares.values()), flush=True)
    return shares


@dataclass(frozen=True)
class Result:
    """An example, what is right about our reading of it, and how sure that says to be."""

    example: Example
    right: dict[str, bool]
    sure: dict[str, float]


def reliability(told: str, results: list[Result]) -> float:
    """Print in ten bins how sure an inference is and how often right; returns the mean difference.

    That is the expected calibration error (Naeini et al. 2015); 0 where too few were told to judge it.
    """
    judged_by = TOLD[told]
    pairs = [(one.sure[told], one.right[judged_by]) for one in results if told in one.sure and judged_by in one.right]
    bins: dict[int, list[tuple[float, bool]]] = {}
    for sure, right in pairs:
        bins.setdefault(min(9, int(10 * sure)), []).append((sure, right))
    print(f"\n{told}: said and right, {len(pairs)} tunes")
    error = 0.0
    for number, inside in sorted(bins.items()):
        said, right = (sum(column) / len(inside) for column in zip(*inside, strict=True))
        error += abs(said - right) * len(inside) / len(pairs)
        print(
            f"  {number / 10:.1f} to {(number + 1) / 10:.1f}: {len(inside):5} tunes, said {said:.2f}, right {right:.2f}"
        )
    print(
        f"  expected calibration error {error:.3f}" + ("" if len(pairs) >= FEWEST_TOLD else ", too few tunes to judge")
    )
    return error if len(pairs) >= FEWEST_TOLD else 0.0


def odd_meters(results: list[Result]) -> None:
    """Print how often bars are right by metre, for all tunes, learned from or not."""
    counts: dict[str, Counter[str]] = {}
    for result in results:
        if "bars" in result.right:
            meter = result.example.tune.meter
            known = any(meter.length == one.length and meter.compound == one.compound for one in METERS)
            count = counts.setdefault(
                f"{meter.numerator}/{meter.denominator}{'' if known else ' (unknown)'}", Counter()
            )
            count["tunes"] += 1
            count += Counter(what for what in ("bar length", "downbeat", "bars") if result.right[what])
    print("\nby metre, of all tunes:    tunes  length  downbeat  both")
    for name, count in sorted(counts.items(), key=lambda item: -item[1]["tunes"]):
        shares = [100 * count[what] / count["tunes"] for what in ("bar length", "downbeat", "bars")]
        print(f"  {name:22} {count['tunes']:7} {shares[0]:7.1f} {shares[1]:9.1f} {shares[2]:5.1f}")


# ------------------------------------------------------------------------------------------------ others' key finders

ANALYSERS = ("KrumhanslSchmuckler", "AardenEssen", "TemperleyKostkaPayne", "BellmanBudge", "SimpleWeights")
Answers = dict[str, tuple[int, str]]


def analysed(example: Example) -> Answers:
    """Tonic and mode of the notes by each of music21's key finders."""
    from music21 import analysis, note, stream  # noqa: PLC0415 - slow to load

    notes: stream.Stream[note.Note] = stream.Stream()
    for onset, pitch, length in example.notes:
        one = note.Note(pitch)
        one.quarterLength = Fraction(round(length), 480)
        notes.insert(Fraction(round(onset), 480), one)
    found = {}
    for name in ANALYSERS:
        key = getattr(analysis.discrete, name)().getSolution(notes)
        found[name] = (key.tonic.pitchClass, key.mode)
    return found


def peers_table(results: list[Result], count: int, cache: Path | None) -> None:
    """Print how often music21's key finders, and we, are right about the tonic, and tonic and mode, without events.

    music21 knows major and minor alone, so both are counted for tunes in these as well.
    """
    stated = [result for result in results if result.example.tune.key.tonic is not None]
    chosen = stated if len(stated) <= count else random.Random(0).sample(stated, count)
    known: dict[str, Answers] = json.loads(cache.read_text()) if cache and cache.exists() else {}
    right: dict[str, list[tuple[bool, bool]]] = {name: [] for name in ANALYSERS}
    for result in chosen:
        number = hashlib.sha256(repr(result.example.notes).encode()).hexdigest()
        if number not in known:
            known[number] = analysed(result.example)
        for name, (tonic, mode) in known[number].items():
            same_tonic = tonic == pitch_class(result.example.tune.key)
            right[name].append((same_tonic, same_tonic and mode == result.example.tune.key.mode))
    if cache:
        cache.write_text(json.dumps(known))
    right["ours"] = [(result.right["tonic"], result.right["key"]) for result in chosen]
    plain = [result.example.tune.key.mode in ("major", "minor") for result in chosen]
    print(f"  {len(chosen)} tunes, {sum(plain)} major or minor   tonic  and mode | of these: tonic  and mode")
    for name, answers in right.items():
        shares = [100 * sum(column) / len(answers) for column in zip(*answers, strict=True)]
        of_these = [answer for answer, is_plain in zip(answers, plain, strict=True) if is_plain]
        shares += [100 * sum(column) / len(of_these) for column in zip(*of_these, strict=True)]
        print(f"  {name:32} {shares[0]:5.1f} {shares[1]:9.1f} {shares[2]:16.1f} {shares[3]:9.1f}")


# ------------------------------------------------------------------------------------------------ broken readers

BREAKS: dict[str, Callable[[Tune], Tune]] = {
    "notes": lambda tune: replace(tune, music=tuple(element for element in tune.music if element != tune.notes[-1])),
    "key": lambda tune: replace(tune, key=Key("F#")),
    "metre": lambda tune: replace(tune, meter=Meter(5, 4)),
    "confidence": lambda tune: replace(tune, inferred=tuple(replace(one, confidence=1.0) for one in tune.inferred)),
}


def _break(what: str) -> None:
    """Make our reader wrong: the last note lost, every key F#, every metre 5/4, or always sure."""
    plain = our_midi.parse_midi
    globals()["parse_midi"] = lambda content, name: BREAKS[what](plain(content, name))


def judge_all(
    title: str, made: dict[str, list[Example]], change: Callable[[bytes], bytes], *, differ: bool
) -> tuple[list[Result], dict[str, float]]:
    """Print the table of all examples, read after a change; returns the results, and the shares of those held out."""
    heads = ("all notes", "tonic", "tonic+mode", "bar length", "downbeat", "both")
    print(f"\n{title:34} tunes " + " ".join(f"{head:>10}" for head in heads))
    everything: list[Result] = []
    for name, some in made.items():
        contents = [change(example.file) for example in some]
        start = time.process_time()
        results = [Result(one, *judged(one, content)) for one, content in zip(some, contents, strict=True)]
        row(f"{name} ({len(some) / (time.process_time() - start):.0f} files/s)", results)
        if any(example.part != "test" for example in some):
            row(f"{name}, held out", [result for result in results if result.example.part == "test"])
        everything += results
    shares = row("all held out", [result for result in everything if result.example.part == "test"])
    if differ:
        for result in everything:
            if not all(result.right.values()):
                wrong = ", ".join(what for what, fine in result.right.items() if not fine)
                print(f"  {result.example.place}: wrong {wrong}")
    return everything, shares


def main() -> int:
    """Judge the collections that were asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=CORPORA, action="append", help="only this one (may be repeated)")
    parser.add_argument("--file", type=Path, action="append", default=[], help="an ABC file beside them")
    parser.add_argument("--peers", type=int, default=0, help="of so many held-out tunes music21's key finders too")
    parser.add_argument("--peers-cache", type=Path, help="a file that keeps what music21 said")
    parser.add_argument("--differ", action="store_true", help="print what is read otherwise")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break the reader on purpose")
    chosen = parser.parse_args()
    abc2midi()
    if chosen.broken:
        _break(chosen.broken)
    corpus = read_corpus(*CORPORA)
    parts = parts_by_place(corpus)
    made = {name: list(examples(corpus_sources(name), parts)) for name in chosen.corpus or CORPORA}
    for path in chosen.file:
        sources = list(split_tunes(decode_text(path.read_bytes(), path.name), path.name))
        made[path.name] = with_parts(list(examples(sources, {})), corpus)
    missed = []
    for title, change in ((KEPT, lambda content: content), (REMOVED, without_events)):
        results, shares = judge_all(title, made, change, differ=chosen.differ)
        held_out = [result for result in results if result.example.part == "test"]
        for told in TOLD:
            if any(told in result.sure for result in held_out) and reliability(told, held_out) > MISCALIBRATED:
                missed.append(f"{title}: {told} miscalibrated")
        odd_meters(results)
        for (of, what), goal in GOALS.items():
            if of == title and not shares[what] >= goal:
                missed.append(f"{title}: {what} {shares[what]:.1%}, goal {goal:.0%}")
        if title == REMOVED and chosen.peers:
            print("\nmusic21's key finders, held out:")
            peers_table(held_out, chosen.peers, chosen.peers_cache)
    print("\n" + ("below the goals: " + "; ".join(missed) if missed else "all goals are met"))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
