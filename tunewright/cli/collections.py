"""What a collection holds, on a terminal.

In: a `Corpus`. Out: lines on stdout, no more for a hundred thousand files than for twenty. This file counts nothing of
what it shows (`corpus.describe`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from tunewright.cli.output import say
from tunewright.corpus.describe import ONE_TRACK, SKYLINE, describe_files, figures, how_read, reasons
from tunewright.music.instruments import instrument_name
from tunewright.music.piece import Piece
from tunewright.music.tune import Tune
from tunewright.reports.run_tables import corpus_table
from tunewright.reports.wording import collection_title

if TYPE_CHECKING:
    from tunewright.corpus.corpus import Corpus
    from tunewright.music.kinds import Music

SHOWN = 12  # lines of a list; --json has them all
LISTED = 40  # files, up to which each has its line
LONGEST_NAME = 36  # of a file, in a table
SAID_ALREADY = (ONE_TRACK, SKYLINE)  # repairs that another column of the table tells
REASONS = 3  # sources named for each reason


def show_corpus(corpus: Corpus[Music]) -> None:
    """Print what was read, what was not and why, and what the collection is like, to stdout."""
    _SHOWN[corpus.kind](corpus)


# ------------------------------------------------------------------------------------------------ tunes


def _show_tunes(corpus: Corpus[Tune]) -> None:
    told = figures(corpus)
    say(f"{collection_title(corpus.name)}\n")
    for row in corpus_table(corpus).rows:
        say(_row(row.name, row.cells[0].value))
    _print_midi_files(corpus)
    for title, counts in (
        ("Repairs: what is not as the standard has it, and how it was read", told["repairs"]),
        ("Left out of the music, kept in the tune's own text", told["left_out"]),
    ):
        say(f"\n{title}")
        _print_counts(counts)
    for title, found in (("Rhythms", told["rhythms"]), ("Modes", told["modes"])):
        say(f"\n{_row(title, 'stated', 'inferred', 'confidence', indent='')}")
        _print_inferred(found)
    for title, counts in (("Metres", told["meters"]), ("Keys", told["keys"])):
        say(f"\n{title}")
        _print_counts(counts)
    if corpus.duplicates:
        say("\nDuplicates, each merged into another tune")
        _print_some([f"{merged} = {kept}" for merged, kept in corpus.duplicates], "--split-out lists every tune")
    if corpus.others:
        say("\nFiles of other kinds beside them, not read")
        _print_counts(told["not_read"])
    _print_dropped(corpus)


def _print_midi_files(corpus: Corpus[Tune]) -> None:
    """How MIDI files were read: in figures, and a line for each, or for the first of many."""
    counted = how_read(corpus)
    if not counted:
        return
    say(f"\n{_row('How MIDI files were read', 'files', 'how sure', indent='')}")
    for name, count, sure in counted:
        say(_row(name, f"{count:,}", "" if sure is None else f"{sure:.2f}").rstrip())
    read = sum(count for name, count, _ in counted if name.startswith("melody"))
    files = (told for told in describe_files(corpus) if "key" in told)
    shown = list(islice(files, read if read <= LISTED else SHOWN))
    folder = os.path.commonpath([os.path.dirname(told["source"]) for told in shown])
    heads = ("file", "melody", "notes", "key", "sure", "metre", "sure", "not as the file says, or not said by it")
    say(f"\n  In {folder or '.'}:")
    for line in _aligned([heads, *(_of(told, folder) for told in shown)], right=(2,)):
        say(f"  {line}")
    if len(shown) < read:
        say(f"  … and {read - len(shown):,} more (--files-out FILE has a line for every file)")


def _of(told: Mapping[str, Any], folder: str) -> tuple[str, ...]:
    """The row of a MIDI file."""
    name = os.path.relpath(told["source"], folder or ".")
    key, meter = ("" if told[of] is None else f"{told[of]:.2f}" for of in ("key_sure", "meter_sure"))
    repairs = [_shortly(one, told) for one in told["repairs"] if one["what"] not in SAID_ALREADY]
    about = (_short(name, LONGEST_NAME), _short(told["found"], LONGEST_NAME), f"{told['notes']:,}")
    return (*about, told["key"], key, told["meter"], meter, "; ".join(repairs))


def _shortly(repair: Mapping[str, str], told: Mapping[str, Any]) -> str:
    """A repair without what the other columns say."""
    detail = "" if repair["detail"] in (told["key"], told["meter"]) else f" {repair['detail']}"
    return repair["what"].removesuffix(", inferred from the notes") + detail.rstrip()


def _short(text: str, longest: int) -> str:
    """A text with its middle left out where it is long: names differ at their ends."""
    return (
        text if len(text) <= longest else f"{text[: longest // 3]}…{text[len(text) - (longest - longest // 3 - 1) :]}"
    )


def _aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = zip(row, widths, strict=True)
        words = [cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in enumerate(cells)]
        yield "  ".join(words).rstrip()


def _print_dropped(corpus: Corpus[Tune]) -> None:
    """Everything that was dropped, with the reason; where that is much, by reason, with the first of each."""
    say(f"\nDropped: {f'{len(corpus.dropped):,}' if corpus.dropped else 'nothing'}")
    if len(corpus.dropped) <= LISTED:
        for dropped in corpus.dropped:
            say(f"  {dropped.source}: {dropped.reason}")
        return
    for reason, sources in reasons(corpus.dropped):
        more = f", and {len(sources) - REASONS:,} more" if len(sources) > REASONS else ""
        say(f"{len(sources):>8,}  {reason}\n{'':10}{', '.join(sources[:REASONS])}{more}")
    say("  Every one with its reason: --files-out FILE, or --json")


def _row(name: str, *cells: str, indent: str = "  ") -> str:
    return f"{indent}{name:<{48 - len(indent)}}" + "".join(f"{cell:>12}" for cell in cells)


def _print_counts(counts: Mapping[str, int]) -> None:
    shown = dict(list(counts.items())[:SHOWN])
    for name, number in shown.items():
        say(_row(name, f"{number:,}"))
    if rest := sum(counts.values()) - sum(shown.values()):
        say(_row(f"… and {len(counts) - len(shown):,} more kinds", f"{rest:,}"))
    if not counts:
        say("  none")


def _print_inferred(found: Mapping[str, Any]) -> None:
    """Rows of a rhythm or mode: how often stated, how often inferred, with what mean confidence."""
    stated, inferred = found["stated"], found["inferred"]
    total = {name: stated.get(name, 0) + inferred.get(name, {}).get("tunes", 0) for name in {**stated, **inferred}}
    ordered = sorted(total, key=lambda name: (-total[name], name))
    for name in ordered[:SHOWN]:
        guess = inferred.get(name)
        cells = (f"{guess['tunes']:,}", f"{guess['confidence']:.2f}") if guess else ("", "")
        say(_row(name, f"{stated[name]:,}" if name in stated else "", *cells))
    if rest := sum(total[name] for name in ordered[SHOWN:]):
        say(_row(f"… and {len(ordered) - SHOWN:,} more kinds", f"{rest:,}"))
    say(_row("unknown", f"{found['unknown']:,}"))


def _print_some(lines: Sequence[str], where: str) -> None:
    for line in lines[:SHOWN]:
        say(f"  {line}")
    if len(lines) > SHOWN:
        say(f"  … and {len(lines) - SHOWN:,} more ({where})")


# ------------------------------------------------------------------------------------------------ pieces


def pieces_text(described: Mapping[str, Any]) -> str:
    """What was read, what was dropped and why, parts, instruments, metres and how it is divided."""
    split = described["split"]
    seconds = described["seconds"]
    lines = [
        f"{described['name']}: {described['tunes']:,} pieces, {described['notes']:,} notes, "
        f"{described['bars']:,} bars, {seconds // 3600} h {seconds % 3600 // 60:02} min",
        f"  {described['duplicates']:,} duplicates left out, {described['families']:,} families",
        f"  to learn from {split['train']:,}, to choose by {split['valid']:,}, to test with {split['test']:,}",
        *_count_lines("Parts", described["parts"]),
        *_count_lines("Instruments", {_named(name): count for name, count in described["instruments"].items()}),
        *_count_lines("Metres", described["meters"]),
        *_count_lines("Found by the notes, where the file says nothing", described["inferred"]),
        *_count_lines("Repairs", described["repairs"]),
        *_dropped_lines(described["dropped"]),
    ]
    return "\n".join(lines)


def _named(program: str) -> str:
    return "drums" if program == "drums" else instrument_name(int(program))


def _count_lines(name: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    width = max(len(str(what)) for what in list(counts)[:SHOWN])
    shown = [f"  {what!s:<{width}}  {count:>8,}" for what, count in list(counts.items())[:SHOWN]]
    rest = len(counts) - SHOWN
    return ["", name, *shown, *([f"  and {rest:,} more"] if rest > 0 else [])]


def _dropped_lines(dropped: Sequence[Mapping[str, str]]) -> list[str]:
    if not dropped:
        return ["", "Nothing was dropped."]
    reasons = Counter(item["reason"] for item in dropped)
    lines = ["", f"Dropped: {len(dropped):,} (all of them: --json)"]
    for reason, count in reasons.most_common(SHOWN):
        first = [item["source"] for item in dropped if item["reason"] == reason][:REASONS]
        lines.append(f"  {count:,} times {reason}: {', '.join(first)}{', …' if count > REASONS else ''}")
    if (rest := len(reasons) - SHOWN) > 0:
        lines.append(f"  and {rest:,} more reasons")
    return lines


_SHOWN: Mapping[str, Callable[[Any], None]] = {
    Tune.kind: _show_tunes,
    Piece.kind: lambda corpus: say(pieces_text(figures(corpus))),
}
