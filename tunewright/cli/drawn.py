"""What `generate` says of the music that it drew, and where it puts it: text, JSON, notes, files.

In: `Generated` tunes or pieces. Out: lines and objects, and files in every format asked for. The two kinds differ in
one table, `_KINDS`. This file draws nothing and makes no format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunewright.cli.output import note, print_json, say
from tunewright.generation.generated import Generated
from tunewright.generation.session import MOST_TIMES
from tunewright.generation.tunebook import write_drawn, write_tunebook
from tunewright.music.kinds import Music
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.run_tables import drawn_table

if TYPE_CHECKING:
    from tunewright.judging.originals import OriginalityLine

Files = Mapping[str, Path]


@dataclass
class Output:
    """Where drawn music goes: to a folder, to stdout as JSON, or to stdout as it is."""

    kind: str  # of music
    folder: Path | None
    formats: Sequence[str]
    as_json: bool
    shown: bool = False  # whether its text has been printed already
    options: Mapping[str, Any] = field(default_factory=dict)  # of `Format.encode`
    drawn: list[Generated[Any]] = field(default_factory=list)
    files: list[Files] = field(default_factory=list)

    def take(self, one: Generated[Any]) -> None:
        """Write it, or print it, or keep it for the end."""
        self.drawn.append(one)
        written = write_drawn(one, self.folder, self.formats, **self.options) if self.folder else {}
        self.files.append(written)
        if not self.folder and not self.as_json and not self.shown:
            say(one.text, flush=True)

    def end(self) -> None:
        """Write what is of all of them, and say what came out."""
        if self.folder:
            note(_KINDS[self.kind].wrote(self.drawn, self.folder, sum(map(len, self.files))))
        if self.as_json:
            print_json(drawn_result(self.drawn, self.files, self.kind))
        elif self.folder:
            for one, files in zip(self.drawn, self.files, strict=True):
                if line := _KINDS[self.kind].line(one, files):
                    say(line)
        note(drawn_note(self.drawn))


def drawn_result(drawn: Sequence[Generated[Any]], files: Sequence[Files], kind: str) -> list[dict[str, object]]:
    """What `generate --json` prints: one object a tune or piece; `abc` is null for pieces, which have none."""
    return [
        {
            "abc": _KINDS[kind].abc(one),
            "seed": one.seed,
            "valid": one.valid,
            "error": one.error,
            "log_likelihood_per_note": one.log_likelihood_per_note,
            "removed_mass": one.removed_mass,
            "redrawn": one.redrawn,
            "chosen_by": one.chosen_by or None,
            **_KINDS[kind].more(one.music),
            "files": dict(written),
        }
        for one, written in zip(drawn, files, strict=True)
    ]


def drawn_note(drawn: Sequence[Generated[Any]]) -> str:
    """How many were well formed, why the others were not, and what the grammar took from the model for it."""
    rows = ", ".join(f"{row.cells[0].value} {row.name}" for row in drawn_table(drawn).rows)
    removed = [one.removed_mass for one in drawn if one.removed_mass is not None]
    if not removed:
        return f"{len(drawn):,} drawn without grammar: {rows}."
    if share := sum(removed) / len(removed):
        took = f"What was asked for and the grammar ruled out {_percent(share)} of what the model would have written"
        return f"{len(drawn):,} drawn: {rows}. {took}."
    return f"{len(drawn):,} drawn: {rows}. Nothing had to be ruled out."


def original_note(drawn: Sequence[Generated[Any]], asked: int, line: OriginalityLine[Any]) -> str:
    """How often music was drawn anew because it shared too much with the training music, and how much was left out."""
    redrawn, times = sum(one.redrawn > 0 for one in drawn), sum(one.redrawn for one in drawn)
    told = f"No passage of more than {line.told} is shared with a training {line.kind} ({line.percent:g} of 100 real"
    told += f" {line.kind}s share no more): {redrawn:,} of {len(drawn):,} had to be drawn anew, {times:,} times in all."
    if left_out := asked - len(drawn):
        told += f" {left_out:,} were left out: drawn {MOST_TIMES} times each, they shared more every time."
    return told


def _percent(share: float) -> str:
    """A share above 0 in percent, as exact as it is small: 12 %, 1.3 %, 0.04 %."""
    if share < 1e-4:
        return "less than 0.01 %"
    return f"{100 * share:.{0 if share >= 0.1 else 1 if share >= 0.01 else 2}f} %"


# ------------------------------------------------------------------------------------------------ by kind


@dataclass(frozen=True)
class _Kind:
    """What is said of one kind of music."""

    wrote: Callable[[Sequence[Generated[Any]], Path, int], str]  # the line on files, which may write one more
    line: Callable[[Generated[Any], Files], str]  # on stdout for each, where they went to files; "" for none
    more: Callable[[Music | None], dict[str, object]]  # in JSON
    abc: Callable[[Generated[Any]], str | None]  # in JSON too


def _wrote_tunes(drawn: Sequence[Generated[Tune]], folder: Path, files: int) -> str:
    return f"Wrote {write_tunebook(drawn, folder)} and {files:,} files beside it."


def _wrote_pieces(_: Sequence[Generated[Piece]], folder: Path, files: int) -> str:
    return f"Wrote {files:,} files into {folder}."


def _piece_line(one: Generated[Piece], files: Files) -> str:
    return f"{files.get('mid', f'seed {one.seed}')}: {_piece_told(one)}"


def _piece_told(one: Generated[Piece]) -> str:
    piece = one.music
    if piece is None:
        return one.error
    told = f"{len(piece.parts)} parts, {len(piece.bar_lines)} bars, {piece.notes:,} notes, {piece.seconds:.0f} s"
    return f"{told}; {one.error}" if one.error else told


def _of_piece(piece: Any) -> dict[str, object]:
    parts = piece.parts if piece else ()
    return {
        "notes": piece.notes if piece else 0,
        "bars": len(piece.bar_lines) if piece else 0,
        "parts": [{"name": part.name, "program": part.program, "drums": part.drums} for part in parts],
    }


_KINDS = {
    Tune.kind: _Kind(_wrote_tunes, lambda _one, _files: "", lambda _tune: {}, lambda one: one.text),
    Piece.kind: _Kind(_wrote_pieces, _piece_line, _of_piece, lambda _: None),
}
