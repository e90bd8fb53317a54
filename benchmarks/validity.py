"""Is every tune that the grammar lets through well formed, and what does the grammar cost?

    python benchmarks/validity.py RUN CORPUS [-n 10000] [--temperatures 0.8,1.0,1.3] [--jobs 2] [--compare 200]
    python benchmarks/validity.py RUN CORPUS --break note     a note in the middle of every tune is lost after drawing
    python benchmarks/validity.py RUN CORPUS --break grammar  the grammar takes every bar for an eighth shorter

Draws tunes at each temperature (by default 10,000, of character models 1,000), a tenth of them with random requests
of key, metre, bars, parts and range, ten to a request. Each is judged by four: our parser, strictly; abc2midi, which
must write a MIDI file and find no error and no bar of wrong units (`R:` left out, and ornaments and chord symbols not
performed); MusicXML, which has to parse and have as many measures as the text has bars; the drawing, the same. Beside
them stand the mean mass that the grammar removed, over tunes that nothing was asked of, and what the model gives
without it: valid tunes, and bits per note of held-out tunes. Every failure is written to a file, with its text.

`--compare` draws so many tunes with the grammar and as many without it, rejected until they are valid, at temperature
1, and takes style and originality of both, and of held-out tunes, against the training tunes of CORPUS; what stands
behind ± is 1.96 standard errors by a bootstrap over tunes. The first is worse where it is so by more than chance
gives in one of twenty such tables.

Exit codes: 0 done, 1 a tune fails, or the grammar makes tunes worse; 3 abc2midi is missing.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from judge import abc2midi
from requested import Words, random_words
from torch import Tensor

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.reading import read_corpus
from tunewright.formats.engraving import to_svg
from tunewright.formats.musicxml.document import to_musicxml
from tunewright.generation.generated import Generated
from tunewright.generation.generator import Generator, load_generator
from tunewright.generation.keywords import generate
from tunewright.judging.runs.references import Training, build_references
from tunewright.measuring.originality import Shared, copy_rate, longest_quantile, longest_shared
from tunewright.measuring.table import COUNTED, MEASURES, Style, mean
from tunewright.models.contract import State
from tunewright.models.likelihood import likelihood
from tunewright.music import form as barring
from tunewright.music.features import Features, features
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, RenderError, TunewrightError
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import encode_passages
from tunewright.tokens.requests import build_request
from tunewright.training.run import load_run, read_split

CHECKS = ("parser", "abc2midi", "MusicXML", "drawing")
CHUNK, GROUP = 500, 10  # tunes drawn in one call; tunes of one request
ASKED = 10  # one tune in so many has a request
FREE_TUNES = 500
LONGEST_FREE = 4000  # tokens after which a tune without grammar is cut
PLAIN = ("-NFER", "-NGRA", "-NGUI")  # fermatas, grace notes and chord symbols not performed


# ------------------------------------------------------------------------------------------------ one tune


def failures(drawn: Sequence[Generated]) -> dict[int, list[tuple[str, str]]]:
    """What fails, and why, of each tune that fails, by its place."""
    found: dict[int, list[tuple[str, str]]] = {}
    for place, one in enumerate(drawn):
        for check, why in _failures(one):
            found.setdefault(place, []).append((check, why))
    for place, why in complained([one.text for one in drawn]).items():
        found.setdefault(place, []).append(("abc2midi", why))
    return found


def _failures(one: Generated) -> Iterator[tuple[str, str]]:
    if one.error:
        yield "parser", one.error
    if one.tune is None:
        yield "MusicXML", "no tune"
        yield "drawing", "no tune"
        return
    bars = bars_in(one.text)
    for check, measures in (("MusicXML", _measures_in_musicxml), ("drawing", _measures_in_drawing)):
        try:
            found = measures(one.tune)
        except (RenderError, ET.ParseError) as error:
            yield check, str(error)
            continue
        if found != bars:
            yield check, f"{found} measures, the text has {bars} bars"


def _measures_in_musicxml(tune: Tune) -> int:
    """Its measures; a bar too long for a line comes in pieces without a bar line between, which count as one."""
    measures = ET.fromstring(to_musicxml(tune)).findall("part/measure")
    return len(measures) - _pieces(measures)


def _pieces(measures: Sequence[ET.Element]) -> int:
    return sum(one.findtext("barline[@location='right']/bar-style") == "none" for one in measures)


def _measures_in_drawing(tune: Tune) -> int:
    drawn = to_svg(tune)
    ET.fromstring(drawn)
    pieces = _pieces(ET.fromstring(to_musicxml(tune)).findall("part/measure"))
    return drawn.count('class="measure"') - pieces


_NOT_NOTES = re.compile(r'"[^"]*"|![^!\n]*!|\{[^}]*\}|\[[A-Za-z]:[^\]]*\]|\(\d[:\d]*|%.*')
_BAR_LINE = re.compile(r"\[?:*\|[|\]:]*|::")


def bars_in(text: str) -> int:
    """Stretches with notes or rests between bar lines, by regular expressions alone."""
    body = text[text.index("\nK:") + 1 :].partition("\n")[2]
    stretches = _BAR_LINE.split(_NOT_NOTES.sub("", body))
    return sum(bool(re.search("[A-Ga-gxz]", stretch)) for stretch in stretches)


_COMPLAINT = re.compile(r"(Error|Warning) in line-char (\d+)--?\d+ : (.*)")


def complained(texts: Sequence[str]) -> dict[int, str]:
    """What abc2midi has against each of some tunes, by its place; one that ends it is found by halving."""
    plain = [re.sub(r"^X:.*|^R:.*\n", "", text, flags=re.MULTILINE) for text in texts]
    numbered = [f"X:{number}\n{text.strip()}\n\n" for number, text in enumerate(plain, 1)]
    starts = np.cumsum([1, *(text.count("\n") for text in numbered)])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "t.abc").write_text("".join(numbered), encoding="utf-8")
        done = subprocess.run([abc2midi(), "t.abc", *PLAIN], capture_output=True, check=False, cwd=folder)
        written = {int(path.stem[1:] or 1) for path in Path(folder).glob("*.mid")}
    if done.returncode and len(texts) > 1:
        half = len(texts) // 2
        return complained(texts[:half]) | {half + place: why for place, why in complained(texts[half:]).items()}
    found = {place: "writes no MIDI file" for place in range(len(texts)) if place + 1 not in written}
    for severity, line, what in _COMPLAINT.findall(done.stdout.decode("latin-1")):
        if severity == "Error" or "time units while" in what:
            found[int(np.searchsorted(starts, int(line), side="right")) - 1] = f"{severity}: {what}"
    return found


# ------------------------------------------------------------------------------------------------ drawing


@dataclass(frozen=True)
class Task:
    """Tunes to draw in one call."""

    temperature: float
    seed: int
    count: int
    asked: bool = False
    free: bool = False


@dataclass
class Tally:
    """What became of some tunes."""

    drawn: int = 0
    failed: Counter[str] = field(default_factory=Counter)  # by check
    valid: int = 0
    removed: list[float] = field(default_factory=list)  # of tunes that nothing was asked of
    refused: Counter[str] = field(default_factory=Counter)  # requests that cannot be had, by reason
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0  # MiB, the most so far

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.drawn += other.drawn
        self.failed += other.failed
        self.valid += other.valid
        self.removed += other.removed
        self.refused += other.refused
        self.failures += other.failures
        self.seconds += other.seconds
        self.memory = max(self.memory, other.memory)


_generator: Generator
_broken = ""


def _load(run: Path, broken: str) -> None:
    """In each process, once."""
    global _generator, _broken
    torch.set_num_threads(1)
    _generator, _broken = load_generator(run), broken
    if broken == "grammar":
        plain = barring._Rules
        setattr(barring, "_Rules", lambda full, short, *rest: plain(full and full - 4 * short, short, *rest))  # noqa: B010


def draw_and_judge(task: Task) -> Tally:
    """Draw the tunes of a task and judge them. What breaks on the way is a failure of all of them."""
    began, tally = time.perf_counter(), Tally(drawn=task.count)
    try:
        _judge(task, tally)
    except Exception:  # a dead end is to be reported like any other failure, and the rest to go on
        tally.failed.update(dict.fromkeys(CHECKS, task.count))
        tally.failures.append(f"{task}\n{traceback.format_exc()}")
    tally.seconds = time.perf_counter() - began
    tally.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return tally


def _judge(task: Task, tally: Tally) -> None:
    words: Words = random_words(random.Random(task.seed), _generator.tokenizer) if task.asked else {}
    try:
        drawn = list(_drawn(task, words))
    except ConfigError as error:
        tally.refused[str(error)] += 1
        tally.drawn = 0
        return
    tally.valid = sum(one.valid for one in drawn)
    if task.free:
        return
    for place, found in failures(drawn).items():
        tally.failed.update({check for check, _ in found})
        reasons = "; ".join(f"{check}: {why}" for check, why in found)
        tally.failures.append(f"temperature {task.temperature:g} {words or ''} {reasons}\n{drawn[place].text}")
    if not task.asked:
        tally.removed = [one.removed_mass for one in drawn if one.removed_mass is not None]


def _drawn(task: Task, words: Words) -> Iterator[Generated]:
    asked = build_request(**words) if words else None
    longest = LONGEST_FREE if task.free else None
    for one in generate(
        _generator,
        task.count,
        temperature=task.temperature,
        seed=task.seed,
        request=asked,
        free=task.free,
        max_length=longest,
    ):
        yield _without_a_note(one) if _broken == "note" else one


def _without_a_note(one: Generated) -> Generated:
    """The tune without the note in its middle."""
    body = one.text.index("\nK:") + 1 + len(one.text[one.text.index("\nK:") + 1 :].split("\n")[0])
    signs = re.compile(rf"{_NOT_NOTES.pattern}|(?P<note>[_^=]*[A-Ga-gx-z][,']*[\d/]*)").finditer(one.text, body)
    notes = [sign for sign in signs if sign["note"]]
    lost = notes[len(notes) // 2]
    return replace(one, text=one.text[: lost.start()] + one.text[lost.end() :])


def valid_tunes(task: Task, wanted: int) -> list[Tune]:
    """Valid tunes, those that are not rejected; fewer than wanted where 40 times as many draws do not give them."""
    found: list[Tune] = []
    for turn in range(40):
        drawn = _drawn(Task(task.temperature, task.seed + turn * wanted, wanted, free=task.free), {})
        found += [one.tune for one in drawn if one.valid and one.tune]
        if len(found) >= wanted:
            break
    return found[:wanted]


def tasks(temperatures: Sequence[float], n: int) -> Iterator[Task]:
    """All there is to draw: without requests, with, and without the grammar."""
    for number, temperature in enumerate(temperatures):
        seed, asked = 10_000_000 * number, n // ASKED
        for kind, count, size in (("", n - asked, CHUNK), ("asked", asked, GROUP), ("free", FREE_TUNES, CHUNK)):
            for first in range(0, min(n, count), size):
                wanted = min(size, min(n, count) - first)
                yield Task(temperature, seed + first, wanted, kind == "asked", kind == "free")
            seed += 1_000_000


# ------------------------------------------------------------------------------------------------ style


@dataclass(frozen=True)
class Set:
    """Some tunes, read once for every measure."""

    features: list[Features]
    styles: list[Style]  # of each tune
    shared: list[Shared]

    @classmethod
    def of(cls, tunes: Sequence[Tune], training: Training) -> Set:
        """The set of some tunes."""
        read = [features(tune) for tune in tunes]
        return cls(read, [Style.of([one]) for one in read], longest_shared(tunes, training.melodies))

    def picked(self, places: Sequence[int]) -> Set:
        """Those at some places."""
        return Set(*([one[place] for place in places] for one in (self.features, self.styles, self.shared)))  # type: ignore[arg-type]

    def style(self) -> Style:
        """The style of all together."""
        counts: dict[str, Counter[object]] = {name: Counter() for name in COUNTED}
        for style in self.styles:
            for name, counter in style.counts.items():
                counts[name].update(counter)
        return Style(counts)


MATCHES = ("transition_match", "duration_match", "interval_match", "plan_match", "harmony_match")
RARE = ("abrupt_notes", "abrupt_lengths")
BETTER = dict.fromkeys(MATCHES, 1) | dict.fromkeys((*RARE, "copy_rate", "median_longest"), -1)
TOO_MUCH = 2.77  # standard errors that one of nine measures passes on one side by chance in one of twenty tables
RESAMPLED = 100


def measured(tunes: Set, training: Training) -> dict[str, float]:
    """Style and originality of a set."""
    style = tunes.style()
    values = {name: of(style, training.style) for name in MATCHES if (of := MEASURES[name].of_set)}
    for name in RARE:
        if of_tune := MEASURES[name].of_tune:
            values[name] = mean(of_tune(one, training.habits) for one in tunes.features)
    return values | {"copy_rate": copy_rate(tunes.shared), "median_longest": longest_quantile(tunes.shared, 0.5)}


def with_errors(tunes: Set, training: Training) -> dict[str, tuple[float, float]]:
    """The same with standard errors."""
    chance = np.random.default_rng(0)
    again = []
    for _ in range(RESAMPLED):
        places = chance.integers(len(tunes.styles), size=len(tunes.styles))
        again.append(measured(tunes.picked(places.tolist()), training))
    return {
        name: (value, float(np.std([one[name] for one in again]))) for name, value in measured(tunes, training).items()
    }


def compare(masked: Sequence[Tune], rejected: Sequence[Tune], corpus: Corpus) -> bool:
    """Print the table of style; whether the grammar makes tunes no worse."""
    training = build_references(corpus).training
    held_out = corpus.valid + corpus.test
    real = [held_out[len(held_out) * place // len(masked)] for place in range(min(len(masked), len(held_out)))]
    sets = [with_errors(Set.of(tunes, training), training) for tunes in (masked, rejected, real)]
    print(f"\n| against the training tunes | grammar ({len(masked)}) | ", end="")
    print(f"free, rejected until valid ({len(rejected)}) | held out ({len(real)}) | |\n| --- | --- | --- | --- | --- |")
    fine = True
    for name, sign in BETTER.items():
        (ours, error), (theirs, other), _ = (one[name] for one in sets)
        worse = sign * (theirs - ours) > TOO_MUCH * float(np.hypot(error, other))
        fine &= not worse
        cells = [f"{one[name][0]:.3f} ± {1.96 * one[name][1]:.3f}" for one in sets]
        print(f"| {name} | {' | '.join(cells)} | {'WORSE' if worse else ''} |")
    return fine


# ------------------------------------------------------------------------------------------------ all of it


def held_out_bits(generator: Generator, corpus: Corpus) -> str:
    """Bits per note of the test tunes, and of how many of them."""
    passages = encode_passages(generator.tokenizer, corpus.test)

    def forward(ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        found: tuple[Tensor, State] = generator.model(ids, state)
        return found

    device = next(generator.model.parameters()).device
    bits = likelihood(forward, passages, device).bits_per_note
    return f"{bits:.3f} ({len(passages)} of {len(corpus.test)} test tunes)"


def show(temperature: float, tally: Tally, free: Tally, bits: str) -> str:
    """A row of the table."""
    valid = [f"{tally.drawn - tally.failed[check]}" for check in CHECKS]
    removed = f"{np.mean(tally.removed):.4f}" if tally.removed else ""
    raw = "broke off" if free.failures else f"{free.valid / free.drawn:.1%} of {free.drawn}"
    return " | ".join(["", f"{temperature:g}", str(tally.drawn), *valid, removed, raw, bits, ""]).strip()


def _table(work: Sequence[tuple[Task, Future[Tally]]], bits: str) -> Tally:
    """Print the table as it gets ready; all of it in one."""
    print(f"\n| temperature | tunes | {' | '.join(CHECKS)} | mass removed | valid without grammar | bits per note |")
    print("|" + " --- |" * (len(CHECKS) + 5))
    whole = Tally()
    for temperature in dict.fromkeys(task.temperature for task, _ in work):
        tally, free = Tally(), Tally()
        for task, future in work:
            if task.temperature == temperature:
                (free if task.free else tally).add(future.result())
        print(show(temperature, tally, free, bits), flush=True)
        whole.add(tally)
        whole.failures += free.failures
    return whole


def _comparing(pool: ProcessPoolExecutor, wanted: int) -> Callable[[Corpus], bool]:
    """What compares, once all else is drawn."""
    seeds = {False: 500_000_000, True: 600_000_000}
    waiting = [pool.submit(valid_tunes, Task(1.0, seed, wanted, free=free), wanted) for free, seed in seeds.items()]

    def finish(corpus: Corpus) -> bool:
        try:
            masked, rejected = (future.result() for future in waiting)
        except TunewrightError:
            print(f"\nnothing to compare with:\n{traceback.format_exc()}")
            return False
        if len(rejected) == len(masked):
            return compare(masked, rejected, corpus)
        print(f"\nonly {len(rejected)} of {40 * wanted} tunes drawn without grammar are valid: nothing to compare with")
        return True

    return finish


def main() -> int:
    """Print the tables; exit with 1 where a tune fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("-n", type=int, default=0, help="tunes at each temperature")
    parser.add_argument("--temperatures", default="0.8,1.0,1.3")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--compare", type=int, default=200, metavar="TUNES", help="0: no comparison of style")
    parser.add_argument("--failures", type=Path, default=Path("validity-failures.txt"))
    parser.add_argument("--break", dest="broken", choices=("note", "grammar"), default="")
    given = parser.parse_args()
    if given.corpus is None:
        print("skipped: it takes a trained run and the tunes that it learned from")
        return 0
    abc2midi()  # or ends here
    corpus, generator = read_corpus(*given.corpus.split(",")), load_generator(given.run)
    if read_split(load_run(given.run).path).get("fingerprint") != corpus.fingerprint:
        print(f"note: {given.run} learned from another corpus or split than {given.corpus}")
    n = given.n or (1000 if isinstance(generator.tokenizer, CharTokenizer) else 10_000)
    began = time.perf_counter()
    with ProcessPoolExecutor(given.jobs, get_context("spawn"), _load, (given.run, given.broken)) as pool:
        todo = list(tasks([float(one) for one in given.temperatures.split(",")], n))
        work = [(task, pool.submit(draw_and_judge, task)) for task in todo]
        finish = _comparing(pool, given.compare) if given.compare and not given.broken else lambda _: True
        whole = _table(work, held_out_bits(generator, corpus))
        seconds = time.perf_counter() - began
        fine = finish(corpus)
    per_tune = whole.seconds / max(whole.drawn, 1)
    print(f"\n{whole.drawn} tunes in {seconds:.0f} s; {1000 * per_tune:.0f} ms of a process each, at most ", end="")
    print(f"{whole.memory} MiB; refused requests: {dict(whole.refused) or 'none'}")
    if whole.failures:
        given.failures.write_text("\n\n".join(whole.failures) + "\n", encoding="utf-8")
        print(f"{len(whole.failures)} failures, written to {given.failures}; the first:\n{whole.failures[0]}")
    return 1 if whole.failures or not fine else 0


if __name__ == "__main__":
    sys.exit(main())
