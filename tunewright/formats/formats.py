"""Every format that music is read from and written to, in one table: a new one is a file of its own and a line here.

In: a tune or a piece and where it goes; the bytes of a file; or what a user wrote of formats. Out: files, or music. The
table is data: what makes a format is loaded where it is first used, so that it costs nothing to ask what there is. This
file makes no format itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunewright.support.errors import ConfigError, ParseError, RenderError
from tunewright.support.files import replace_file

if TYPE_CHECKING:
    from tunewright.music.kinds import Music
    from tunewright.music.score import Score

TUNE, PIECE, SCORE = "tune", "piece", "score"  # `Tune.kind`, `Piece.kind`, `Score.kind`
WHAT_IT_IS = {
    TUNE: "a tune is no piece of several parts",
    PIECE: "a piece of several parts is no tune",
    SCORE: "a score is no piece of several parts",
}


@dataclass(frozen=True, slots=True)
class Function:
    """A function below this package, loaded where it is first called, and those of all options that it takes."""

    place: str  # "module:name"
    takes: tuple[str, ...] = ()
    one_by_one: bool = False  # of what reads: yields what `Format.decode` yields, and does not raise

    def __call__(self, first: object, options: Mapping[str, Any]) -> Any:
        """What it makes of its argument and of those options that it takes."""
        module, name = self.place.split(":")
        function: Callable[..., Any] = getattr(import_module(f"{__package__}.{module}"), name)
        return function(first, **{option: options[option] for option in self.takes if option in options})


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, which is also the ending of what is written, and what writes and reads each kind of music.

    What writes takes music and gives text or bytes; what reads takes bytes and gives music.
    """

    name: str
    writes: Mapping[str, Function] = field(default_factory=dict)
    reads: Mapping[str, Function] = field(default_factory=dict)
    suffixes: tuple[str, ...] = ()  # of the files that are read as this
    book: bool = False  # written of many tunes at once, and only where it is asked for by name
    notated: bool = False  # whether words and texts of tunes stand in it
    beside: bool = False  # small enough, and wanted, to lie beside a page of many tunes
    needs: str = ""  # the library that is loaded to write it
    media_type: str = ""  # as HTTP calls it

    def encode(self, music: Music | Score, **options: Any) -> bytes:
        """The music in this format; what the format has no use for of `options` is left aside.

        `soundfont`, `tempo` (beats per minute), `straight`, `program` and `chords` say how it is played, `name` what a
        book is called in errors. ConfigError where music of this kind is not written so, RenderError where it cannot be
        made.
        """
        refuse_unknown([self.name], music.kind)
        made = self.writes[music.kind]([music] if self.book else music, options)
        return made.encode() if isinstance(made, str) else bytes(made)

    def decode(
        self, content: bytes, name: str, kind: str = TUNE, *, melody: str = ""
    ) -> Iterator[tuple[Music | Score | ParseError, int]]:
        """The music of a file that is known as `name`, in order, each with the bytes that it takes.

        In the place of what cannot be read stands the error that says why. `melody` as in `parse_midi`. A kind of music
        that the format does not hold is made of its tunes, with all their voices where it has those. Where a "score" is
        asked for, a tune of one voice comes as that tune.
        """
        read = self.reads.get(kind) or self.reads.get(SCORE) or self.reads[TUNE]
        for music, size in _each(read, content, name, melody):
            yield (music if isinstance(music, ParseError) else _as_kind(music, kind)), size


def _each(read: Function, content: bytes, name: str, melody: str) -> Iterator[tuple[Music | Score | ParseError, int]]:
    options = {"name": name, "melody": melody}
    if read.one_by_one:
        yield from read(content, options)
        return
    try:
        yield read(content, options), len(content)
    except ParseError as error:
        yield ParseError(error.reason, f"{name}:1"), len(content)


def _as_kind(music: Music | Score, kind: str) -> Music | Score | ParseError:
    """Music as one of this kind, or why it cannot be."""
    if kind in (music.kind, SCORE):
        return music
    try:
        made: Music = AS_PIECE[music.kind](music, {})
    except ParseError as error:
        return ParseError(error.reason, music.source)
    except RenderError as error:
        return ParseError(str(error).removeprefix(f"{music.source}: "), music.source)
    return made


