"""What there is to say of a corpus, and of every file in it, as plain data.

In: a `Corpus`, of tunes or of pieces. Out: what `tunewright corpus --json` prints; of tunes also a line for every file,
those that were dropped among them, and how MIDI files were read, in figures. This file shows nothing on a terminal.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.inference import states_mode
from tunewright.corpus.sources import Dropped
from tunewright.formats.formats import FORMATS, format_of
from tunewright.music.kinds import Music
from tunewright.music.piece import Piece
from tunewright.music.rhythms import known_rhythm
from tunewright.music.tune import Bar, Note, Rest, Tune
from tunewright.support.files import replacing
from tunewright.support.tables import harmless

KEY = "key"  # what `Inference.what` says of MIDI files
METER = "metre"
# the repairs that say which notes of a MIDI file were read (`melody_choice`), and how that is counted
ONE_TRACK = "one track of several read"
SKYLINE = "highest notes of several parts read"
_MELODIES = {ONE_TRACK: "melody: one track of several", SKYLINE: "melody: the highest notes of several parts"}
# the repairs that say how far the file was believed about its key and metre (`transcription`)
_KEYS = {
    "key not stated, inferred from the notes": "key: found in the notes",
    "the stated key contradicts the notes": "key: stated, and the notes contradict it",
    "mode inferred": "key: signature stated, mode found in the notes",
}
_METERS = {
    "metre not stated, inferred from the notes": "metre: found in the notes",
    "metre not stated and too few notes to tell, 4/4 assumed": "metre: assumed",
}
_COLUMNS = ("file", "tunes", "found", "notes", "bars", "key", "key_sure", "meter", "meter_sure", "repairs")


def describe(corpus: Corpus[Music]) -> dict[str, Any]:
    """What there is to say of a corpus, as plain data: the object that `tunewright corpus --json` prints."""
    return figures(corpus) | {"files": list(_FILES[corpus.kind](corpus))}


def figures(corpus: Corpus[Music]) -> dict[str, Any]:
    """The same without what is said of every file."""
    parts = Counter(corpus.split)
    kind = corpus.kind
    return {
        "name": corpus.name,
        "tunes": corpus.read,
        "irregular": corpus.irregular,
        "duplicates": len(corpus.duplicates),
        "families": len(set(corpus.families)),
        "dropped": [{"source": item.source, "reason": item.reason} for item in corpus.dropped],
        **_HEADS[kind](corpus),
        "split": {part: parts[part] for part in ("train", "valid", "test")},
        "fingerprint": corpus.fingerprint,
    } | _FIGURES[kind](corpus)


def _of_tunes(corpus: Corpus[Tune]) -> dict[str, Any]:
    return {
        "notes": sum(len(tune.notes) for tune in corpus.music),
        "bars": sum(map(_bars, corpus.music)),
        "repairs": dict(corpus.repairs),
        "left_out": _counted(chain.from_iterable(Counter(dict(tune.left_out)).elements() for tune in corpus.music)),
        "rhythms": _stated_and_inferred(corpus, "rhythm"),
        "modes": _stated_and_inferred(corpus, "mode"),
        "meters": _counted(str(tune.meter) for tune in corpus.music),
        "keys": _counted(str(tune.key) for tune in corpus.music),
    }


def _of_pieces(corpus: Corpus[Piece]) -> dict[str, Any]:
    pieces = corpus.music
    instruments = ("drums" if part.drums else str(part.program) for piece in pieces for part in piece.parts)
    return {
        "notes": sum(piece.notes for piece in pieces),
        "bars": sum(len(piece.bar_lines) for piece in pieces),
        "seconds": round(sum(piece.seconds for piece in pieces)),
        "repairs": dict(corpus.repairs),
        "inferred": _counted(item.what for piece in pieces for item in piece.inferred),
        "parts": {str(parts): count for parts, count in sorted(Counter(len(one.parts) for one in pieces).items())},
        "instruments": _counted(instruments),
        "meters": _counted(_first_meter(piece) for piece in pieces),
    }


def _first_meter(piece: Piece) -> str:
    """The first metre of a piece as written; "none" where it states none."""
    return f"{piece.meters[0].numerator}/{piece.meters[0].denominator}" if piece.meters else "none"


def _counted(what: Iterable[str]) -> dict[str, int]:
    """How often each thing is there, the most frequent first."""
    return dict(Counter(what).most_common())


def _stated_and_inferred(corpus: Corpus[Tune], what: str) -> dict[str, Any]:
    """How often each rhythm or mode is stated, or inferred with what mean confidence, and how often neither."""
    stated: Counter[str] = Counter()
    confidences: dict[str, list[float]] = {}
    unknown = 0
    for tune in corpus.music:
        # of a MIDI file the key is inferred as a whole
        inference = next((item for item in tune.inferred if item.what in (what, KEY if what == "mode" else what)), None)
        if inference is not None:
            value = tune.key.mode if inference.what == KEY else inference.value
            confidences.setdefault(value, []).append(inference.confidence)
        elif said := _stated(tune, what):
            stated[said] += 1
        else:
            unknown += 1
    inferred = {
        value: {"tunes": len(found), "confidence": round(sum(found) / len(found), 3)}
        for value, found in sorted(confidences.items(), key=lambda item: -len(item[1]))
    }
    return {"stated": dict(stated.most_common()), "inferred": inferred, "unknown": unknown}


def _stated(tune: Tune, what: str) -> str:
    if what == "mode":
        return tune.key.mode if states_mode(tune) else ""
    known = known_rhythm(tune.rhythm)
    return known.name if known else tune.rhythm


def _bars(tune: Tune) -> int:
    """How many measures a tune has, without keeping them: they would take more memory than the tune."""
    count, sounding = 0, False
    for element in (*tune.music, Bar()):
        if isinstance(element, Bar):
            count, sounding = count + sounding, False
        else:
            sounding = sounding or isinstance(element, Note | Rest)
    return count


# ------------------------------------------------------------------------------------------------ file by file


def describe_files(corpus: Corpus[Tune]) -> Iterator[dict[str, Any]]:
    """What was found in every file, in the order of their names: one object a file, with "found" or "reason".

    For a MIDI file also its key and metre with how sure they are (None where the file's word was taken), and every
    repair.
    """
    found: dict[str, list[Tune | Dropped | str]] = defaultdict(list)
    for tune in corpus.music:
        found[_file_of(tune.source)].append(tune)
    for left_out, kept in corpus.duplicates:
        found[_file_of(left_out)].append(kept)
    for dropped in corpus.dropped:
        found[_file_of(dropped.source)].append(dropped)
    for name in sorted(found, key=lambda name: name.replace("/", "\0")):  # folder by folder
        items = found[name]
        yield {"source": name} | (_midi_file(items[0]) if _is_midi(name) else _abc_file(items))


def write_files(corpus: Corpus[Tune], path: Path, *, raw: bool = False) -> None:
    """Write a table with tabs: a line for every file, with what was found in it or why it was dropped.

    Cells that a spreadsheet would run have an apostrophe before them, unless they are to be `raw`.
    """
    safe = str if raw else harmless
    with replacing(path) as out:
        for row in (_COLUMNS, *map(_cells, describe_files(corpus))):
            line = "\t".join(safe(" ".join(str(cell).split())) for cell in row)
            out.write(f"{line}\n".encode(errors="surrogateescape"))


def _cells(told: Mapping[str, Any]) -> tuple[Any, ...]:
    found = told.get("found") or f"dropped: {told['reason']}"
    repairs = "; ".join(f"{one['what']} {one.get('detail', one.get('count', ''))}".strip() for one in told["repairs"])
    names = ("notes", "bars", "key", "key_sure", "meter", "meter_sure")
    return (
        told["source"],
        told["tunes"],
        found,
        *("" if told.get(name) is None else told[name] for name in names),
        repairs,
    )


def _file_of(source: str) -> str:
    return source.rpartition(":")[0]


def _is_midi(name: str) -> bool:
    return format_of(name) is FORMATS["mid"]


def _midi_file(item: Tune | Dropped | str) -> dict[str, Any]:
    """What is said of a MIDI file: the tune in it, why there is none, or the source of an equal one."""
    if isinstance(item, Dropped):
        return {"tunes": 0, "reason": item.reason, "repairs": [], "inferred": []}
    if isinstance(item, str):
        same = f"the same tune as in {_file_of(item) if _is_midi(_file_of(item)) else item}"
        return {"tunes": 1, "found": same, "duplicate_of": item, "repairs": [], "inferred": []}
    sure = {inference.what: inference.confidence for inference in item.inferred}
    return {
        "tunes": 1,
        "found": melody_found(item),
        "title": item.title,
        "notes": len(item.notes),
        "bars": _bars(item),
        "key": str(item.key),
        "key_sure": sure.get(KEY),
        "meter": str(item.meter),
        "meter_sure": sure.get(METER),
        "repairs": [{"what": repair.what, "detail": repair.detail} for repair in item.repairs],
        "inferred": [
            {"what": inference.what, "value": inference.value, "confidence": inference.confidence}
            for inference in item.inferred
        ],
    }


def melody_found(tune: Tune) -> str:
    """Which notes of its MIDI file a tune is made of."""
    details = {repair.what: repair.detail for repair in tune.repairs}
    if ONE_TRACK in details:
        return f"track {details[ONE_TRACK]}"
    return f"highest notes, {details[SKYLINE]}" if SKYLINE in details else "the only track"


def _abc_file(items: Sequence[Tune | Dropped | str]) -> dict[str, Any]:
    tunes = [item for item in items if not isinstance(item, Dropped | str)]
    dropped = [item for item in items if isinstance(item, Dropped)]
    read = len(items) - len(dropped)
    repairs = Counter(repair.what for tune in tunes for repair in tune.repairs)
    told = {
        "tunes": read,
        "duplicates": read - len(tunes),
        "dropped": len(dropped),
        "notes": sum(len(tune.notes) for tune in tunes),
        "bars": sum(map(_bars, tunes)),
        "repairs": [{"what": what, "count": count} for what, count in repairs.most_common()],
        "inferred": [],  # of each tune; counted for the whole corpus
    }
    if not read:
        return told | {"reason": dropped[0].reason}
    told["found"] = ", ".join(
        f"{count:,} {what}"
        for count, what in ((read, "tunes"), (read - len(tunes), "of them duplicates"), (len(dropped), "dropped"))
        if count
    )
    return told


def _describe_pieces(corpus: Corpus[Piece]) -> Iterator[dict[str, Any]]:
    """A line for every piece: a file of MIDI has one."""
    for piece in corpus.music:
        parts, bars = len(piece.parts), len(piece.bar_lines)
        yield {"source": piece.source, "parts": parts, "notes": piece.notes, "bars": bars}


_HEADS: Mapping[str, Callable[[Corpus[Any]], dict[str, Any]]] = {
    Tune.kind: lambda corpus: {"not_read": dict(corpus.others)},
    Piece.kind: lambda _: {},
}
_FIGURES: Mapping[str, Callable[[Any], dict[str, Any]]] = {Tune.kind: _of_tunes, Piece.kind: _of_pieces}
_FILES: Mapping[str, Callable[[Any], Iterator[dict[str, Any]]]] = {
    Tune.kind: describe_files,
    Piece.kind: _describe_pieces,
}


# ------------------------------------------------------------------------------------------------ many files


def how_read(corpus: Corpus[Tune]) -> list[tuple[str, int, float | None]]:
    """How MIDI files were read: what, in how many of them, and the mean confidence where there is one."""
    counts: Counter[str] = Counter()
    sums: dict[str, float] = defaultdict(float)
    for tune in corpus.music:
        if not _is_midi(_file_of(tune.source)):
            continue
        repairs = {repair.what for repair in tune.repairs}
        sure = {inference.what: inference.confidence for inference in tune.inferred}
        for kinds, otherwise, what in (
            (_MELODIES, "melody: the only track", ""),
            (_KEYS, "key: stated, and the notes agree" if KEY in sure else "key: stated", KEY),
            (_METERS, "metre: stated", METER),
        ):
            name = next((kinds[repair] for repair in kinds if repair in repairs), otherwise)
            counts[name] += 1
            sums[name] += sure.get(what, 0.0)
    return [(name, count, sums[name] / count if sums[name] else None) for name, count in sorted(counts.items())]


def reasons(dropped: Sequence[Dropped]) -> list[tuple[str, list[str]]]:
    """Why things were dropped, what is found in each left open, and the sources; the most frequent reason first.

    >>> reasons([Dropped("a:1", "7 drum notes; expected a melody"), Dropped("b:1", "9 drum notes; expected a melody")])
    [('… drum notes; expected a melody', ['a:1', 'b:1'])]
    """
    found: dict[str, list[str]] = defaultdict(list)
    for item in dropped:
        found[_kind(item.reason)].append(item.source)
    return sorted(found.items(), key=lambda kind: -len(kind[1]))


_PARTICULAR = re.compile(r"""b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*"|0x[0-9a-f]+|\d[\d.,/^]*\d|\d""")


def _kind(reason: str) -> str:
    found, semicolon, expected = reason.partition("; expected")
    return re.sub(r"…(?:,? …)+", "…", _PARTICULAR.sub("…", found)) + semicolon + expected
