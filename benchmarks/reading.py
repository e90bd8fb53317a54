"""Is the ABC reader right? Counts over the built-in corpora, and every bar against abc2midi.

    python benchmarks/reading.py                         all counts and the bars
    python benchmarks/reading.py --corpus ryan --differ  every bar where the two differ, with its text
    python benchmarks/reading.py --repaired 50 --corpus aird   repaired tunes to look at, verbatim and canonical
    python benchmarks/reading.py --break tuplet          the same with a reader that is wrong on purpose
    python benchmarks/reading.py --canonical             abc2midi on our canonical text

A bar is wrong for abc2midi where it says "Bar N has X time units while the time signature has Y"; for us where
`Measure.length` is not `Measure.expected`. Its allowances are applied to our lengths as it applies them: at any bar
line but the plain one a bar that is too short runs on into the next one in playing order; the first bar is not
judged the first time through. Bars are matched by source line and length. abc2midi stumbles on many decorations
and forms of text, so it judges twice: the files as they are, and copies stripped of those (`judge.strip`); our
reading is of the files as they are both times.
Exit codes: 0 done, 1 below the goal, 3 abc2midi is missing.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from judge import BREAKS, CORPORA, Complaint, abc2midi, complaints, corpus_files, corpus_sources, wrong_bar

from tunewright.formats.abc import format_abc, parse_abc, parse_tune
from tunewright.formats.abc.state import BAR_AT_LINE_END
from tunewright.music.playing import played
from tunewright.music.tune import Bar, Ending, MeterChange, Note, Part, Rest, Tune
from tunewright.support.errors import ParseError

GOAL = 0.995
JUDGED = ("oneill", "ryan", "aird")


@dataclass
class Reading:
    """What became of one corpus."""

    tunes: list[Tune] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def read(corpus: str) -> Reading:
    """Every tune of a corpus that can be read."""
    reading = Reading()
    start = time.perf_counter()
    for source in corpus_sources(corpus):
        try:
            reading.tunes.append(parse_tune(source))
        except ParseError as error:
            reading.dropped[f"{error.reason} ({error.source})"] += 1
    reading.seconds = time.perf_counter() - start
    return reading


def show_counts(corpus: str, reading: Reading) -> None:
    """Print what was read, dropped, repaired and left out, and how many tunes read back equal."""
    tunes = reading.tunes
    regular = sum(not tune.irregular for tune in tunes)
    sound = sum(not tune.form_errors for tune in tunes)
    start = time.perf_counter()
    unlike = [tune.source for tune in tunes if parse_abc(format_abc(tune)) != [tune]]
    print(f"\n{corpus}: {len(tunes)} read in {reading.seconds:.1f} s, {sum(reading.dropped.values())} dropped")
    print(f"  regular {regular}, of sound form {sound}")
    print(
        f"  round trips {len(tunes) - len(unlike)} of {len(tunes)} in {time.perf_counter() - start:.1f} s", *unlike[:5]
    )
    repairs = Counter(repair.what for tune in tunes for repair in tune.repairs)
    repaired = {what: len({t.source for t in tunes for r in t.repairs if r.what == what}) for what in repairs}
    left_out: Counter[str] = Counter()
    for tune in tunes:
        left_out.update(dict(tune.left_out))
    for title, counts in (("dropped", reading.dropped), ("repair", repairs), ("left out", left_out)):
        for what, count in counts.most_common():
            print(f"  {title}: {what}: {count}" + (f" in {repaired[what]} tunes" if title == "repair" else ""))


# ------------------------------------------------------------------------------------------------ bar by bar


@dataclass
class Line:
    """The bars that end on one source line."""

    judged: set[int] = field(default_factory=set)  # places of the bar lines at which a bar is judged
    ours: dict[int, set[Fraction]] = field(default_factory=lambda: defaultdict(set))  # wrong ones, by place
    theirs: dict[int, set[Fraction]] = field(default_factory=lambda: defaultdict(set))  # by column
    plainly: dict[int, set[Fraction]] = field(default_factory=lambda: defaultdict(set))  # ours, pickups and all
    errors: list[str] = field(default_factory=list)
    tune: Tune | None = None


def judged_bars(tune: Tune) -> Iterator[tuple[int, Fraction]]:
    """Place of the closing line and share of the metre of each bar that abc2midi's rules judge, in playing order."""
    single = replace(tune, music=tuple(replace(element) for element in tune.music))  # each element its own object
    places = {id(element): place for place, element in enumerate(single.music)}
    length, begun, second_time, last_place, full = Fraction(0), False, False, -1, tune.meter.length
    parts: Counter[str] = Counter()
    for element in played(single):
        place = places[id(element)]
        second_time, last_place = second_time or place < last_place, place
        if isinstance(element, MeterChange):
            full = element.meter.length
        elif isinstance(element, Part):
            parts[element.label] += 1
            if parts[element.label] > 1:
                return  # it judges each part once
        elif isinstance(element, Note | Rest):
            length += element.length
        elif isinstance(element, Bar) and length:
            if element.line != "|" and full is not None and length < full and begun:
                continue
            if full is not None and (begun or second_time):
                yield place, length / full
            begun, length = True, Fraction(0)


