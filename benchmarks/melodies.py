"""What do we make of MIDI melodies? abc2midi's files of real tunes, with their metre and key events and without.

    python benchmarks/melodies.py                            oneill, ryan, aird; and the files given with --file
    python benchmarks/melodies.py --file irish.abc           an ABC file beside them
    python benchmarks/melodies.py --analysers                music21's key finders on the same notes (slow)
    python benchmarks/melodies.py --differ                   every tune that is read otherwise, and how
    python benchmarks/melodies.py --break key|metre          the same with a reader that is wrong on purpose

Decorations, grace notes, chord symbols and `R:` are cut out of the text (`judge.strip`), and abc2midi, which shares no
code with us, makes MIDI of it, repeats unfolded. Essen is left out: its key labels are unreliable. What is right
is read with mido (notes) and from the text (`K:`, `M:`, the first bar line). Tables are by collection, and for the
families that our tables were not learned from. Only regular tunes are counted.
Exit codes: 0 done, 1 below a goal, 3 abc2midi is missing.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import mido  # type: ignore[import-untyped]
from judge import abc2midi, corpus_sources, strip
from midi import BATCH, Heard, judge, same

from tunewright import midi as our_midi
from tunewright.abcnotation import Source, decode_text, parse_tune, split_tunes
from tunewright.corpus import read_corpus
from tunewright.errors import TunewrightError
from tunewright.midi import parse_midi
from tunewright.playing import soundings
from tunewright.tune import SEMITONES, Bar, Key, Meter, MeterChange, Note, Rest, Tune

CORPORA = ("oneill", "ryan", "aird")
GOALS = {"notes": 0.97, "key": 0.88, "tonic, no events": 0.80, "bars, no events": 0.85}
TICKS_PER_WHOLE = 1920


@dataclass(frozen=True)
class Example:
    """A tune as MIDI, and what is right about it."""

    place: str
    tune: Tune  # as our reader has the stripped text: its key, metre and bar lines are the truth
    notes: list[Heard]
    file: bytes
    held_out: bool


def examples(sources: list[Source], held_out: set[str] | None) -> Iterator[Example]:
    """The regular tunes of some sources that abc2midi makes a file of."""
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
                    out = held_out is None or source.place in held_out
                    yield Example(source.place, tune, judged.notes, judged.file, out)


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


def held_out_places() -> set[str]:
    """The places ("file:line") of the tunes whose families nothing was learned from."""
    corpus = read_corpus(*CORPORA)
    parts = {tune.source: part for tune, part in zip(corpus.tunes, corpus.split, strict=True)}
    places = {source.rpartition("/")[2] for source, part in parts.items() if part != "train"}
    return places | {left.rpartition("/")[2] for left, kept in corpus.duplicates if parts[kept] != "train"}


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


def judged(example: Example, content: bytes) -> dict[str, bool]:
    """What is right about our reading of a file: only what can be judged."""
    truth = example.tune
    wrong = dict.fromkeys(("notes", "tonic", "key", "bar length", "downbeat", "bars"), False)
    try:
        read = parse_midi(content, example.place)
    except TunewrightError:
        return wrong
    right = {"notes": same(from_zero(example.notes), heard_in(read))}
    if truth.key.tonic is not None:
        right["tonic"] = pitch_class(read.key) == pitch_class(truth.key)
        right["key"] = right["tonic"] and read.key.mode == truth.key.mode
    if constant(truth):
        right["bar length"] = read.meter.length == truth.meter.length
        right["downbeat"] = upbeat(read) == upbeat(truth)
        right["bars"] = right["bar length"] and right["downbeat"]
    return right


def row(name: str, results: list[dict[str, bool]]) -> dict[str, float]:
    """Print the shares of one table row, and return them."""
    shares = {}
    for what in ("notes", "tonic", "key", "bar length", "downbeat", "bars"):
        judged_here = [result[what] for result in results if what in result]
        shares[what] = sum(judged_here) / len(judged_here) if judged_here else float("nan")
    print(f"{name:34} {len(results):5} " + " ".join(f"{100 * share:10.1f}" for share in shares.values()), flush=True)
    return shares


# ------------------------------------------------------------------------------------------------ others' key finders

ANALYSERS = ("KrumhanslSchmuckler", "AardenEssen", "TemperleyKostkaPayne", "BellmanBudge", "SimpleWeights")


def analysed(example: Example) -> dict[str, tuple[int, str]]:
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


def analysers_table(chosen: list[Example]) -> None:
    """Print how often each of music21's key finders is right about the tonic, and tonic and mode."""
    right: dict[str, list[tuple[bool, bool]]] = {name: [] for name in ANALYSERS}
    for example in chosen:
        if example.tune.key.tonic is None:
            continue
        for name, (tonic, mode) in analysed(example).items():
            same_tonic = tonic == pitch_class(example.tune.key)
            right[name].append((same_tonic, same_tonic and mode == example.tune.key.mode))
    for name, results in right.items():
        tonic_share, key_share = (sum(column) / len(results) for column in zip(*results, strict=True))
        print(f"  {name:32} {len(results):5}  tonic {100 * tonic_share:5.1f}  tonic and mode {100 * key_share:5.1f}")


