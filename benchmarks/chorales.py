"""Does a model learn, draw and write four-part music? Bach's chorales of music21, written to MIDI first.

    python benchmarks/chorales.py                         read, round trips, three seeds, 100 pieces of each
    python benchmarks/chorales.py --minutes 8 --seeds 1 --tokens tsd      another vocabulary, one seed
    python benchmarks/chorales.py --set bpe=600           with any setting of a run changed
    python benchmarks/chorales.py --break parts           the same with a tokenizer that is wrong on purpose

music21 writes every chorale as a MIDI file (about a minute, once). Then, in this order:

- every file is read; every vocabulary of MidiTok spells every piece and gives back every note, its onset, number and
  part, counted from the first note of the piece (mido counts the notes of what we write, and shares no code with us);
- a model learns the training pieces and draws; bits per note are of held-out pieces, families kept apart;
- what was drawn is written to MIDI and read by mido: channels and programs, and how many files have four parts or more.

Goals, judged by exit code: every file read, every note back in every vocabulary, 95 of 100 drawn pieces well formed,
every file that we write read by mido with as many notes as we wrote. Exit codes: 0 done, 1 below a goal.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tunewright.corpus.corpus import PieceCorpus
from tunewright.corpus.reading import read_pieces
from tunewright.formats.midi.pieces import to_midi
from tunewright.generation.pieces import generate_pieces
from tunewright.music.piece import Part, Piece, from_first_note
from tunewright.support.errors import TokenError
from tunewright.tokens.polyphony import tokenizer as vocabularies
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.tokens.registry import codec_names
from tunewright.training.config import override
from tunewright.training.loop import train_steps
from tunewright.training.presets import load_preset

WELL_FORMED = 0.95
CLOSE = 0.999  # share of the notes that a vocabulary has to give back


def write_chorales(folder: Path) -> int:
    """Write music21's chorales as MIDI files, those that are not there yet; how many music21 could not write."""
    from music21 import corpus  # noqa: PLC0415 - slow

    failed = 0
    folder.mkdir(parents=True, exist_ok=True)
    for path in corpus.getComposer("bach"):
        target = folder / f"{path.stem}.mid"
        if path.suffix not in (".mxl", ".xml", ".krn") or target.exists():
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                corpus.parse(path).write("midi", fp=str(target))
        except Exception:  # music21 raises many kinds
            failed += 1
    return failed


def mido_notes(content: bytes) -> Counter[tuple[int, int]]:
    """The notes of a MIDI file as mido reads it, by track and number."""
    import mido  # noqa: PLC0415 - a judge

    file = mido.MidiFile(file=io.BytesIO(content))
    return Counter(
        (track, message.note)
        for track, messages in enumerate(file.tracks)
        for message in messages
        if message.type == "note_on" and message.velocity
    )


def notes_by_part(piece: Piece) -> list[tuple[int, Counter[tuple[int, int]]]]:
    """The program of every part, and its notes by onset and number; parts in an order of their own."""
    parts = [(part.program, Counter((note.onset, note.number) for note in part.notes)) for part in piece.parts]
    return sorted(parts, key=lambda part: (part[0], sorted(part[1])))


def round_trips(pieces: tuple[Piece, ...]) -> bool:
    """Every piece through every vocabulary; whether all gave back what they must."""
    print("vocabulary   ids of a piece   pieces whole   notes back   refused   ms a piece")
    passed = True
    for kind in codec_names("piece"):
        tokenizer = PieceTokenizer.fit(kind, pieces)
        whole, kept, total, ids, refused = 0, 0, 0, 0, 0
        began = time.perf_counter()
        for piece in pieces:
            try:
                spelled = tokenizer.encode(piece)
            except TokenError:
                refused += 1
                continue
            back, before = notes_by_part(tokenizer.decode(spelled)), notes_by_part(from_first_note(piece))
            whole, ids = whole + (back == before), ids + len(spelled)
            pairs = zip(back, before, strict=False)
            kept += sum((one & other).total() for (program, one), (same, other) in pairs if program == same)
            total += piece.notes
        passed &= refused == 0 and kept >= CLOSE * total
        each = 1000 * (time.perf_counter() - began) / len(pieces)
        share = 100 * kept / max(total, 1)
        told = f"{kind:<12} {ids / len(pieces):>14,.0f} {whole:>9,} of {len(pieces)} {share:>10.3f} %"
        print(f"{told} {refused:>7} {each:>10.1f}")
    return passed