def bars_by_line(corpus: str, tunes: list[Tune], *, stripped: bool) -> dict[tuple[str, int], Line]:
    """What we make of the bars that end on each line of each file."""
    lines: dict[tuple[str, int], Line] = defaultdict(Line)
    for tune in tunes:
        name = tune.source.rpartition(":")[0]
        stops = [measure.stop for measure in tune.measures]
        for measure, number in zip(tune.measures, tune.lines, strict=True):
            line = lines[name, number]
            line.tune = tune
            if not measure.full and measure.expected:
                line.plainly[measure.stop].add(measure.length / measure.expected)
        for place, share in judged_bars(tune):
            line = lines[name, tune.lines[max(bisect_right(stops, place) - 1, 0)]]
            line.judged.add(place)
            if share != 1:
                line.ours[place].add(share)
    for path in corpus_files(corpus):
        for complaint in complaints(path, stripped=stripped):
            line = lines[path.name, complaint.line]
            share = wrong_bar(complaint)
            if share is not None:
                line.theirs[complaint.column].add(share)
            elif complaint.severity == "Error" or "reserved" in complaint.text or "chord" in complaint.text:
                line.errors.append(complaint.text)
    return lines


def matched(line: Line) -> tuple[int, list[int], list[int]]:
    """How many wrong bars agree, and the places and columns of those that do not.

    First by its rules; then a bar that it judges by itself though it was played on into another one.
    """
    ours, theirs, plainly = dict(line.ours), dict(line.theirs), dict(line.plainly)
    for column, shares in sorted(line.theirs.items()):
        for mine in (ours, plainly):
            place = next((place for place, lengths in sorted(mine.items()) if lengths & shares), None)
            if place is not None:
                ours.pop(place, None), plainly.pop(place, None), theirs.pop(column)
                break
    return len(line.theirs) - len(theirs), sorted(ours), sorted(theirs)


def pair_up(lines: dict[tuple[str, int], Line]) -> tuple[int, int, int]:
    """Pair what agrees, line by line; how many agree, of those how many only in being wrong, and how many elsewhere.

    What is left of a line keeps the bars that one side alone finds wrong. A bar line that stands first in its line
    closes the bar of the line above: where a section ended there already, abc2midi names the line below.
    """
    agreed = unlike = 0
    for (name, number), line in sorted(lines.items()):
        above = lines.get((name, number - 1), Line())
        if 0 in line.theirs and not any(line.theirs[0] & shares for shares in line.ours.values()):
            for found in (above.ours, above.plainly):
                place = next((place for place, shares in found.items() if shares & line.theirs.get(0, set())), None)
                if place is not None:
                    agreed += 1
                    above.ours.pop(place, None), above.plainly.pop(place, None), line.theirs.pop(0)
    for line in lines.values():
        both, mine, theirs = matched(line)
        different = min(len(mine), len(theirs))
        agreed, unlike = agreed + both + different, unlike + different
        line.ours = {place: line.ours[place] for place in mine[different:]}
        line.theirs = {column: line.theirs[column] for column in theirs[different:]}
    elsewhere = _on_other_lines(lines)
    return agreed + elsewhere, unlike, elsewhere


