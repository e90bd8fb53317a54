"""Are the notes right? Our MIDI files against abc2midi's, on copies of the tunes stripped of what it performs.

    python benchmarks/midi.py                             every tune of the built-in corpora
    python benchmarks/midi.py --corpus aird --differ      every tune that differs, and where it does first
    python benchmarks/midi.py --break tuplet              the same with a reader that is wrong on purpose

Decorations, grace notes, chord symbols, `R:` are cut out of the text (`judge.strip`), the same text goes to
abc2midi and to our reader and writer (`performance=False`), and both MIDI files are read with mido. A tune agrees
where pitches and onsets are equal and lengths differ by at most a tick (of 480 to a quarter), repeats unfolded;
abc2midi begins everything one tick late, and an onset between two ticks may be rounded either way.
Exit codes: 0 done, 1 below the goal, 3 abc2midi is missing.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import mido  # type: ignore[import-untyped]
from judge import BREAKS, CORPORA, abc2midi, corpus_sources, strip, without_repeats

from tunewright.formats.abc import Source, parse_tune
from tunewright.formats.midi.tunes import to_midi
from tunewright.music.tune import Part, Tune
from tunewright.support.errors import TunewrightError

GOAL = 0.99
BATCH = 250  # tunes to a run of abc2midi
TICKS = 480  # to a quarter
_MESSAGE = re.compile(r"(?:Warning|Error) in line-char (\d+)--?\d+ : (.*)")

Heard = tuple[float, int, float]  # onset in ticks, MIDI pitch, length in ticks


@dataclass
class Judged:
    """What abc2midi made of one tune."""

    notes: list[Heard] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    file: bytes = b""


def heard(file: io.BytesIO, late: int) -> list[Heard]:
    """The notes of the first track that has any, by onset and pitch; `late` ticks are taken off each onset."""
    score = mido.MidiFile(file=file)
    scale = TICKS / score.ticks_per_beat
    for track in score.tracks:
        now, notes = 0, []
        open_at: dict[int, list[int]] = defaultdict(list)
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                open_at[message.note].append(now)
            elif message.type in ("note_on", "note_off") and open_at[message.note]:
                start = open_at[message.note].pop(0)
                notes.append(((start - late) * scale, message.note, (now - start) * scale))
        if notes:
            return sorted({note[:2]: note for note in notes}.values())  # a unison sounds as one note
    return []


def judge(texts: list[list[str]], folder: Path) -> list[Judged]:
    """abc2midi's reading of some tunes."""
    path = folder / "batch.abc"
    lines: list[str] = []
    starts: list[int] = []
    for number, text in enumerate(texts, 1):
        starts.append(len(lines) + 1)
        lines += [f"X:{number}", "%%MIDI chordattack 0", *(line for line in text if not line.startswith("X:")), ""]
    path.write_text("\n".join(lines) + "\n", encoding="latin-1", errors="replace")
    command = [abc2midi(), path.name, "-NFER", "-NGRA", "-NGUI"]
    output = subprocess.run(command, capture_output=True, check=False, timeout=300, cwd=folder).stdout
    judged = [Judged() for _ in texts]
    for message in _MESSAGE.finditer(output.decode("latin-1")):
        index = max(i for i, start in enumerate(starts) if start <= int(message[1]) or i == 0)
        judged[index].messages.append(message[2].strip())
    for number, one in enumerate(judged, 1):
        made = folder / f"batch{number}.mid"
        if made.exists() and made.stat().st_size:  # a crash leaves an empty file
            one.file = made.read_bytes()
            one.notes = heard(io.BytesIO(one.file), late=1)
            made.unlink()
    written = max((number for number, one in enumerate(judged, 1) if one.notes), default=0)
    if 0 < written < len(texts) - 1:  # it gave up at the tune after the last one it wrote
        judged[written + 1 :] = judge(texts[written + 1 :], folder)
    return judged


def same(ours: list[Heard], theirs: list[Heard]) -> bool:
    """Whether pitches and onsets are equal and lengths differ by at most a tick."""
    return len(ours) == len(theirs) and all(map(_same_note, ours, theirs))


def _same_note(mine: Heard, other: Heard) -> bool:
    return mine[1] == other[1] and abs(mine[0] - other[0]) <= 1 and abs(mine[2] - other[2]) <= 1


def reason(tune: Tune, judged: Judged, as_written: bool) -> str:
    """Why the two differ, as far as a program can tell; `as_written`: whether they agree with all repeats taken out."""
    if not judged.notes:
        return "abc2midi wrote no file"
    if as_written:
        return "the notes as written agree, the order of play does not: " + order_reason(tune)
    found = (why for sign, why in REASONS.items() if any(sign in message for message in judged.messages))
    return next(found, "other")


