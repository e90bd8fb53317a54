"""Where the tunes of a test are from: runs that draw them, files and texts, real held-out tunes.

In: names of runs, files and collections. Out: sources that give tunes of wanted profiles (rhythm, metre, key), and can
be asked which profiles they have. Tunes are taken by chance, and drawn ones in the order of their seeds: the first that
is well formed and long enough, so that nobody picks the best. This file makes no sound.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tunewright.corpus.corpus import Corpus
from tunewright.corpus.files import read_file
from tunewright.corpus.kinds import TUNE
from tunewright.corpus.reading import read_corpus
from tunewright.corpus.sources import BUILT_IN, Dropped, find_files
from tunewright.formats.abc import format_abc
from tunewright.judging.listening.stimuli import excerpt
from tunewright.music.kinds import music_id
from tunewright.music.rhythms import known_rhythm, told_rhythm
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, CorpusError, RunError
from tunewright.tokens.requests import Request
from tunewright.training.base import run_folder
from tunewright.training.run import default_best_of, default_temperature, is_run, read_record, read_split

if TYPE_CHECKING:
    from tunewright.generation.decoding import Decoding
    from tunewright.generation.generator import Generator

RUN, TUNES, REAL = "run", "tunes", "real"
TRIES = 24  # drawings for one tune, until one is well formed and long enough
MOST_READ = 20_000  # tunes of files, from which those of a test are chosen


class Profile(NamedTuple):
    """What tunes of a test have in common that are held against one another; "" for what is left open."""

    rhythm: str = ""
    meter: str = ""
    key: str = ""

    @classmethod
    def of(cls, tune: Tune) -> Profile:
        """That of a tune."""
        known = known_rhythm(told_rhythm(tune))
        return cls(known.name if known else "", str(tune.meter), str(tune.key) if tune.key.tonic else "")

    def likeness(self, other: Profile) -> int:
        """How like another it is: metre before rhythm before mode before tonic."""
        mode, others = self.key.partition(" ")[2], other.key.partition(" ")[2]
        alike = (self.meter == other.meter, self.rhythm == other.rhythm, mode == others, self.key == other.key)
        return sum(weight * same for weight, same in zip((8, 4, 2, 1), alike, strict=True))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tune of a test: as it is, and as it is heard."""

    tune: Tune
    heard: Tune
    abc: str


class Source(Protocol):
    """Where tunes are from; `kind` is RUN, TUNES or REAL."""

    name: str
    kind: str

    def profiles(self, bars: int) -> Counter[str] | None:
        """How many tunes of each metre it has; None where it draws whatever is asked for."""

    def find(self, wanted: Sequence[Profile], bars: int, chance: random.Random) -> Iterator[Chosen]:
        """A tune for each profile, as like as can be had. CorpusError where there are too few, RunError as drawing."""


# ------------------------------------------------------------------------------------------------ tunes that are there


@dataclass(eq=False)
class There:
    """Tunes of files, or real ones."""

    name: str
    kind: str
    tunes: Sequence[Tune]
    learned: Sequence[Tune] = ()  # what the same collection was learned from, where it is divided
    _usable: dict[int, list[Chosen]] = field(default_factory=dict)

    def usable(self, bars: int) -> list[Chosen]:
        """Those that have so many whole bars, each once."""
        if bars not in self._usable:
            each = {music_id(tune): tune for tune in self.tunes}.values()
            cut = ((tune, excerpt(tune, bars)) for tune in each)
            self._usable[bars] = [Chosen(tune, heard, tune.text or format_abc(tune)) for tune, heard in cut if heard]
        return self._usable[bars]

    def profiles(self, bars: int) -> Counter[str] | None:
        """How many tunes of each metre it has."""
        return Counter(str(one.tune.meter) for one in self.usable(bars))

    def find(self, wanted: Sequence[Profile], bars: int, chance: random.Random) -> Iterator[Chosen]:
        """A tune for each profile, chosen by chance among those that are most like it."""
        left = list(self.usable(bars))
        chance.shuffle(left)
        if len(left) < len(wanted):
            raise CorpusError(
                f"{self.name}: {len(left)} of its {len(self.tunes):,} tunes have {bars} whole bars; expected "
                f"{len(wanted)} (fewer items, or fewer bars)"
            )
        for profile in wanted:
            best = max(range(len(left)), key=lambda place: profile.likeness(Profile.of(left[place].tune)))
            yield left.pop(best)


def tunes_of_files(paths: Sequence[str | Path], name: str = "") -> There:
    """The tunes of files, folders and built-in collections. CorpusError where there are none."""
    found: list[Tune] = []
    for path in paths:
        if str(path) in BUILT_IN:
            found += read_corpus(path).tunes
            continue
        for _, file in find_files(path, or_run=True):
            found += [one for one in read_file(file, TUNE) if not isinstance(one, Dropped)]
            if len(found) > MOST_READ:
                raise CorpusError(f"{path}: more than {MOST_READ:,} tunes; expected fewer, or a built-in collection")
    if not found:
        raise CorpusError(f"{', '.join(map(str, paths))}: no tune could be read")
    return There(name or " ".join(Path(path).name for path in paths), TUNES, found)