def _on_other_lines(lines: dict[tuple[str, int], Line]) -> int:
    """Take out of what is left the bars that abc2midi names on the line where it puts in the beginning of a repeat."""
    shares = {id(line.tune): set[Fraction]() for line in lines.values()}
    for line in lines.values():
        shares[id(line.tune)].update(*line.plainly.values())
    found = 0
    for line in lines.values():
        for column, theirs in list(line.theirs.items()):
            if line.tune is not None and theirs & shares[id(line.tune)]:
                found += 1
                del line.theirs[column]
    return found


def reason(line: Line, text: str) -> str:
    """Why the two differ on a line, as far as a program can tell."""
    tune = line.tune
    if tune is None:
        return "a line outside every tune that we read"
    if line.errors:
        return f"abc2midi stumbles on the line: {line.errors[0][:60]}"
    if re.search(r"\+[A-Ga-g][A-Ga-g\d,']+\+", text):
        return "a chord in plus signs (ABC 1.6) is a decoration to abc2midi without -OCC"
    if any(repair.what == BAR_AT_LINE_END for repair in tune.repairs):
        return "we close a full bar at a line end"
    if any(isinstance(element, Ending) for element in tune.music):
        return "endings: where it put in a repeat, abc2midi counts the bar after an ending together with it"
    if any(bar.line == "||" for bar in tune.music if isinstance(bar, Bar)):
        return "a repeat without a beginning: abc2midi goes back to the start of the tune, we to the last double bar"
    return "other"


def judge_bars(corpus: str, tunes: list[Tune], *, differ: bool, stripped: bool = False) -> tuple[float, float]:
    """Agreement with abc2midi on the bars that it finds wrong, and on those that it finds right."""
    lines = bars_by_line(corpus, tunes, stripped=stripped)
    judged = sum(len(line.judged) for line in lines.values())
    wrong = sum(len(line.theirs) for line in lines.values())
    agreed, unlike, elsewhere = pair_up(lines)
    only_ours = sum(len(line.ours) for line in lines.values())
    reasons: Counter[str] = Counter()
    for (name, number), line in sorted(lines.items()):
        if line.ours or line.theirs:
            text = source_line(line.tune, number)
            why = reason(line, text)
            reasons[f"{why} (only abc2midi finds it wrong)"] += len(line.theirs)
            reasons[f"{why} (only we find it wrong)"] += len(line.ours)
            if differ:
                show_difference(f"{name}:{number}: {why}\n    {text}", line)
    of_wrong = agreed / wrong if wrong else 1.0
    of_right = 1 - only_ours / (judged - wrong) if judged > wrong else 1.0
    copy = " in a stripped copy" if stripped else ""
    print(
        f"\n{corpus}: {judged} bars judged{copy}; abc2midi finds {wrong} wrong, we agree on {agreed} ({of_wrong:.2%}),"
    )
    print(f"  of which {unlike} with another length, {elsewhere} on another line of the tune;")
    print(f"  and {judged - wrong} right, we agree on {judged - wrong - only_ours} ({of_right:.3%})")
    for why, count in reasons.most_common():
        if count:
            print(f"  differ: {count}: {why}")
    return of_wrong, of_right


def source_line(tune: Tune | None, number: int) -> str:
    """The text of a line of the file, where it is one of this tune."""
    first = int(tune.source.rpartition(":")[2]) if tune else number
    return tune.text.split("\n")[number - first] if tune else ""


