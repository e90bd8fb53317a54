"""How fast are MIDI files read, and what can one file, or a folder of very many, cost?

    python benchmarks/midi_reading.py                      speed beside other readers, and the heaviest files we know
    python benchmarks/midi_reading.py --folders 1000 10000 the same, and folders of so many files: time, memory
    python benchmarks/midi_reading.py --break slow         with a reader that is slow on purpose

Speed is on one core, in processor time, over MIDI files of built-in tunes as we write them: the parse alone (notes and
events), and all the way to a finished tune. Peers read the same bytes in the same run, each as many as it can in a
while. symusic is given sound files only: on damaged ones it ends the process. Each heavy file is read in a process of
its own; memory is what that process took beyond a small file. Exit codes: 0 done, 1 below a goal.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from tunewright.corpus.reading import read_corpus
from tunewright.formats.midi import tunes as midi
from tunewright.formats.midi.reader import LARGEST, parse_file
from tunewright.formats.midi.tunes import to_midi

PARSED, FINISHED = 1000, 200  # files a second, the goals
SECONDS, MEGABYTES = 2.0, 200.0  # for one file of at most `midi_files.LARGEST` bytes
WHILE = 4.0  # seconds that a peer is given
TUNES = 1000
ROUNDS = 3  # the best counts: other work on the machine only adds
END = b"\0\xff\x2f\0"
QUARTER = b"\x83\x60"
SCALE = (60, 62, 64, 65, 67, 69, 67, 65, 64, 65, 64, 62)


# ------------------------------------------------------------------------------------------------ speed


def sound_files(count: int) -> list[bytes]:
    """MIDI files of the first regular tunes of a built-in collection, as `write_midi` writes them."""
    tunes = (tune for tune in read_corpus("oneill").tunes if not tune.irregular and len(tune.notes) > 16)
    return [to_midi(tune) for tune in islice(tunes, count)]


def per_second(read: Callable[[bytes], object], files: Iterable[bytes], seconds: float = 1e9) -> float:
    """How many files are read in a second of processor time; stops after so many."""
    begin = time.process_time()
    count = 0
    for content in files:
        read(content)
        count += 1
        if time.process_time() - begin > seconds:
            break
    return count / (time.process_time() - begin)


def peers() -> Iterator[tuple[str, Callable[[bytes], object]]]:
    """Other readers of MIDI files that are installed, by name."""
    import mido  # type: ignore[import-untyped]  # noqa: PLC0415 - each only where it is asked for

    yield "mido", lambda content: mido.MidiFile(file=io.BytesIO(content))
    import pretty_midi  # noqa: PLC0415

    yield "pretty_midi", lambda content: pretty_midi.PrettyMIDI(io.BytesIO(content))
    import symusic  # noqa: PLC0415

    yield "symusic (C++)", lambda content: symusic.Score.from_midi(content)
    from music21 import midi as music21_midi  # noqa: PLC0415

    def music21(content: bytes) -> object:
        file = music21_midi.MidiFile()
        file.readstr(content)
        return music21_midi.translate.midiFileToStream(file)

    yield "music21 (to its stream)", music21


def speed() -> bool:
    """Print files a second, ours and others'; whether ours reach the goals."""
    files = sound_files(TUNES)
    notes = sum(len(track.notes) for content in files for track in parse_file(content, "x.mid").tracks)
    print(f"{len(files):,} files, {notes / len(files):.0f} notes each on average\n")
    parsed = max(per_second(lambda content: parse_file(content, "x.mid"), files) for _ in range(ROUNDS))
    finished = max(per_second(lambda content: midi.parse_midi(content, "x.mid"), files) for _ in range(ROUNDS))
    print("| reader | files a second on one core | ours, the parse, is so many times as fast |")
    print("| --- | ---: | ---: |")
    print(f"| tunewright, the parse (goal {PARSED:,}) | {parsed:,.0f} | |")
    print(f"| tunewright, to a finished tune (goal {FINISHED}) | {finished:,.0f} | {parsed / finished:.1f} |")
    for name, read in peers():
        rate = per_second(read, files, WHILE)
        print(f"| {name} | {rate:,.0f} | {parsed / rate:.2g} |", flush=True)
    return parsed >= PARSED and finished >= FINISHED


# ------------------------------------------------------------------------------------------------ heavy files