def real_tunes(names: Sequence[str], runs: Sequence[str | Path], name: str = REAL) -> There:
    """Real tunes as hidden controls, none of which the runs have learned from, nor those that they went on from.

    Of these collections, or else the test tunes of what the runs learned from. CorpusError where it is not known what
    that is, or nothing is held out.
    """
    folders = [run_folder(run) for run in runs]
    from tunewright.judging.run_scorecard import sources_of  # noqa: PLC0415 - PyTorch takes a second to load

    sources = list(names) or list(dict.fromkeys(one for folder in folders for one in sources_of(folder)))
    if not sources:
        raise CorpusError("real tunes: the runs do not say what they learned from, or it is gone; name a collection")
    corpus: Corpus[Tune] = read_corpus(*sources)
    known = {one for folder in folders for one in _learned(folder)}
    offered = corpus.tunes if names else corpus.test
    held_out = [tune for tune in offered if music_id(tune) not in known]
    if not held_out:
        raise CorpusError(f"{corpus.name}: no tune is held out of {len(corpus.tunes)}; expected a larger collection")
    return There(name, REAL, held_out, corpus.train)


def _learned(folder: Path) -> set[str]:
    """The ids of the tunes that a run learned from or was chosen by, and those of the runs that it went on from."""
    found: set[str] = set()
    met: list[Path] = []
    while folder not in met:
        met.append(folder)
        found |= {one for part in ("train", "valid") for one in read_split(folder).get(part, ())}
        origin = (read_record(folder).get("from") or {}).get("run")
        if not isinstance(origin, str):
            break
        before, folder = folder, run_folder(origin)
        if not is_run(folder):
            raise CorpusError(f"{before}: went on from {origin}, which is gone: nobody knows what that had learned")
    return found


# ------------------------------------------------------------------------------------------------ tunes that are drawn


@dataclass(eq=False)
class Drawing:
    """A run, which draws what is wanted."""

    name: str
    generator: Generator
    best_of: int
    decoding: Decoding
    seed: int = 0
    kind: str = RUN

    def profiles(self, bars: int) -> Counter[str] | None:
        """None: it draws any."""

    def find(self, wanted: Sequence[Profile], bars: int, chance: random.Random) -> Iterator[Chosen]:
        """A new tune for each profile: the first that is well formed, long enough, and not there yet."""
        known: set[str] = set()
        for number, profile in enumerate(wanted):
            request, seed = self._request(profile), self.seed + number * TRIES
            for tried in range(TRIES):
                if chosen := self._draw(request, seed + tried, bars, known):
                    yield chosen
                    break
            else:
                told = " ".join(filter(None, profile)) or "any tune"
                raise RunError(
                    f"{self.name}: none of {TRIES} tunes drawn as {told} is well formed with {bars} whole bars; "
                    "expected a run that was trained longer, or fewer bars"
                )

    def _draw(self, request: Request, seed: int, bars: int, known: set[str]) -> Chosen | None:
        drawn = next(self.generator.generate(1, request, self.decoding, seed=seed, best_of=self.best_of), None)
        if drawn is None or not drawn.valid or drawn.music is None or music_id(drawn.music) in known:
            return None
        heard = excerpt(drawn.music, bars)
        if heard is None:
            return None
        known.add(music_id(drawn.music))
        return Chosen(drawn.music, heard, drawn.text)

    def _request(self, profile: Profile) -> Request:
        """What is asked for, less and less of it where the run cannot have it."""
        for left_open in ((), ("rhythm",), ("rhythm", "key")):
            try:
                request = Request.parse(**profile._replace(**dict.fromkeys(left_open, ""))._asdict())
                self.generator.workspace().writer.begin(request, 0, 1)
            except ConfigError:
                continue
            return request
        return Request()


def drawing(run: str | Path, name: str = "", seed: int = 0) -> Drawing:
    """A run that draws tunes, or "base". RunError where it is missing or broken, ConfigError for one of pieces."""
    from tunewright.generation.decoding import Decoding  # noqa: PLC0415 - PyTorch takes a second to load
    from tunewright.generation.generator import load_generator  # noqa: PLC0415

    folder = run_folder(run)
    generator = load_generator(folder)
    if generator.tokenizer.of.kind != Tune.kind:
        raise ConfigError(f"{run}: draws pieces of several parts; expected a run of tunes")
    decoding = Decoding.of(default_temperature(folder))
    return Drawing(name or str(run), generator, default_best_of(folder), decoding, seed)


def source_of(named: str, seed: int = 0) -> There | Drawing:
    """What a user names: a run, or "base", or files."""
    is_there = named == "base" or is_run(Path(named))
    return drawing(named, seed=seed) if is_there else tunes_of_files([named])


# ------------------------------------------------------------------------------------------------ profiles


def choose_profiles(sources: Sequence[Source], count: int, bars: int, chance: random.Random) -> list[Profile]:
    """As many profiles, of metres that all sources have: of real tunes, else of files, else of what a run draws."""
    fixed = [one for one in sources if isinstance(one, There)]
    if not fixed:
        free = next(iter(sources)).find([Profile()] * count, bars, chance)
        return [Profile.of(one.tune) for one in free]
    model = next((one for one in fixed if one.kind == REAL), min(fixed, key=lambda one: len(one.usable(bars))))
    room: Counter[str] = Counter(model.profiles(bars))
    for one in fixed:
        room &= one.profiles(bars) or Counter()
    offered = [Profile.of(one.tune) for one in model.usable(bars)]
    chance.shuffle(offered)
    first: list[Profile] = []
    rest: list[Profile] = []
    for profile in offered:
        (first if room[profile.meter] > 0 else rest).append(profile)
        room[profile.meter] -= 1
    found = [*first, *rest]
    return [found[number % len(found)] for number in range(count)] if found else [Profile()] * count