# ------------------------------------------------------------------------------------------------ broken readers


def _break(what: str) -> None:
    """Make our reader wrong: every key a fifth too high, or every metre 5/4."""
    plain = our_midi.parse_midi

    def broken(content: bytes, name: str) -> Tune:
        tune = plain(content, name)
        return replace(tune, key=Key("F#")) if what == "key" else replace(tune, meter=Meter(5, 4))

    globals()["parse_midi"] = broken


def main() -> int:
    """Judge the collections that were asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=CORPORA, action="append", help="only this one (may be repeated)")
    parser.add_argument("--file", type=Path, action="append", default=[], help="an ABC file beside them")
    parser.add_argument("--analysers", action="store_true", help="music21's key finders too")
    parser.add_argument("--differ", action="store_true", help="print what is read otherwise")
    parser.add_argument("--break", dest="broken", choices=("key", "metre"), help="break the reader on purpose")
    chosen = parser.parse_args()
    abc2midi()
    if chosen.broken:
        _break(chosen.broken)
    places = held_out_places()
    made = {name: list(examples(corpus_sources(name), places)) for name in chosen.corpus or CORPORA}
    for path in chosen.file:
        sources = list(split_tunes(decode_text(path.read_bytes(), path.name), path.name))
        made[path.name] = list(examples(sources, None))
    heads = ("tunes", "all notes", "tonic", "tonic+mode", "bar length", "downbeat", "both")
    missed = False
    for title, change in (("events kept", lambda content: content), ("metre and key events removed", without_events)):
        print(f"\n{title:34} {heads[0]:>5} " + " ".join(f"{head:>10}" for head in heads[1:]))
        everything: list[tuple[Example, dict[str, bool]]] = []
        for name, some in made.items():
            start = time.process_time()
            pairs = [(example, judged(example, change(example.file))) for example in some]
            row(f"{name} ({len(some) / (time.process_time() - start):.0f} files/s)", [result for _, result in pairs])
            if any(not example.held_out for example in some):
                row(f"{name}, held out", [result for example, result in pairs if example.held_out])
            everything += pairs
        kept = row("all held out", [result for example, result in everything if example.held_out])
        if title == "events kept":
            missed |= kept["notes"] < GOALS["notes"] or kept["key"] < GOALS["key"]
        else:
            missed |= kept["tonic"] < GOALS["tonic, no events"] or kept["bars"] < GOALS["bars, no events"]
        if chosen.differ:
            for example, result in everything:
                if not all(result.values()):
                    print(f"  {example.place}: wrong {', '.join(what for what, fine in result.items() if not fine)}")
    if chosen.analysers:
        for name, some in made.items():
            print(f"\nmusic21's key finders, {name}, held out:")
            analysers_table([example for example in some if example.held_out])
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
