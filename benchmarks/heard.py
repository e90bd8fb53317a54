"""Is what one hears right? Notes and onsets of every tune, ours and abc2midi's, which shares no code with us.

    python benchmarks/heard.py FOLDER_OR_FILE...            each a collection of ABC files, counted by itself
    python benchmarks/heard.py FILE --differ 5              the first differences, with the text of the tune
    python benchmarks/heard.py FILE --break octave          the same with notes that are wrong on purpose

Both get the same text of one tune: its lines from X: to the next, without grace notes, decorations, chord symbols,
words and what tells abc2midi how to swing, which are played by taste. Ours is the MIDI file that
`tunewright render --straight` would write, theirs the one of abc2midi; both are read by mido. A tune agrees where the
same numbers have the same onsets, all voices together; of some chords abc2midi plays the notes 1/48 of a quarter after
one another. What differs is counted by a cause that is tried: where the two agree once repeats, endings and parts are
taken out of the text they differ in unfolding alone, and so on; what is left is `unexplained`. `midi.py` holds lengths
against abc2midi too, of regular tunes of the built-in collections. Exit codes: 0 done, 1 below the goal, 3 abc2midi is
missing.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import mido

from tunewright.formats.abc.scores import parse_scores
from tunewright.formats.formats import write
from tunewright.support.errors import TunewrightError

GOAL = 0.995  # of the tunes agree or differ by a cause in which we are right
GRID = 96  # parts of a quarter in which onsets are counted
NEAR = 8  # of them: what lies so near is one onset
TASTE = (  # not music, or played by taste
    (r"(?m)^[wWsNGHSRZBDFOAICQrU]:.*$\n?", ""),
    (r'"[^"\n]*"', ""),
    (r"\{[^}\n]*\}", ""),
    (r"![^!\n]*!|\+[a-z0-9<>]+\+", ""),
    (r"(?m)^(?![A-Za-z]:)(.*)$", lambda line: re.sub(r"[~.HLMOPSTuv](?=[~.HLMOPSTuv\^_=]*[A-Ga-g\[(zx])", "", line[0])),
)
UNEXPLAINED = "unexplained"
UNFOLDINGS = {  # of tunes that agree once through: what stands in them
    "a second ending that ends with a repeat sign: abc2midi plays it a third time": r"(?:\||\[)\s*2[^:]*:\|",
    "a word in P:, which abc2midi takes for a part": r"(?m)^P:.*[^A-Z0-9()\n]",
    "a repeat without a beginning: ours goes back to the last double bar or repeat sign": r":\|",
}
Heard = Counter[tuple[int, int]]  # of onset and number


def tunes_of(path: Path) -> Iterator[str]:
    """The text of each tune, cut at X: alone."""
    text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for part in re.split(r"(?m)^(?=X:)", text)[1:]:
        body = re.split(r"\n[ \t]*\n", part)[0]
        for pattern, replacement in TASTE:
            body = re.sub(pattern, replacement, body)
        yield body.strip() + "\n"


def heard(content: Path) -> Heard:
    """The notes of a MIDI file."""
    file = mido.MidiFile(content, clip=True)
    found: Heard = Counter()
    for track in file.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity:
                found[round(Fraction(ticks * GRID, file.ticks_per_beat)), message.note] += 1
    return found


def theirs(text: str, folder: Path, *options: str) -> tuple[Heard | None, str]:
    """What abc2midi plays, and what it says."""
    (folder / "x.abc").write_text(text, encoding="utf-8")
    (folder / "x.mid").unlink(missing_ok=True)
    command = ["abc2midi", "x.abc", "-o", "x.mid", "-NGUI", "-NGRA", "-NFER", "-quiet", *options]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        return None, "not done after a minute"
    said = done.stdout.decode("latin-1")
    return (heard(folder / "x.mid") if (folder / "x.mid").is_file() else None), said


def ours(text: str, folder: Path, broken: str | None) -> Heard | str:
    """What we play, all voices, or why we do not."""
    try:
        write(parse_scores(text)[0], folder / "y.mid", straight=True)
    except TunewrightError as error:
        return str(error)
    found = heard(folder / "y.mid")
    if broken == "octave":
        return Counter({(onset, number + 12): count for (onset, number), count in found.items()})
    if broken == "late":
        return Counter(
            {(onset + GRID // 4 * (onset > GRID * 8), number): count for (onset, number), count in found.items()}
        )
    return found


def alike(mine: Heard, other: Heard) -> bool:
    """Whether the same numbers sound at the same times."""
    ordered = [sorted((number, onset) for onset, number in played.elements()) for played in (mine, other)]
    return len(ordered[0]) == len(ordered[1]) and all(
        one[0] == two[0] and abs(one[1] - two[1]) <= NEAR for one, two in zip(*ordered, strict=True)
    )


def verdict(text: str, folder: Path, broken: str | None) -> str:
    """Whether the two agree, and where not, why: what they then agree without, or what abc2midi says."""

    def agree(changed: str, *options: str) -> bool:
        mine, (other, _) = ours(changed, folder, broken), theirs(changed, folder, *options)
        return not isinstance(mine, str) and other is not None and alike(mine, other)

    mine, (other, said) = ours(text, folder, broken), theirs(text, folder)
    if isinstance(mine, str):
        return f"dropped by us: {mine}" if other else "neither finds a note"
    if other is None:
        return "nothing from abc2midi"
    if alike(mine, other):
        return "agree"
    if re.search(r"Error in line-char", said):
        return "abc2midi says that it cannot read it"
    if alike(Counter(set(mine)), Counter(set(other))):
        return "a note that two sound together is struck once or twice"
    if agree(text, "-OCC"):
        return "chords in + signs, which abc2midi reads with -OCC alone"
    stated = re.sub(r"\(([579])(?!:)", r"(\1:2:\1", text)
    if stated != text and ours(stated, folder, broken) == mine and agree(stated):
        return "tuplets of 5, 7 or 9 in 2, 3 or 4, which take two units by the standard, and three for abc2midi"
    once = once_through(text)
    if agree(once) or agree(once, "-OCC"):
        return next((what for what, sign in UNFOLDINGS.items() if re.search(sign, text)), UNEXPLAINED)
    return UNEXPLAINED


def once_through(text: str) -> str:
    """The text without repeats, endings and parts."""
    lines = [line for line in text.splitlines() if not line.startswith("P:")]
    for number, line in enumerate(lines):
        if not re.match(r"[A-Za-z]:", line):
            plain = re.sub(r"(?:\[|[|:]*\|:*)\s*[1-9][\d,.-]*(?![\d/])", "|", line)
            lines[number] = re.sub(r"[:|]*\|[:|\]]*|::|\[\|", "|", plain)
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print what became of each collection; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=1000, help="tunes of each collection")
    parser.add_argument("--differ", type=int, default=0, metavar="N", help="print so many that differ without a cause")
    parser.add_argument("--break", dest="broken", choices=("octave", "late"))
    asked = parser.parse_args()
    if not shutil.which("abc2midi"):
        print("abc2midi is missing: it is in Debian's package abcmidi")
        return 3
    below = 0
    for collection in asked.collections:
        files = sorted(collection.rglob("*.[aA][bB][cC]")) if collection.is_dir() else [collection]
        texts = [text for file in files for text in tunes_of(file)][: asked.most]
        counted: Counter[str] = Counter()
        shown = 0
        with tempfile.TemporaryDirectory() as folder:
            for text in texts:
                what = verdict(text, Path(folder), asked.broken)
                if what == UNEXPLAINED and shown < asked.differ:
                    shown += 1
                    print(f"--- {collection.name}\n{text}")
                counted[what] += 1
        print(f"\n{collection.name}: {len(texts)} tunes")
        for what, count in counted.most_common():
            print(f"  {count:5}  {what}")
        left = counted[UNEXPLAINED] + sum(count for what, count in counted.items() if what.startswith("dropped"))
        below += bool(texts) and 1 - left / len(texts) < GOAL
    return min(below, 1)


if __name__ == "__main__":
    sys.exit(main())