AS_PIECE = {TUNE: Function("midi.pieces:piece_of_tune"), SCORE: Function("midi.scores:piece_of_score")}
PLAYED = ("tempo", "straight", "program", "chords")
FORMATS = {
    one.name: one
    for one in (
        Format(
            "abc",
            writes={TUNE: Function("abc:format_abc"), SCORE: Function("abc:format_score")},
            reads={
                TUNE: Function("abc.reading:decode_abc", ("name",), one_by_one=True),
                SCORE: Function("abc.scores:decode_scores", ("name",), one_by_one=True),
            },
            suffixes=(".abc",),
            notated=True,
            beside=True,
            media_type="text/vnd.abc; charset=utf-8",
        ),
        Format(
            "mid",
            writes={
                TUNE: Function("midi.tunes:to_midi", PLAYED),
                PIECE: Function("midi.pieces:to_midi"),
                SCORE: Function("midi.scores:to_midi", PLAYED),
            },
            reads={
                TUNE: Function("midi.tunes:parse_midi", ("name", "melody")),
                PIECE: Function("midi.bars:parse_in_bars", ("name",)),
            },
            suffixes=(".mid", ".midi", ".kar", ".rmi"),
            beside=True,
            needs="symusic",
            media_type="audio/midi",
        ),
        Format(
            "wav",
            writes={
                TUNE: Function("sound.tunes:to_wav", ("soundfont", *PLAYED)),
                PIECE: Function("sound.pieces:to_wav", ("soundfont",)),
                SCORE: Function("sound.scores:to_wav", ("soundfont", *PLAYED)),
            },
            needs="numpy",
            media_type="audio/wav",
        ),
        Format(
            "svg",
            writes={
                TUNE: Function("engraving:to_svg"),
                PIECE: Function("piano_roll:to_svg"),
                SCORE: Function("engraving:to_svg"),
            },
            notated=True,
            beside=True,
            needs="verovio",
            media_type="image/svg+xml",
        ),
        Format(
            "musicxml",
            writes=dict.fromkeys((TUNE, SCORE), Function("musicxml.document:to_musicxml")),
            notated=True,
            media_type="application/vnd.recordare.musicxml+xml",
        ),
        Format(
            "pdf",
            writes=dict.fromkeys((TUNE, SCORE), Function("pdf:to_pdf", ("name",))),
            book=True,
            notated=True,
            needs="typst",
            media_type="application/pdf",
        ),
    )
}
SUFFIXES = tuple(suffix for one in FORMATS.values() for suffix in one.suffixes)  # of files that are read


# ------------------------------------------------------------------------------------------------ what there is


def written_as(kind: str) -> list[str]:
    """The names of the formats that music of a kind is written in."""
    return [name for name, one in FORMATS.items() if kind in one.writes]


def usual_formats(kind: str) -> list[str]:
    """Those of them that are written where nobody says which: all but books."""
    return [name for name in written_as(kind) if not FORMATS[name].book]


def formats_beside(kind: str) -> list[str]:
    """Those in which music lies beside a page that shows it."""
    return [name for name in written_as(kind) if FORMATS[name].beside]


def format_of(name: str) -> Format | None:
    """The format that a file is read as, by the ending of its name, whatever its case; None for one that is not read.

    >>> format_of("reels.MIDI").name
    'mid'
    """
    return next((one for one in FORMATS.values() if name.lower().endswith(one.suffixes)), None)


def reading_modules() -> list[str]:
    """The modules that read files, which are named in the table alone: what was read depends on them."""
    functions = [*AS_PIECE.values(), *(one for of in FORMATS.values() for one in of.reads.values())]
    return sorted({f"{__package__}.{one.place.partition(':')[0]}" for one in functions})


def formats_that_take(option: str, kind: str) -> list[str]:
    """The names of the formats for which an option of `Format.encode` makes a difference."""
    return [name for name, one in FORMATS.items() if kind in one.writes and option in one.writes[kind].takes]


def parse_formats(written: str, kind: str = TUNE) -> list[str]:
    """The formats of a list like "abc,mid"; ConfigError, naming those there are, for another one or none.

    >>> parse_formats("abc, mid")
    ['abc', 'mid']
    """
    formats = [part.strip().lower() for part in written.split(",") if part.strip()]
    refuse_unknown(formats or [written], kind)
    return list(dict.fromkeys(formats))


def refuse_unknown(formats: Iterable[str], kind: str) -> None:
    """Raise ConfigError at the first format that music of a kind is not written in."""
    known = written_as(kind)
    for name in formats:
        if name not in known:
            reason = f"{name}: {WHAT_IT_IS[kind]}" if name in FORMATS else f"unknown format {name!r}"
            raise ConfigError(f"{reason}; known: {', '.join(known)}")


# ------------------------------------------------------------------------------------------------ writing


def write(music: Music | Score, path: Path, **options: Any) -> None:
    """Write a tune, a score or a piece in the format that the file's name ends in; `options` as in `Format.encode`.

    ConfigError for an ending that is none and for what is no music, RenderError for what cannot be made, OutputError
    where the file cannot be written.
    """
    name = path.suffix.lower().removeprefix(".")
    if not hasattr(music, "kind"):
        raise ConfigError(f"what is to be written is a {type(music).__name__}; expected a tune, a score or a piece")
    refuse_unknown([name], music.kind)
    replace_file(path, FORMATS[name].encode(music, name=str(path), **options))


def write_formats(
    music: Music | Score, folder: Path, name: str, formats: Collection[str], **options: Any
) -> dict[str, Path]:
    """Write `folder/name.format` for each of the formats; returns the path of each. `options` as in `Format.encode`.

    Raises `ConfigError` for an unknown format before anything is written, `RenderError` for one that cannot be made,
    `OutputError` where a file cannot be written.
    """
    refuse_unknown(formats, music.kind)
    paths = {kind: folder / f"{name}.{kind}" for kind in formats}
    for path in paths.values():
        write(music, path, **options)
    return paths


write_tune = write_formats  # what it was called
