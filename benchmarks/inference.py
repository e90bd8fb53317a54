"""How often the mode and the rhythm that we infer are those that the file states, on tunes that state them.

    python benchmarks/inference.py [ABC_FILE...]

The stated value is taken away before we look. Files given are read beside the built-in collections.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tunewright.corpus.inference import infer_key, infer_rhythm
from tunewright.corpus.reading import read_corpus
from tunewright.music.rhythms import known_rhythm
from tunewright.music.tune import Key, Tune


def rhythm_table(tunes: list[Tune]) -> None:
    """Print, for each rhythm that we infer, in how many tunes that state one it is the stated one."""
    right, said, unknown = Counter[str](), Counter[str](), 0
    for tune in tunes:
        stated = known_rhythm(tune.rhythm)
        if stated is None:
            continue
        inferred = infer_rhythm(replace(tune, rhythm=""))
        if inferred is None:
            unknown += 1
            continue
        said[inferred.value] += 1
        right[inferred.value] += inferred.value == stated.name
    for name, count in said.most_common():
        print(f"  {name:12} {right[name]:5} of {count:5} right  {right[name] / count:.2f}")
    print(f"  left unknown {unknown}")


def mode_table(tunes: list[Tune], *, tonic_known: bool) -> None:
    """Print, by confidence, how often the inferred mode (and tonic) is the stated one."""
    bins: dict[float, list[bool]] = {}
    for tune in tunes:
        hidden = replace(tune, key=Key(tune.key.tonic if tonic_known else None))
        found = infer_key(hidden)
        if found is None or tune.key.tonic is None:
            continue
        key, confidence = found
        same = key.mode == tune.key.mode and key.tonic == tune.key.tonic
        bins.setdefault(min(0.9, int(confidence * 10) / 10), []).append(same)
    for low in sorted(bins):
        print(f"  confidence {low:.1f} to {low + 0.1:.1f}: {sum(bins[low])} of {len(bins[low])} right")


def says_mode(tune: Tune) -> bool:
    """Whether the file writes the mode out, so that it is no default."""
    return any(line.startswith("K:") and len(line[2:].split("%")[0].split()) > 1 for line in tune.text.split("\n"))


def main() -> None:
    """Print the tables for the built-in collections and the files given."""
    dances = [*read_corpus("oneill").tunes, *read_corpus("ryan").tunes]
    print("Rhythm, O'Neill's and Ryan's:")
    rhythm_table(dances)
    for name in ["aird", *map(Path, sys.argv[1:])]:
        tunes = [tune for tune in read_corpus(name).tunes if says_mode(tune)]
        print(f"Mode where the tonic is known, {Path(name).name}, {len(tunes)} tunes that write it out:")
        mode_table(tunes, tonic_known=True)
        print("Tonic and mode, nothing known:")
        mode_table(tunes, tonic_known=False)


if __name__ == "__main__":
    main()
