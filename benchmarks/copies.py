"""Is the longest verbatim passage that we find in the training tunes the longest there is?

    python benchmarks/copies.py RUN SOURCE [-n TUNES] [--break]

Draws tunes from the weights that training of a run ended with, and looks for the longest passage of each in the
training tunes twice: by `originality`, and by Python's own search for a substring, one length after the other. Every
tune must come out the same. `--break` hides every other training tune from ours: the check must then fail (code 1).
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

import torch

from tunewright.corpus.reading import read_corpus
from tunewright.generation.generator import load_generator
from tunewright.generation.keywords import generate
from tunewright.judging.runs.references import bare_body
from tunewright.measuring.originality import build_text_index, longest_shared_text


def longest_by_search(text: str, haystack: str) -> int:
    """Characters of the longest part of `text` that occurs in `haystack`; both without the separator between tunes."""
    longest = 0
    while any(text[start : start + longest + 1] in haystack for start in range(len(text) - longest)):
        longest += 1
    return longest


def drawn_texts(run: Path, count: int) -> list[str]:
    """The bodies of tunes drawn from the last weights of a run, cut where nearly every training tune has ended."""
    tunes = generate(load_generator(run, last=True), count, max_length=1500)
    return [bare_body(tune.text) for tune in tunes]


def main() -> None:
    """Print how many tunes come out the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("source", nargs="?")
    parser.add_argument("-n", type=int, default=40)
    parser.add_argument("--break", dest="broken", action="store_true")
    given = parser.parse_args()
    if given.source is None:
        print("skipped: it takes a trained run and the tunes that it learned from")
        return
    torch.set_num_threads(1)
    train = read_corpus(given.source).train
    texts = drawn_texts(given.run, given.n)
    known = train[::2] if given.broken else train
    ours = [
        shared.length
        for shared in longest_shared_text(texts, build_text_index(known, [bare_body(t.text) for t in known]))
    ]
    haystack = "\n".join("".join(tune.text[tune.text.index("\nK:") + 1 :].partition("\n")[2].split()) for tune in train)
    theirs = [longest_by_search(text, haystack) for text in texts]
    equal = sum(a == b for a, b in zip(ours, theirs, strict=True))
    print(f"{equal} of {len(texts)} tunes: the same longest passage")
    print(f"median: ours {statistics.median(ours):g}, by search {statistics.median(theirs):g} characters")
    sys.exit(equal < len(texts))


if __name__ == "__main__":
    main()
