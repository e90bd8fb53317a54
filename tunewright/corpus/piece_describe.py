"""A corpus of pieces in words, for a terminal.

In: what `describe_pieces` gives. Out: text, no longer for a hundred thousand files than for twenty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tunewright.music.instruments import instrument_name

MOST_SHOWN = 12  # lines of each list
EXAMPLES = 3  # files named for each reason


def pieces_text(described: Mapping[str, Any]) -> str:
    """What was read, what was dropped and why, parts, instruments, metres and how it is divided."""
    split = described["split"]
    seconds = described["seconds"]
    lines = [
        f"{described['name']}: {described['tunes']:,} pieces, {described['notes']:,} notes, "
        f"{described['bars']:,} bars, {seconds // 3600} h {seconds % 3600 // 60:02} min",
        f"  {described['duplicates']:,} duplicates left out, {described['families']:,} families",
        f"  to learn from {split['train']:,}, to choose by {split['valid']:,}, to test with {split['test']:,}",
        *_counts("Parts", described["parts"]),
        *_counts("Instruments", {_named(name): count for name, count in described["instruments"].items()}),
        *_counts("Metres", described["meters"]),
        *_counts("Found by the notes, where the file says nothing", described["inferred"]),
        *_counts("Repairs", described["repairs"]),
        *_dropped(described["dropped"]),
    ]
    return "\n".join(lines)


def _named(program: str) -> str:
    return "drums" if program == "drums" else instrument_name(int(program))


def _counts(name: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    width = max(len(str(what)) for what in list(counts)[:MOST_SHOWN])
    shown = [f"  {what!s:<{width}}  {count:>8,}" for what, count in list(counts.items())[:MOST_SHOWN]]
    rest = len(counts) - MOST_SHOWN
    return ["", name, *shown, *([f"  and {rest:,} more"] if rest > 0 else [])]


def _dropped(dropped: Sequence[Mapping[str, str]]) -> list[str]:
    if not dropped:
        return ["", "Nothing was dropped."]
    reasons = Counter(item["reason"] for item in dropped)
    lines = ["", f"Dropped: {len(dropped):,} (all of them: --json)"]
    for reason, count in reasons.most_common(MOST_SHOWN):
        first = [item["source"] for item in dropped if item["reason"] == reason][:EXAMPLES]
        lines.append(f"  {count:,} times {reason}: {', '.join(first)}{', …' if count > EXAMPLES else ''}")
    if (rest := len(reasons) - MOST_SHOWN) > 0:
        lines.append(f"  and {rest:,} more reasons")
    return lines
