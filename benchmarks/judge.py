"""What the reading and MIDI benchmarks share: the built-in corpora, abc2midi, and deliberately broken readers.

In: nothing of Tunewright's but `split_tunes` and the names that `BREAKS` breaks. Out: files, warnings, exit codes.
abc2midi comes from Debian's package abcmidi; it is used here only, as a judge that shares no code with ours.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

from tunewright.formats.abc import music, notes, numbers, tuplets
from tunewright.formats.abc.decoding import decode_text
from tunewright.formats.abc.splitting import Source, split_tunes
from tunewright.formats.abc.state import State

CORPORA = {
    "oneill": "oneills1850",
    "ryan": "ryansMammoth",
    "aird": "airdsAirs",
    "essen": "essenFolksong",
}
NO_JUDGE = 3  # exit code where abc2midi is missing


def corpus_files(corpus: str) -> list[Path]:
    """The ABC files of a built-in corpus, in order of name."""
    spec = find_spec("music21")
    if spec is None or spec.origin is None:
        sys.exit("music21 is not installed: its data folders hold the corpora")
    return sorted((Path(spec.origin).parent / "corpus" / CORPORA[corpus]).glob("*.abc"))


def corpus_sources(corpus: str) -> list[Source]:
    """Every tune of a built-in corpus, cut out and not yet read."""
    return [
        source
        for path in corpus_files(corpus)
        for source in split_tunes(decode_text(path.read_bytes(), path.name), path.name)
    ]


def abc2midi() -> str:
    """The path of abc2midi; ends the program with a word and code 3 where it is missing."""
    path = shutil.which("abc2midi")
    if path is None:
        print("skipped: abc2midi is not installed (Debian package abcmidi)", file=sys.stderr)
        raise SystemExit(NO_JUDGE)
    return path


@dataclass(frozen=True)
class Complaint:
    """One line of abc2midi's output."""

    line: int
    column: int
    severity: str
    text: str


_COMPLAINT = re.compile(r"(Warning|Error) in line-char (\d+)-(-?\d+) : (.*)")
_WRONG_BAR = re.compile(r"Track \d+ Bar \d+ has (\d+)(?:/(\d+))? time units while the time signature has (\d+)")


def complaints(path: Path, *, stripped: bool = False) -> list[Complaint]:
    """All that abc2midi says about a file or a stripped copy of it; fermatas, graces, chord symbols not performed."""
    if stripped:
        lines: list[str] = []
        for source in split_tunes(decode_text(path.read_bytes()), path.name):
            lines += ["%"] * (source.line - 2 - len(lines)) + [""] * (source.line > 1)
            lines += strip(source.lines)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "stripped.abc"
            copy.write_text("\n".join(lines) + "\n", encoding="latin-1", errors="replace")
            return complaints(copy)
    command = [abc2midi(), str(path.resolve()), "-c", "-NFER", "-NGRA", "-NGUI"]
    with tempfile.TemporaryDirectory() as folder:  # it leaves files where it runs
        output = subprocess.run(command, capture_output=True, check=False, timeout=60, cwd=folder).stdout
    found = _COMPLAINT.finditer(output.decode("latin-1"))
    return [Complaint(int(m[2]), int(m[3]), m[1], m[4].strip()) for m in found]


def wrong_bar(complaint: Complaint) -> Fraction | None:
    """The bar's length as a share of what the metre wants, where the complaint is about that."""
    found = _WRONG_BAR.match(complaint.text)
    return Fraction(int(found[1]), int(found[2] or 1) * int(found[3])) if found else None


# ------------------------------------------------------------------------------------------------ stripping

_NOT_MUSIC = re.compile(
    r'(\[[A-Za-z]:[^\]]*\])|"[^"]*"|![^!\s|]+!|\+[^+\s|]*[^A-Ga-g,\'^_=\d/+\s|][^+\s|]*\+|\{[^}]*\}|[~H-Wh-vy`]|\.(?![|])'
)
_MAIL = (("=3D", "="), ("=20", " "))


def strip(lines: tuple[str, ...]) -> list[str]:
    """The lines of a tune without what abc2midi performs or stumbles on, line by line.

    Decorations, grace notes, chord symbols, `R:`, traces of mail and comments go; "[|]" becomes "|". It shares
    nothing with our reader: regular expressions on the text.
    """
    in_body = False
    stripped = []
    for line in lines:
        for trace, plain in _MAIL:
            line = line.replace(trace, plain)
        if re.search(r"=\s*$", line):
            line = re.sub(r"=\s*$", r"\\", line)
        line = re.split(r"(?<!\\)%", line, maxsplit=1)[0].rstrip()
        if not line or (re.match(r"[RQwWUNHIZBCOASFDG]:", line) and not (in_body and re.match(r"[A-G]:[|:]", line))):
            stripped.append("%")
        elif re.match(r"[A-Za-z]:", line) and not (in_body and re.match(r"[A-Ga-g]:[|:]", line)):
            stripped.append(line)
            in_body = in_body or line.startswith("K:")
        elif in_body:
            line = re.sub(r"\+([A-Ga-g,'^_=\d/]{2,})\+", r"[\1]", line)  # a chord as ABC 1.6 wrote it
            plain = _NOT_MUSIC.sub(lambda found: found[1] or "", line)
            plain = re.sub(r"\[\|\](?=\s*:?\|)", "", plain).replace("[|]", "|")  # an invisible bar line
            plain = plain.replace("|:|", ":|")  # it always stands at an end; abc2midi takes it for a beginning
            stripped.append(plain if plain.strip() else "%")
        else:
            stripped.append("%")
    return stripped


_REPEATS = re.compile(r"(?:\[\||:*\||::|:\])[|\]:]*(?:\s*\[?\d[\d,.-]*(?=[\s\[(A-Ga-gzx^_=]))?|\[\d[\d,.-]*")


def without_repeats(text: list[str]) -> list[str]:
    """Stripped lines whose bar lines are all plain and whose endings follow one another: the music as written."""
    in_body, plain = False, []
    for line in text:
        is_field = re.match(r"[A-Za-z]:", line) and not (in_body and re.match(r"[A-Ga-g]:[|:]", line))
        plain.append(line if is_field or not in_body else _REPEATS.sub("|", line))
        in_body = in_body or line.startswith("K:")
    return [line for line in plain if not line.startswith("P:")]


# ------------------------------------------------------------------------------------------------ broken readers


def _dotted_too_little() -> None:
    plain = notes.read_broken

    def read_broken(state: State, text: str) -> None:
        plain(state, text)
        if state.broken is not None:
            state.broken = Fraction(2, 3)

    music._READERS["broken"] = read_broken


def _triplets_in_three() -> None:
    tuplets._STANDARD_Q[3] = 3


def _halves_too_short() -> None:
    plain = numbers.parse_length
    setattr(notes, "parse_length", lambda text: Fraction(1, 4) if text == "/" else plain(text))  # noqa: B010


def _accidentals_forgotten() -> None:
    plain = notes._pitch

    def pitch(state: State, sign: re.Match[str]) -> object:
        state.in_bar = {}
        return plain(state, sign)

    notes._pitch = pitch  # type: ignore[assignment]


BREAKS: dict[str, Callable[[], None]] = {
    "broken-rhythm": _dotted_too_little,
    "tuplet": _triplets_in_three,
    "half": _halves_too_short,
    "accidental": _accidentals_forgotten,
}