def file_of(*tracks: bytes, division: bytes = b"\x01\xe0") -> bytes:
    """A MIDI file of these events."""
    head = b"MThd\0\0\0\6\0\1" + min(len(tracks), 0xFFFF).to_bytes(2) + division
    return head + b"".join(b"MTrk" + len(events).to_bytes(4) + events for events in tracks)


def melody(notes: int, wait: bytes = QUARTER, channels: int = 1, between: bytes = b"\0") -> bytes:
    """A track of so many notes of a scale, one after another."""
    events = []
    for n in range(notes):
        channel, number = n % channels, SCALE[n % len(SCALE)]
        events.append(between + bytes([0x90 | channel, number, 80]) + wait + bytes([0x80 | channel, number, 0]))
    return b"".join(events) + END


def changes(of: Callable[[int], bytes], count: int = 1900) -> bytes:
    """A track of so many meta events, a quarter apart."""
    return b"".join(QUARTER + b"\xff" + of(n) for n in range(count)) + END


def without_beat(count: int) -> bytes:
    """A track of notes with any wait between them."""
    chance = random.Random(1)
    events = []
    for _ in range(count):
        wait, number = chance.randrange(128, 2000), 60 + chance.randrange(12)
        events.append(bytes([0x80 | wait >> 7, wait & 127, 0x90, number, 80, 0x81, wait & 127, 0x80, number, 0]))
    return b"".join(events) + END


def heavy() -> dict[str, bytes]:
    """Files that take a reader long, or much."""
    chord = b"".join(b"\0\x90" + bytes([n, 80]) for n in range(30, 78))
    released = chord[1:].replace(b"\x50\0\x90", b"\0\0\x80")
    return {
        "199,000 notes at one onset": file_of(b"".join(b"\0\x90" + bytes([n % 128, 80]) for n in range(199_000)) + END),
        "199,000 notes a tick apart": file_of(melody(199_000, b"\1")),
        "the same, each in another channel": file_of(melody(199_000, b"\1", 16)),
        "199,000 notes, 128ths": file_of(melody(199_000, b"\x0f")),
        "a million notes in a bar": file_of(b"\0\x90\x3c\x50" * 10**6 + END),
        "16,000 quarters": file_of(melody(16_000)),
        "32,000 eighths": file_of(melody(32_000, b"\x81\x70")),
        "64,000 sixteenths": file_of(melody(64_000, b"\x78")),
        "16,000 notes, one tick to a quarter": file_of(melody(16_000, b"\1"), division=b"\0\1"),
        "60,000 notes without a beat": file_of(without_beat(60_000)),
        "4,000 chords of 48 notes": file_of((chord + QUARTER + released) * 2000 + END),
        "bars of a 64th": file_of(b"\0\xff\x58\4\1\6\x18\x08" + melody(16_000)),
        "bars of an eighth": file_of(b"\0\xff\x58\4\1\3\x18\x08" + melody(16_000)),
        "bars of a quarter": file_of(b"\0\xff\x58\4\1\2\x18\x08" + melody(16_000)),
        "1,900 metres": file_of(changes(lambda n: b"\x58\4" + bytes([1 + n % 7, 2, 24, 8])), melody(16_000)),
        "1,900 keys": file_of(changes(lambda n: b"\x59\2" + bytes([n % 7, n % 2])), melody(16_000)),
        "65,535 tracks of a note": file_of(*[melody(1)] * 65_535),
        "1.3 million tracks": file_of(*[END] * 1_300_000),
        "gigabytes of silence": file_of(b"\xff\xff\xff\x7f\xb0\x07\x40" * 2_300_000 + END),
        "5,000 notes, a day between each": file_of(melody(5000, between=b"\xff\xff\xff\x7f")),
        "5.5 million controllers": file_of(b"\0\xb0" + b"\7\x40\0" * 5_500_000 + b"\7\x40" + END),
        "4 million offs without ons": file_of(b"\0\x80\x3c\0" * 4_000_000 + END),
        "4 million empty texts": file_of(b"\0\xff\1\0" * 4_000_000 + END),
        "4 million system messages": file_of(b"\0\xf0\1\xf7" * 4_000_000 + END),
    }


