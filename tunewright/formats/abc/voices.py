"""The voices of a tune: which of its lines belong to which, what is said of each, and which staves they stand on.

In: the `V:` fields of a header, the numbered lines of music after it, and `%%score` or `%%staves`. Out: the lines of
each voice, without any `V:`, and the staves. What the lines mean is read in `music`; what a voice is put together from
in `scores`. Source: the ABC standard 2.1, sections 7 and 11.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tunewright.formats.abc.accents import decode_accents
from tunewright.formats.abc.signs import is_music
from tunewright.formats.abc.splitting import FIELD_LINE
from tunewright.music.tune import Note, Pitch, Tune

LONGEST_NAME = 20  # characters by which voices are told apart
MOST_VOICES = 64  # of a tune: more are no score that anybody could read
FARTHEST_OCTAVES = 4  # by `middle=`; what asks for more is a slip of the pen, as at a clef
FIRST = "1"  # the voice that is not named where others are
CLEFS = ("treble", "mezzosoprano", "soprano", "alto", "tenor", "baritone", "bass")
MIDDLE_LINES = {  # the step that stands there, counted from middle C
    "treble": 6,
    "soprano": 4,
    "mezzosoprano": 2,
    "alto": 0,
    "tenor": -2,
    "baritone": -4,
    "bass": -6,
}
_PITCH = re.compile(r"([A-Ga-g])([,']*)")
_OLD_CLEFS = {"G": "treble", "F": "bass", "C": "alto", "G2": "treble", "F4": "bass"}
_C_CLEFS = {"1": "soprano", "2": "mezzosoprano", "3": "alto", "4": "tenor"}
_PROPERTY = re.compile(r"([A-Za-z]+)\s*=\s*(\"[^\"]*\"?|\S+)|(\S+)")
_INLINE = re.compile(r"\[V:([^\]]*)\]?")
_SHARED = "KMLQUm"  # fields that hold for all voices where they stand before the first one
_GROUPS = re.compile(r"[(){}\[\]|]|[^\s(){}\[\]|]+")

Line = tuple[int, str]


@dataclass
class VoiceLines:
    """The lines of one voice with their numbers in the source, and what its `V:` fields say of it."""

    name: str
    about: str = ""  # all that they say
    said: dict[str, str] = field(default_factory=dict)  # lower-case properties; "clef" without its octave
    lines: list[Line] = field(default_factory=list)

    @property
    def begins(self) -> float:
        """The number of its first line of music; endless where it has none."""
        return next((number for number, text in self.lines if _is_music(text)), float("inf"))

    @property
    def music_lines(self) -> int:
        """How many lines of music it has."""
        return sum(_is_music(text) for _, text in self.lines)

    @property
    def label(self) -> str:
        """What is printed before its first line."""
        return _label(self.said.get("name", self.said.get("nm", "")))

    @property
    def short_label(self) -> str:
        """What is printed before the others."""
        return _label(self.said.get("subname", self.said.get("snm", self.said.get("sname", ""))))

    @property
    def octaves(self) -> int:
        """How many octaves higher than written it is, by the pitch that `middle=` puts on the middle line of its clef.

        One that is not whole octaves from the clef's own says on which line the clef stands, and moves no note.
        """
        told = _PITCH.fullmatch(self.said.get("middle", ""))
        if not told:
            return 0
        letter, marks = told.groups()
        given = "CDEFGAB".index(letter.upper()) + 7 * (letter.islower() + marks.count("'") - marks.count(","))
        away = MIDDLE_LINES.get(self.said.get("clef", ""), MIDDLE_LINES["treble"]) - given
        return away // 7 if away % 7 == 0 and abs(away) <= 7 * FARTHEST_OCTAVES else 0

    def say(self, value: str) -> None:
        """Take what stands in a `V:` field after the name of the voice."""
        self.about = f"{self.about} {value}".strip()
        self.said |= properties(value)


def _label(text: str) -> str:
    return "\n".join(decode_accents(line) for line in text.split("\\n"))


def properties(value: str) -> dict[str, str]:
    """What is said in a `V:` field, by lower-case name; a word alone is a clef where it is the name of one.

    >>> properties('clef=treble-8 name="Tenore I"')
    {'clef': 'treble', 'name': 'Tenore I'}
    """
    said: dict[str, str] = {}
    for found in _PROPERTY.finditer(value):
        name, told = (found[1].lower(), found[2].replace('"', "")) if found[1] else ("clef", found[3])
        if name == "clef" or (name == "cl" and told):
            told, name = clef_of(told), "clef"
        if told:
            said.setdefault(name, told)
    return said


def clef_of(text: str) -> str:
    """The plain clef of a clef's name, "" where it is none.

    >>> clef_of("bass+8"), clef_of("C4"), clef_of("perc")
    ('bass', 'tenor', '')
    """
    plain = re.sub(r"[+^_-]\d+$", "", text)
    if plain in _OLD_CLEFS:
        return _OLD_CLEFS[plain]
    if plain[:1] == "C" and plain[1:] in _C_CLEFS:
        return _C_CLEFS[plain[1:]]
    named = re.match("|".join(CLEFS), plain.lower())
    return named[0] if named and plain.lower()[named.end() :] in ("", "1", "2", "3", "4", "5") else ""


def in_octave(tune: Tune, octaves: int) -> Tune:
    """The tune so many octaves higher than written."""
    if not octaves:
        return tune

    def moved(pitches: Sequence[Pitch]) -> tuple[Pitch, ...]:
        return tuple(replace(pitch, octave=pitch.octave + octaves) for pitch in pitches)

    music = (
        replace(element, pitches=moved(element.pitches), grace=moved(element.grace), held=moved(element.held))
        if isinstance(element, Note)
        else element
        for element in tune.music
    )
    return replace(tune, music=tuple(music))


def split_voices(declared: Sequence[str], lines: Sequence[Line]) -> list[VoiceLines]:
    """The voices in the order in which they are named, header first; one without a name where none is.

    Music before the first `V:` is of the first voice of the header, else of "1", else of a voice without a name; fields
    without music there hold for all. A part (`P:`) begins with the voice that goes on after it, and with it the fields
    between.
    """
    voices: dict[str, VoiceLines] = {}
    for value in declared:
        _voice(voices, value)
    before: list[Line] = []
    here: list[Line] = before
    begins: list[Line] = []  # a part that begins, and the fields after it
    for number, text in lines:
        for name, part in _parts(text):
            if name is not None:
                here = _voice(voices, name).lines
            if not _is_music(part) and (begins or part.startswith("P:")):
                begins += [(number, part)] if part else []
            elif part.strip() or not text:
                here += [*begins, (number, part)]
                begins = []
    here += begins
    found = list(voices.values()) or [VoiceLines("")]
    owner = voices[FIRST] if FIRST in voices and not declared else found[0]
    if _no_music(before):
        shared = [line for line in before if line[1][:1] in _SHARED and line[1][1:2] == ":"]
        for voice in found[:MOST_VOICES]:
            voice.lines[:0] = shared if voice is not owner else []
    elif voices and not declared and FIRST not in voices:
        found = [owner := voices.get("", VoiceLines("")), *(voice for voice in found if voice.name)]
    owner.lines[:0] = before
    return found


def _voice(voices: dict[str, VoiceLines], value: str) -> VoiceLines:
    name, said = [*value.split(maxsplit=1), "", ""][:2]
    voice = voices.setdefault(name[:LONGEST_NAME], VoiceLines(name[:LONGEST_NAME]))
    voice.say(said)
    return voice


def _parts(text: str) -> Iterator[tuple[str | None, str]]:
    """A line cut at its `V:` fields: what each names, None at the beginning, and the text up to the next one."""
    found = FIELD_LINE.match(text)
    if found and found[1] == "V":
        yield found[2], ""
        return
    if found and not is_music(found):
        yield None, text
        return
    place, name = 0, None
    for inline in _INLINE.finditer(text):
        yield name, text[place : inline.start()]
        place, name = inline.end(), inline[1]
    yield name, text[place:]


def _is_music(text: str) -> bool:
    field = FIELD_LINE.match(text)
    return bool(text.strip()) and not (field and not is_music(field))


def _no_music(lines: Iterable[Line]) -> bool:
    return not any(_is_music(text) for _, text in lines)


# ------------------------------------------------------------------------------------------------ staves


def staves_of(lines: Iterable[str], names: Sequence[str]) -> list[list[str]]:
    """The names of the voices on each staff, from the top down, as the last `%%score` or `%%staves` has it.

    Voices in round brackets share a staff; curly and square ones say nothing of that. Those that it does not name come
    after the others, each on a staff of its own; without any such line every voice has its own.
    """
    staves: list[list[str]] = []
    for line in lines:
        if told := re.match(r"(?:%%|I:)(?:score|staves)\b(.*)", line):
            staves = list(_grouped(told[1], names))
    there = {name for staff in staves for name in staff}
    return staves + [[name] for name in names if name not in there]


def _grouped(text: str, names: Sequence[str]) -> Iterator[list[str]]:
    together: list[str] | None = None
    seen: set[str] = set()
    for sign in _GROUPS.findall(text):
        if sign == "(":
            together = []
        elif sign == ")":
            if together:
                yield together
            together = None
        elif sign in names and sign not in seen:
            seen.add(sign)
            if together is None:
                yield [sign]
            else:
                together.append(sign)
    if together:
        yield together
