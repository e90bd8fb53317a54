"""What the commands do where music has several parts: generate.

In: options as the commands have them. Out: MIDI, sound and piano rolls in files, and what is said of them. What is
needed is imported inside. This file draws and reads nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tunewright.cli.commands.options import EVERY_FORMAT

if TYPE_CHECKING:
    from tunewright.generation.pieces import GeneratedPiece
    from tunewright.music.piece import Piece


def draws_pieces(run: Path) -> bool:
    """Whether the model of a run draws pieces of several parts; not where there is no run, which others refuse."""
    from tunewright.training.run import is_run, load_run

    return is_run(run) and load_run(run).config.music == "piece"


def write_pieces(
    run: Path,
    n: int,
    options: Mapping[str, Any],
    refused: Mapping[str, object],
    bars: str,
    out: Path | None,
    formats: str,
    soundfont: Path | None,
    as_json: bool,
) -> None:
    """Draw pieces, write them into files, and say what came out; usage errors for what only tunes have."""
    from tunewright.cli.console import note, print_json
    from tunewright.formats.formats import parse_formats, usual_formats, write_formats
    from tunewright.generation.pieces import generate_pieces

    if given := [name for name, value in refused.items() if value]:
        raise typer.BadParameter(f"{run} draws pieces of several parts, which know no {' and no '.join(given)}")
    if out is None and not as_json:
        raise typer.BadParameter(f"{run} draws pieces of several parts, which are written to files; expected --out DIR")
    stages = options["temperature"]
    temperature = stages if isinstance(stages, float) else stages[1]
    if not isinstance(stages, float) and len(stages) > 1:
        raise typer.BadParameter("--temperature of pieces of several parts is one number")
    kinds = usual_formats("piece") if formats == EVERY_FORMAT else parse_formats(formats, "piece")
    settings: dict[str, Any] = {name: options[name] for name in ("top_k", "top_p", "min_p", "seed", "free", "jobs")}
    settings |= {"temperature": temperature, "start": _start(options["start"]), "bars": _bars(bars)}
    drawn: list[GeneratedPiece] = []
    files: list[dict[str, Path]] = []
    for one in generate_pieces(run, n, **settings):
        drawn.append(one)
        if out and one.piece and one.piece.notes:
            files.append(write_formats(one.piece, out, f"piece-{one.seed:03}", kinds, soundfont=soundfont))
        else:
            files.append({})
    if out:
        note(f"Wrote {sum(map(len, files)):,} files into {out}.")
    if as_json:
        print_json([_result(one, of_piece) for one, of_piece in zip(drawn, files, strict=True)])
    elif out:
        for one, of_piece in zip(drawn, files, strict=True):
            print(f"{of_piece.get('mid', f'seed {one.seed}')}: {_told(one)}")
    note(_summary(drawn))


def _start(place: str) -> Piece | None:
    from tunewright.formats.midi.pieces import read_piece

    return read_piece(Path(place)) if place else None


def _bars(text: str) -> int:
    if text and not text.isdecimal():
        raise typer.BadParameter(f"--bars is {text!r}; expected one number, as in 16")
    return int(text or 0)


def _result(one: GeneratedPiece, files: Mapping[str, Path]) -> dict[str, object]:
    piece = one.piece
    return {
        "abc": None,  # a piece of several parts has none
        "seed": one.seed,
        "valid": one.valid,
        "error": one.error,
        "log_likelihood_per_note": one.log_likelihood_per_note,
        "removed_mass": one.removed_mass,
        "notes": piece.notes if piece else 0,
        "bars": len(piece.bar_lines) if piece else 0,
        "parts": [{"name": part.name, "program": part.program, "drums": part.drums} for part in piece.parts]
        if piece
        else [],
        "files": dict(files),
    }


def _told(one: GeneratedPiece) -> str:
    piece = one.piece
    if piece is None:
        return one.error
    told = f"{len(piece.parts)} parts, {len(piece.bar_lines)} bars, {piece.notes:,} notes, {piece.seconds:.0f} s"
    return f"{told}; {one.error}" if one.error else told


def _summary(drawn: Sequence[GeneratedPiece]) -> str:
    well = sum(one.valid for one in drawn)
    removed = [one.removed_mass for one in drawn if one.removed_mass is not None]
    told = f"{len(drawn):,} drawn: {well:,} well formed."
    if removed:
        told += f" The rules ruled out {100 * sum(removed) / len(removed):.2g} % of what the model would have written."
    return told