MEASURE = """
import sys, time
from pathlib import Path
from tunewright.corpus.files import _Reading
from tunewright.corpus.kinds import TUNE
from tunewright.corpus.sources import Files
def most():
    return int(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1]) / 1024
small, large = (_Reading(Files([name]), TUNE, '') for name in sys.argv[1:])
list(small(0))
Path('/proc/self/clear_refs').write_text('5')
before, begin = most(), time.process_time()
process, _, found, reason = list(large(0))[0]
print(time.process_time() - begin, most() - before, f'a tune of {len(found[2][0]):,} elements' if process else reason)
"""


def heavy_files(folder: Path) -> bool:
    """Print what each heavy file costs from its bytes to a packed tune; whether all are within the limits."""
    small, large = folder / "small.mid", folder / "large.mid"
    small.write_bytes(sound_files(1)[0])
    print("\n| file | MB | seconds | MB of memory | found |\n| --- | ---: | ---: | ---: | --- |")
    good = True
    for name, content in heavy().items():
        large.write_bytes(content[:LARGEST])
        command = [sys.executable, "-c", MEASURE, str(small), str(large)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds, megabytes, found = told.strip().split(" ", 2)
        within = float(seconds) <= SECONDS and float(megabytes) <= MEGABYTES
        good = good and within
        size = f"{min(len(content), LARGEST) / 2**20:.1f}"
        mark = "" if within else " **over**"
        print(f"| {name} | {size} | {float(seconds):.2f} | {float(megabytes):.0f} | {found[:90]}{mark} |", flush=True)
    return good


# ------------------------------------------------------------------------------------------------ folders

READ = """
import resource, sys, time
from pathlib import Path
from tunewright.corpus.reading import read_corpus
Path('/proc/self/clear_refs').write_text('5')  # the most so far is of who started us
begin = time.perf_counter()
corpus = read_corpus(sys.argv[1], cache=False)
most = int(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(len(corpus.tunes), len(corpus.duplicates), len(corpus.dropped), len(set(corpus.families)),
      time.perf_counter() - begin, sum(one.ru_utime + one.ru_stime for one in used), most / 1024)
"""


def varied_files(count: int) -> Iterator[bytes]:
    """MIDI files of built-in tunes, each with other notes changed; one in ten damaged in one way or another."""
    files = sound_files(TUNES)
    for number in range(count):
        chance = random.Random(number)
        content = bytearray(chance.choice(files))
        onsets = [
            place for place in range(40, len(content) - 3) if content[place] == 0x90 and 40 < content[place + 1] < 90
        ]
        for place in chance.sample(onsets, min(len(onsets), 3)):
            content[place + 1] += chance.choice((-2, -1, 1, 2))
        kind = number % 40
        damaged = (b"", b"text", chance.randbytes(500), bytes(content[: chance.randrange(14, len(content))]))
        yield damaged[kind] if kind < len(damaged) else bytes(content)


def folders(sizes: list[int], folder: Path) -> None:
    """Print what folders of so many files cost."""
    print("\n| files | tunes | duplicates | dropped | families | seconds | processor seconds | MB at most |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for size in sizes:
        inside = folder / str(size)
        for number, content in enumerate(varied_files(size)):
            path = inside / f"{number // 1000:03d}" / f"{number:06d}.mid"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        command = [sys.executable, "-c", READ, str(inside)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        print(f"| {size:,} | {' | '.join(f'{float(one):,.0f}' for one in told)} |", flush=True)


# ------------------------------------------------------------------------------------------------ all


def slow() -> None:
    """Break the reader on purpose: every file is read twenty times."""
    read = midi.parse_midi

    def again(content: bytes, name: str, *, melody: str = "") -> object:
        for _ in range(20):
            read(content, name, melody=melody)
        return read(content, name, melody=melody)

    midi.parse_midi = again  # type: ignore[assignment]


def main() -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folders", type=int, nargs="+", default=[], metavar="N", help="folders of so many files too")
    parser.add_argument("--break", dest="broken", choices=["slow"], help="break the reader on purpose")
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if chosen.broken:
        slow()
    with tempfile.TemporaryDirectory() as name:
        good = [speed(), heavy_files(Path(name))]
        folders(chosen.folders, Path(name))
    for what, met in zip(("speed", "heavy files"), good, strict=True):
        print(f"{what}: {'as asked for' if met else 'BELOW THE GOAL'}")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
