"""What do we refuse of odd MIDI files that mido reads, and the other way round?

    python benchmarks/odd_midi.py                    about 320 files: 16 kinds of trouble in 20 real tunes each
    python benchmarks/odd_midi.py --folder DIR       the MIDI files of a folder as well
    python benchmarks/odd_midi.py --break broken     the same with a reader that refuses what is broken, as it did

Files are made of built-in tunes: what other programs write (running status over meta events, wrappers, chunks of other
kinds, padding, video frames), and what transfer and disks make of them (cut, joined, with junk, with lengths that lie).
mido reads each with its defaults; a file counts as read where it finds a note. Printed are the counts of each kind, and
every file that mido reads and we refuse, with our reason. Those for a reason in `REASONS` are expected.
Exit codes: 0 done, 1 a file that mido reads is refused for another reason, or fewer than nine in ten tunes are whole.
"""

from __future__ import annotations

import argparse
import io
import random
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import mido  # type: ignore[import-untyped]

from tunewright.corpus.reading import read_corpus
from tunewright.formats.midi import reader
from tunewright.formats.midi.tunes import parse_midi, to_midi
from tunewright.music.playing import soundings
from tunewright.support.errors import ParseError, TunewrightError

TUNES = 20
TICKS = 480
END = b"\0\xff\x2f\0"
Made = tuple[bytes, bool]  # a file, and whether every note of the tune is to be read
REASONS = {
    "no melody found": "what the notes are is no line that anybody would sing",
    "no beat found": "the notes keep no beat, since times were hit",
    "expected a melody": "it has no notes, or drums alone",
    "expected at least 1": "it is broken off before a whole bar",
    "cut short at byte": "it is broken off before a whole bar",
    "time division": "no time can be counted in it",
    "to a whole note": "its times were hit: too many notes at once",
    "shorter than a quarter": "its metre was hit: more bars than can be written",
    "whole notes; expected": "its times were hit: longer than two hours",
    "found: the likeliest": "no metre or key explains the notes",
    "bars; expected at most": "its times were hit: more bars than can be written",
    "broken at byte": "it is broken before a whole bar",
}


# ------------------------------------------------------------------------------------------------ kinds of files


def parts(content: bytes) -> tuple[bytes, bytes]:
    """Head and events of a file of one track."""
    return content[:14], content[22:]


def joined(head: bytes, *tracks: bytes, between: bytes = b"") -> bytes:
    """A file of tracks, with something between them."""
    head = head[:10] + len(tracks).to_bytes(2) + head[12:]
    return head + between.join(b"MTrk" + len(events).to_bytes(4) + events for events in tracks)


def messages(content: bytes) -> list[tuple[int, bytes]]:
    """Times and bytes of the events of the first track."""
    return [(message.time, bytes(message.bin())) for message in mido.MidiFile(file=io.BytesIO(content)).tracks[0]]


def length(number: int) -> bytes:
    """A time as a file has it."""
    found = [number & 0x7F]
    while number := number >> 7:
        found.append(0x80 | number & 0x7F)
    return bytes(found[::-1])


def running(content: bytes, rng: random.Random, between: bytes = b"\0\xff\x06\x01x") -> Made:
    """Note-ons alone under running status, with another event now and then."""
    events, last = b"", b""
    for time, event in messages(content):
        if event[0] >> 4 == 8:
            event = bytes([event[0] | 0x10, event[1], 0])
        short = event[:1] == last and event[0] < 0xF0
        events += length(time) + (event[1:] if short else event)
        last = event[:1] if event[0] < 0xF0 else last
        if event[0] >> 4 == 9 and rng.random() < 0.2:
            events += between
    return joined(content[:14], events), True


def riff(content: bytes, rng: random.Random) -> Made:
    """In a wrapper, with words before or after."""
    words = b"LIST" + struct.pack("<I", 24) + b"INFOINAM" + struct.pack("<I", 12) + b"A fine tune\0"
    data = b"data" + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    inside = rng.choice((data, words + data, words * 9 + data, data + words))
    return b"RIFF" + struct.pack("<I", 4 + len(inside)) + b"RMID" + inside, True