def show_difference(what: str, line: Line) -> None:
    """Print what only we and only abc2midi find wrong on a line."""
    ours = [str(share) for shares in line.ours.values() for share in sorted(shares)]
    theirs = [f"{column}:{share}" for column, shares in line.theirs.items() for share in sorted(shares)]
    print(f"{what}\n    only ours {ours}; only abc2midi {theirs}; {line.errors[:2]}")


# ------------------------------------------------------------------------------------------------ looking


def show_repaired(corpus: str, count: int, seed: int) -> None:
    """Some repaired tunes: what the file says, what we made of it, and each repair."""
    tunes = [tune for tune in read(corpus).tunes if tune.repairs]
    for tune in random.Random(seed).sample(tunes, min(count, len(tunes))):
        print(f"{'=' * 100}\n{tune.source}{'  IRREGULAR' if tune.irregular else ''}\n{tune.text}\n{'-' * 40}")
        print(format_abc(tune, header="RMLPK"), end="")
        for repair in tune.repairs:
            print(f"  * line {repair.line} bar {repair.bar}: {repair.what} {repair.detail}")
        for what, number in tune.left_out:
            print(f"  - left out: {what} × {number}")


def judge_canonical(corpus: str, tunes: list[Tune]) -> Counter[str]:
    """What abc2midi says against the canonical text of the regular tunes, by kind, and how many tunes it is."""
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canonical.abc"
        regular = [tune for tune in tunes if not tune.irregular]
        texts = [format_abc(replace(tune, number=number)) for number, tune in enumerate(regular, 1)]
        path.write_text("\n".join(texts), encoding="utf-8")
        starts = [1]
        for text in texts:
            starts.append(starts[-1] + text.count("\n") + 1)
        for complaint in complaints(path):
            kinds[_kind(complaint)] += 1
            if kinds[_kind(complaint)] <= 3:
                index = max(i for i, start in enumerate(starts) if start <= complaint.line)
                text = texts[min(index, len(texts) - 1)].split("\n")[complaint.line - starts[index] :][:1]
                print(f"    {regular[min(index, len(regular) - 1)].source}: {complaint.text} | {text}")
    print(f"\n{corpus}: canonical text of {len(regular)} regular tunes:")
    for kind, count in kinds.most_common():
        print(f"  {count}: {kind}")
    return kinds


def _kind(complaint: Complaint) -> str:
    share = "a bar is not full" if wrong_bar(complaint) is not None else ""
    return f"{complaint.severity}: {share or ''.join(c for c in complaint.text if not c.isdigit())[:60]}"


def main() -> int:
    """Read and compare the corpora that were asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=CORPORA, action="append", help="only this one (may be repeated)")
    parser.add_argument("--differ", action="store_true", help="print every bar where abc2midi and we differ")
    parser.add_argument("--repaired", type=int, metavar="N", help="print N repaired tunes of each corpus, and stop")
    parser.add_argument("--seed", type=int, default=1, help="of --repaired")
    parser.add_argument("--canonical", action="store_true", help="let abc2midi judge our canonical text, and stop")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="break the reader on purpose")
    chosen = parser.parse_args()
    abc2midi()
    if chosen.broken:
        BREAKS[chosen.broken]()
    corpora = chosen.corpus or list(CORPORA)
    if chosen.repaired:
        for corpus in corpora:
            show_repaired(corpus, chosen.repaired, chosen.seed)
        return 0
    reached = []
    for corpus in corpora:
        reading = read(corpus)
        if chosen.canonical:
            judge_canonical(corpus, reading.tunes)
            continue
        if not chosen.differ:
            show_counts(corpus, reading)
        if corpus in JUDGED:
            judge_bars(corpus, reading.tunes, differ=chosen.differ)
            reached += judge_bars(corpus, reading.tunes, differ=chosen.differ, stripped=True)
    return 0 if all(share >= GOAL for share in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
