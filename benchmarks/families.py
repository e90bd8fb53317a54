"""How long a shared passage must be to make two tunes one family: the four built-in collections, at several lengths.

    python benchmarks/families.py

Two judges that the method does not see: tunes of the Irish, Scottish and American collections and of the German,
Dutch and Chinese songs of Essen have little to do with each other, so a family across is mostly chance; and of two
tunes with the same title in the first three collections many, not all, are versions of one tune.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import combinations

from tunewright.corpus import families
from tunewright.corpus.reading import read_corpus
from tunewright.music.tune import Tune

LENGTHS = (5, 6, 7, 8)  # notes


def same_title(tunes: list[Tune]) -> list[tuple[int, int]]:
    """Pairs of tunes with the same title, what stands after dashes and articles apart."""
    by_title: dict[str, list[int]] = defaultdict(list)
    for index, tune in enumerate(tunes):
        title = re.sub(r"--.*|, the$|^the |[^a-z ]", "", tune.title.casefold()).strip()
        by_title[title].append(index)
    return [pair for found in by_title.values() if 1 < len(found) < 5 for pair in combinations(found, 2)]


def main() -> None:
    """Print one line for each length."""
    dances = list(read_corpus("oneill", "ryan", "aird").tunes)
    tunes = [*dances, *read_corpus("essen").tunes]
    pairs = same_title(dances)
    print(f"{len(tunes):,} tunes, {len(pairs)} pairs of one title")
    print("| notes | families | largest | tunes in a family across | pairs of one title joined |")
    print("| --- | --- | --- | --- | --- |")
    for length in LENGTHS:
        families.PASSAGE_NOTES = length
        found = families.find_families(tunes)
        sizes = Counter(found)
        across = set(found[: len(dances)]) & set(found[len(dances) :])
        joined = sum(found[one] == found[other] for one, other in pairs)
        print(f"| {length} | {len(sizes):,} | {max(sizes.values()):,} | {sum(sizes[f] for f in across):,} | {joined} |")


if __name__ == "__main__":
    main()