def cut(content: bytes, rng: random.Random) -> Made:
    """Cut short somewhere in its second half."""
    return content[: rng.randrange(len(content) // 2, len(content))], False


def cut_by_a_byte(content: bytes, rng: random.Random) -> Made:
    """A byte short, or two, three, four: all notes are there."""
    return content[: -rng.randrange(1, 5)], True


def cut_behind_the_melody(content: bytes, rng: random.Random) -> Made:
    """Cut short in a track after that of the melody."""
    head, events = parts(content)
    bass = b"".join(b"\0\x91\x24\x50" + length(4 * TICKS) + b"\x81\x24\x00" for _ in range(8)) + END
    return joined(head, events, bass)[: -rng.randrange(1, len(bass))], True


def lying(content: bytes, rng: random.Random) -> Made:
    """A track whose length is not true."""
    size = rng.choice((0, 1, 8, len(content) // 2, len(content), 2**31, 2**32 - 1))
    return content[:18] + size.to_bytes(4) + content[22:], True


def junk(content: bytes, rng: random.Random) -> Made:
    """Junk between two tracks."""
    head, events = parts(content)
    names = b"\0\xff\x03\x03odd" + END
    return joined(head, names, events, between=rng.randbytes(rng.randrange(1, 40)).replace(b"MTrk", b"")), True


def foreign(content: bytes, rng: random.Random) -> Made:
    """Chunks of other kinds between the tracks, and after."""
    head, events = parts(content)
    chunk = b"XFIH" + (6).to_bytes(4) + rng.randbytes(6)
    return joined(head, b"\0\xff\x03\x03odd" + END, b"", events, between=chunk) + chunk, True


def padded(content: bytes, rng: random.Random) -> Made:
    """With bytes after its end."""
    return content + rng.choice((bytes(3), bytes(100), b"\x1a" * 128, b"\r\n", b"MTrk", b"</html>")), True


def behind(content: bytes, rng: random.Random) -> Made:
    """With bytes before its head, as MacBinary and mail have them."""
    return rng.choice((bytes(128), b"\r\n", b"Content-Type: audio/midi\r\n\r\n")) + content, True


def long_head(content: bytes, rng: random.Random) -> Made:
    """A head that is longer than it was in 1988, or says so."""
    if rng.random() < 0.5:
        return content[:4] + (10).to_bytes(4) + content[8:14] + b"MORE" + content[14:], True
    return content[:4] + rng.choice((0, 5, 2**32 - 1)).to_bytes(4) + content[8:], True


def frames(content: bytes, rng: random.Random) -> Made:
    """Time in video frames."""
    code, rate = rng.choice(((0xE8, 24.0), (0xE7, 25.0), (0xE3, 30000 / 1001), (0xE2, 30.0)))
    wanted = before = 0
    events = b""
    for time, event in messages(content):
        wanted += time
        now = round(wanted * rate * 80 * 0.5 / TICKS)
        if event[:2] != b"\xff\x51":
            events, before = events + length(now - before) + event, now
    head, _ = parts(content)
    return joined(head[:12] + bytes([code, 80]), events), True


def named(content: bytes, rng: random.Random) -> Made:
    """A name in no Unicode, or none that can be printed."""
    head, events = parts(content)
    name = rng.choice(
        ("Калинка".encode("cp1251"), "さくら".encode("cp932"), "café".encode("latin-1"), b"\xff\xfe\0", b"100% \\ <b>")
    )
    return joined(head, b"\0\xff\x03" + length(len(name)) + name + END, events), True


def bits(content: bytes, rng: random.Random) -> Made:
    """One to three bits turned."""
    found = bytearray(content)
    for _ in range(rng.randrange(1, 4)):
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found), False


def bytes_lost(content: bytes, rng: random.Random) -> Made:
    """A byte or a few lost inside."""
    place = rng.randrange(14, len(content))
    return content[:place] + content[place + rng.randrange(1, 6) :], False


KINDS: dict[str, Callable[[bytes, random.Random], Made]] = {
    "running status over meta events": running,
    "running status over system-exclusive events": lambda c, rng: running(c, rng, b"\0\xf0\x03\x41\x10\xf7"),
    "in a RIFF wrapper": riff,
    "cut short": cut,
    "cut by one to four bytes": cut_by_a_byte,
    "cut behind the melody": cut_behind_the_melody,
    "a length that is not true": lying,
    "junk between tracks": junk,
    "chunks of other kinds, an empty track": foreign,
    "bytes after the end": padded,
    "bytes before the head": behind,
    "a longer head": long_head,
    "time in video frames": frames,
    "a name in no Unicode": named,
    "bits turned": bits,
    "bytes lost": bytes_lost,
}


# ------------------------------------------------------------------------------------------------ reading both ways


def by_mido(content: bytes) -> bool:
    """Whether mido reads it, with notes."""
    try:
        tracks = mido.MidiFile(file=io.BytesIO(content)).tracks
    except Exception:  # it raises whatever comes
        return False
    return any(message.type == "note_on" and message.velocity for track in tracks for message in track)


def by_us(content: bytes) -> tuple[list[int], str]:
    """The numbers of the notes that we read, or why there are none."""
    try:
        tune = parse_midi(content, "x.mid")
    except TunewrightError as error:
        return [], str(error).removeprefix("x.mid: ")
    return [note.pitch.midi for note in soundings(tune)], ""


def files(folder: Path | None) -> Iterator[tuple[str, str, Made, list[int]]]:
    """Kind, name, file, and the numbers of the tune's notes, none where they are not known."""
    rng = random.Random(14)
    corpus = read_corpus("oneill", "ryan")
    tunes = [tune for tune in corpus.tunes if len(tune.notes) > 24 and not tune.irregular]
    for kind, make in KINDS.items():
        for tune in rng.sample(tunes, TUNES):
            numbers = [note.pitch.midi for note in soundings(tune)]
            yield kind, tune.source, make(to_midi(tune, performance=False), rng), numbers
    for path in sorted(folder.rglob("*")) if folder else ():
        if path.suffix.lower() in (".mid", ".midi", ".kar", ".rmi"):
            yield "of the folder", str(path), (path.read_bytes(), False), []


def _refuse_what_is_broken() -> None:
    plain = reader._Reader._read_events

    def read(track: reader._Reader) -> bool:
        ended = plain(track)
        if track.file.broken:
            raise ParseError(track.file.broken, track.name)
        return ended

    reader._Reader._read_events = read


BREAKS: dict[str, Callable[[], None]] = {"broken": _refuse_what_is_broken}


def main() -> int:
    """Print what each reads; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="MIDI files to read as well")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break the reader on purpose")
    chosen = parser.parse_args()
    if chosen.broken:
        BREAKS[chosen.broken]()
    counts: dict[str, Counter[str]] = {}
    refused: Counter[str] = Counter()
    unexpected: list[str] = []
    for kind, name, (content, whole), numbers in files(chosen.folder):
        count = counts.setdefault(kind, Counter())
        theirs, (ours, why) = by_mido(content), by_us(content)
        count.update(files=1, mido=theirs, ours=not why, whole=bool(numbers) and ours == numbers, wanted=whole)
        if theirs and why:
            reason = next((said for sign, said in REASONS.items() if sign in why), "")
            refused[reason or why] += 1
            unexpected += [] if reason else [f"{kind}, {name}: {why}"]
    print(f"{'':46} files  mido  ours  ours, every note  of those that have them")
    for kind, count in counts.items():
        shown = f"{count['files']:5} {count['mido']:5} {count['ours']:5} {count['whole']:17} {count['wanted']:24}"
        print(f"{kind:46} {shown}")
    print("read by mido and refused by us:")
    for reason, number in refused.most_common():
        print(f"  {number:4} {reason}")
    print("\n".join(unexpected))
    wanted = sum(count["wanted"] for count in counts.values())
    whole = sum(count["whole"] for count in counts.values() if count["wanted"])
    return int(bool(unexpected) or whole < 0.9 * wanted)


if __name__ == "__main__":
    sys.exit(main())