def learn(corpus: PieceCorpus, folder: Path, arguments: argparse.Namespace, seed: int) -> Path:
    """Train a run, saying what it came to."""
    config = override(load_preset("polyphony"), [f"tokens={arguments.tokens}", f"seed={seed}", *arguments.set])
    path = folder / f"run-{seed}"
    *_, last = train_steps(corpus, path, config, minutes=arguments.minutes)
    print(
        f"seed {seed}: {last.step:,} steps in {last.seconds / 60:.1f} minutes, "
        f"{last.best_bits_per_note:.3f} bits per note of {len(corpus.valid)} held-out pieces",
        flush=True,
    )
    return path


def draw(run: Path, count: int) -> bool:
    """Draw pieces, write them, have mido read them; whether they are as they should be."""
    began = time.perf_counter()
    drawn = list(generate_pieces(run, count, seed=1000, jobs=0))
    seconds = time.perf_counter() - began
    well = [one.piece for one in drawn if one.piece and one.valid]
    same, four = 0, 0
    for piece in well:
        read = mido_notes(to_midi(piece))
        written = Counter((place + 1, note.number) for place, part in enumerate(piece.parts) for note in part.notes)
        same += sorted(number for _, number in read.elements()) == sorted(n for _, n in written.elements())
        four += len({track for track, _ in read}) >= 4
    faults = Counter(one.error.split(":")[0] for one in drawn if not one.valid)
    removed = 100 * sum(one.removed_mass or 0 for one in drawn) / len(drawn)
    notes = sum(one.piece.notes for one in drawn if one.piece)
    print(
        f"  {len(well)} of {count} well formed {dict(faults) or ''}; mido reads {same} of {len(well)} as written, "
        f"{four} with four parts or more; the rules ruled out {removed:.2f} %; {notes / seconds:,.0f} notes a second",
        flush=True,
    )
    return len(well) >= WELL_FORMED * count and same == len(well)


def merge_parts(piece: Piece) -> Piece:
    """The piece with all its parts in one, as a tokenizer would have it that knows programs alone."""
    notes = sorted(note for part in piece.parts for note in part.notes)
    return replace(piece, parts=(Part(tuple(notes), piece.parts[0].program),))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the MIDI files are, or are written; else a temporary folder")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tokens", default="remi")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("-n", type=int, default=100, help="pieces to draw from each run")
    parser.add_argument("--break", dest="broken", choices=["parts"], help="merge all parts before they are spelled")
    arguments = parser.parse_args()
    if arguments.broken:
        encode = PieceTokenizer.encode
        vocabularies.PieceTokenizer.encode = lambda self, piece: encode(self, merge_parts(piece))  # type: ignore[method-assign]
    with TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch) / "chorales"
        failed = write_chorales(folder)
        corpus = read_pieces(folder)
        print(
            f"{len(list(folder.glob('*.mid')))} files ({failed} that music21 could not write): {corpus.read} read, "
            f"{len(corpus.dropped)} dropped, {len(set(corpus.families))} families, "
            f"{len(corpus.train)}/{len(corpus.valid)}/{len(corpus.test)} to learn, to choose, to test",
            flush=True,
        )
        passed = not corpus.dropped
        passed &= round_trips(corpus.pieces)
        for seed in range(arguments.seeds):
            passed &= draw(learn(corpus, Path(scratch), arguments, seed), arguments.n)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