def order_reason(tune: Tune) -> str:
    """What is special in the order of play of a tune."""
    if tune.parts or any(isinstance(element, Part) for element in tune.music):
        return "parts"
    if tune.form_errors:
        return f"{tune.form_errors[0].partition(': ')[2]}"
    return "no |: where a repeat begins after a double bar or an ending (abc2midi begins elsewhere, or plays it once)"


REASONS = {
    "find note to be tied": "a tie over a bar line from an altered note: abc2midi wants the accidental again",
    "find note before tie": "a tie that begins nowhere",
    "Broken rhythm": "abc2midi stumbles on broken rhythm",
    "broken rhythm": "abc2midi stumbles on broken rhythm",
    "chord": "a chord that abc2midi does not read",
    "nested tuples": "a tuplet within a tuplet",
    "Different length notes in tuple": "a tuplet of unlike notes",
    "Malformed note": "abc2midi stumbles on a sign",
    "Unrecognized character": "abc2midi stumbles on a sign",
    "Unknown mode": "a key that abc2midi does not read",
    "in middle of line": "an old line break that abc2midi does not read",
}


def show(source: Source, why: str, ours: list[Heard], judged: Judged) -> None:
    """Print why two readings of a tune differ, and the first notes where they do."""
    pairs = list(zip(ours, judged.notes, strict=False))
    at = next((i for i, (mine, other) in enumerate(pairs) if not _same_note(mine, other)), len(pairs))
    print(f"{source.place}: {why}: {len(ours)} notes, abc2midi {len(judged.notes)}, first unlike {at}:")
    print(f"    ours {ours[at : at + 3]}\n    abc2midi {judged.notes[at : at + 3]}\n    {judged.messages[:4]}")


def read(source: Source, text: list[str]) -> Tune:
    """The tune in a stripped text, at its own place."""
    return parse_tune(Source(source.name, source.line, tuple(text)))


def sounded(tune: Tune) -> list[Heard]:
    """The notes of our own MIDI file of a tune, without performance."""
    return heard(io.BytesIO(to_midi(tune, performance=False)), late=0)


def agree_as_written(sources: list[Source], texts: list[list[str]], folder: Path) -> list[bool]:
    """Whether some tunes agree once every repeat sign and ending is taken out of the text."""
    plain = [without_repeats(text) for text in texts]
    judged = judge(plain, folder) if plain else []
    return [
        same(sounded(read(source, text)), one.notes) for source, text, one in zip(sources, plain, judged, strict=True)
    ]


def compare(corpus: str, folder: Path, *, differ: bool) -> tuple[int, int]:
    """How many regular tunes of a corpus agree, and of how many."""
    sources = corpus_sources(corpus)
    total, skipped, unlike = 0, Counter[str](), []
    for begin in range(0, len(sources), BATCH):
        batch = sources[begin : begin + BATCH]
        texts = [strip(source.lines) for source in batch]
        for source, text, judged in zip(batch, texts, judge(texts, folder), strict=True):
            try:
                tune = read(source, text)
                ours = sounded(tune)
            except TunewrightError as error:
                skipped[str(error)] += 1
                continue
            skipped["irregular"] += tune.irregular
            total += not tune.irregular
            if not tune.irregular and not same(ours, judged.notes):
                unlike.append((source, text, tune, ours, judged))
    print(f"\n{corpus}: {total - len(unlike)} of {total} regular tunes agree ({1 - len(unlike) / total:.2%})")
    print(f"  not compared: {dict(skipped)}")
    as_written = agree_as_written([one[0] for one in unlike], [one[1] for one in unlike], folder)
    reasons: dict[str, list[str]] = defaultdict(list)
    for (source, _, tune, ours, judged), agrees in zip(unlike, as_written, strict=True):
        why = reason(tune, judged, agrees)
        reasons[why].append(source.place)
        if differ:
            show(source, why, ours, judged)
    for why, places in sorted(reasons.items(), key=lambda item: -len(item[1])):
        print(f"  differ: {len(places)}: {why}: {', '.join(places[:3])}")
    return total - len(unlike), total


def main() -> int:
    """Compare the corpora that were asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=CORPORA, action="append", help="only this one (may be repeated)")
    parser.add_argument("--differ", action="store_true", help="print every tune that differs")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break the reader on purpose")
    chosen = parser.parse_args()
    abc2midi()
    if chosen.broken:
        BREAKS[chosen.broken]()
    with tempfile.TemporaryDirectory() as folder:
        counts = [compare(corpus, Path(folder), differ=chosen.differ) for corpus in chosen.corpus or CORPORA]
    agreed, total = (sum(column) for column in zip(*counts, strict=True))
    print(f"\nall: {agreed} of {total} regular tunes agree ({agreed / total:.2%})")
    return 0 if agreed >= GOAL * total else 1


if __name__ == "__main__":
    sys.exit(main())
