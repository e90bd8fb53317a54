"""Drawing new tunes from a run, many at once.

In: a run (or a model with its tokenizer), what is asked for and how to draw. Out: `Generated`, in order, as they are
done. Tune number i is drawn from random numbers of its own, seeded `seed + i`, which begin anew with every bar, and it
comes out the same whatever is drawn beside it: so a tune depends neither on how many others there are, nor, up to a
bar, on what changes after it.

How tunes are drawn side by side is `drawing`'s business, what may come next that of `scripts` and the grammars. This
file judges no set of tunes and writes no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from tunewright.abcgrammar import CharGrammar
from tunewright.abcgrammar import Request as TextRequest
from tunewright.abcnotation import format_abc, parse_abc
from tunewright.abcnotation.fields import format_key, parse_key
from tunewright.barring import FEWEST_BARS
from tunewright.chance import Chance
from tunewright.config import Config
from tunewright.degrees import DegreeTokenizer
from tunewright.drawing import Drawing, Schedule, Written
from tunewright.errors import ConfigError, ParseError, RunError, TokenError
from tunewright.grammar import Grammar
from tunewright.masks import Masks
from tunewright.models import DTYPES, RecurrentModel, Step, build_model, choose_device, choose_step_precision
from tunewright.passages import Tokenizer, place_sizes
from tunewright.plans import fit_start, plan_infill, plan_tune, plan_variation
from tunewright.requests import Request, usual_form
from tunewright.rhythms import known_rhythm
from tunewright.runs import BEST, LAST, MODEL, Run, load_run, load_tensors, under
from tunewright.sampling import Sampling, sample
from tunewright.scripts import CharScript, DegreeScript, DegreeWriter, Script
from tunewright.starts import read_start
from tunewright.tokens import CharTokenizer, body_start, with_number
from tunewright.tune import Tune

__all__ = ["Generated", "Generator", "Infill", "Sampling", "Variation", "generate", "judge", "load_generator", "sample"]

ROWS = 256  # tunes side by side, at most, unless more are asked for
LONGEST_TEXT = 4000  # characters
LONGEST_MUSIC = 20_000  # musical tokens: the grammar ends a tune long before


@dataclass(frozen=True, slots=True)
class Infill:
    """Bars `first` to `last` of a tune are to be written anew, the rest kept."""

    tune: Tune
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Variation:
    """A tune is to be varied: 0 leaves it as it is, 1 keeps nothing but its frame."""

    tune: Tune
    amount: float


@dataclass(frozen=True)
class Generated:
    """One tune as drawn."""

    index: int
    seed: int
    text: str  # ABC with its number, and its seed and settings in N: fields
    log_likelihood: float  # nats, of the music that was drawn, at temperature 1 and without the grammar
    characters: int  # or musical tokens
    ended: bool  # whether the model ended it; otherwise it was cut at the greatest length
    removed_mass: float | None = None  # probability that the grammar took away, mean over ids drawn; None without it
    given_notes: int = 0  # of its notes, those that were given, not drawn

    @cached_property
    def _judged(self) -> tuple[Tune | None, str]:
        return judge(self.text, self.ended)

    @property
    def tune(self) -> Tune | None:
        """The tune that the text spells; None where it cannot be read."""
        return self._judged[0]

    @property
    def error(self) -> str:
        """Why it is not well formed; "" where it is."""
        return self._judged[1]

    @property
    def log_likelihood_per_note(self) -> float:
        """Nats; NaN where no notes were drawn."""
        notes = len(self.tune.notes) - self.given_notes if self.tune else 0
        return self.log_likelihood / notes if notes > 0 else float("nan")

    @property
    def valid(self) -> bool:
        """Whether it is strictly well formed.

        Read without repair, every bar adding up, repeats and endings balanced, at least four bars, ended.
        """
        return not self.error


@dataclass(frozen=True)
class Generator:
    """A model ready to draw from, with what it needs to read and write tunes."""

    model: RecurrentModel
    tokenizer: Tokenizer
    name: str = ""
    precision: str = "auto"
    config: Config = field(default_factory=Config)

    @cached_property
    def masks(self) -> Masks:
        """What its grammar lets through, as far as it has been met."""
        return Masks(len(self.tokenizer.vocab))

    @cached_property
    def grammar(self) -> Grammar:
        """The grammar of musical tokens."""
        assert isinstance(self.tokenizer, DegreeTokenizer)
        return Grammar(self.tokenizer, self.masks)

    @cached_property
    def text_grammar(self) -> CharGrammar:
        """The grammar of characters; ConfigError for a vocabulary that can write no tune."""
        assert isinstance(self.tokenizer, CharTokenizer)
        return CharGrammar(self.tokenizer, self.masks)

    @cached_property
    def stepping(self) -> tuple[Step, tuple[int, ...]]:
        """The model's step, and the numbers of rows among which a row comes out the same."""
        device = next(self.model.parameters()).device
        precision = choose_step_precision(self.precision, self.config, device)
        step = self.model.stepper(64, DTYPES[precision])
        return step, tuple(self.model.row_counts(step))


def load_generator(run: Run | str | Path, *, precision: str = "auto", last: bool = False) -> Generator:
    """The best weights of a run, or the last ones, on its device.

    RunError where the run is missing, broken or not yet trained.
    """
    run = run if isinstance(run, Run) else load_run(Path(run))
    file = run.path / (LAST if last else BEST)
    tensors, _ = load_tensors(file)
    if last:
        tensors = under(tensors, MODEL)
    model = build_model(run.config, len(run.tokenizer.vocab), place_sizes(run.tokenizer))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = (str(error).splitlines() or [""])[0]
        raise RunError(f"{file}: does not fit the run's settings ({first})") from None
    return Generator(model.to(choose_device("auto")).eval(), run.tokenizer, run.path.name, precision, run.config)


def generate(
    source: Generator | Run | str | Path,
    n: int = 1,
    *,
    temperature: float | Mapping[int, float] = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    repeats: int = 0,
    seed: int = 0,
    request: Request | None = None,
    start: str = "",
    given: Infill | Variation | None = None,
    free: bool = False,
    best_of: int = 1,
    score: Callable[[Generated], float] | None = None,
    batch_size: int = ROWS,
    max_length: int | None = None,
    on_bar: Callable[[str], None] | None = None,
) -> Iterator[Generated]:
    """`n` new tunes, in order; tune i has seed `seed + i` and is the same whatever `n` and `batch_size` are.

    `temperature` may change at bars, as in `{1: 1.0, 9: 1.4}`: what stands before stays the same. The same bar stands
    at most `repeats` times in a row, where that is not 0. `request` is what is asked of every tune; `start` is ABC to
    begin with, after header fields if it has any; `given` a tune to fill in or to vary. With `free` no grammar holds
    the tunes to anything. Of `best_of` candidates for each tune the one with the highest `score` is taken, by default
    the likelihood per note. `max_length` tokens is where a tune that does not end is cut. `on_bar` is called after
    each bar line, with the ABC so far, once nothing in it will change. Raises RunError, and ConfigError for settings
    out of range and for what cannot be had, before anything is drawn.
    """
    longest = (LONGEST_TEXT, LONGEST_MUSIC)
    generator = source if isinstance(source, Generator) else load_generator(source)
    most = max_length if max_length is not None else longest[isinstance(generator.tokenizer, DegreeTokenizer)]
    if min(n, batch_size, most, best_of) < 1:
        raise ConfigError(
            f"n, batch_size, max_length and best_of are {n}, {batch_size}, {most}, {best_of}; expected at least 1"
        )
    stages = temperature if isinstance(temperature, Mapping) else {1: temperature}
    samplings = tuple((bar, Sampling(degree, top_k, top_p, min_p)) for bar, degree in sorted(stages.items()))
    schedule = Schedule(samplings, repeats)
    order = _Order(request or Request(), start, given, free, seed, most)
    scripts = _scripts(generator, order)
    return _Session(generator, schedule, order, scripts, n, best_of, score).generate(batch_size, on_bar)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be drawn."""

    request: Request
    start: str
    given: Infill | Variation | None
    free: bool
    seed: int
    max_length: int


def _scripts(generator: Generator, order: _Order) -> Callable[[int], Script]:
    """What begins tune number i; ConfigError for what cannot be had."""
    if isinstance(generator.tokenizer, CharTokenizer):
        return _char_scripts(generator, generator.tokenizer, order)
    return _degree_scripts(generator, generator.tokenizer, order)


def _char_scripts(generator: Generator, tokenizer: CharTokenizer, order: _Order) -> Callable[[int], Script]:
    request = order.request
    if order.given:
        raise ConfigError(
            "a model of characters can neither fill in nor vary; expected one trained with tokens=degrees"
        )
    if order.free:
        if request.form or request.bars or request.low:
            raise ConfigError("bars, parts and range were asked for without the grammar, which alone can hold to them")
        asked = {"R": request.rhythm, "M": request.meter, "K": format_key(request.key) if request.key else ""}
        fields = "".join(f"{letter}:{value}\n" for letter, value in asked.items() if value)
        start = read_start(fields + order.start, tokenizer, order.max_length)
        return lambda _: CharScript(tokenizer, start, None, generator.masks)
    start = read_start(order.start, tokenizer, order.max_length)
    form = request.form or (usual_form(request.bars) if request.bars else None)
    asked_text = TextRequest(
        request.meter,
        request.key,
        request.rhythm or None,
        form,
        request.low,
        request.high,
        max_length=order.max_length,
    )
    state = generator.text_grammar.start(asked_text)
    return lambda _: CharScript(tokenizer, start, state, generator.masks)


def _degree_scripts(generator: Generator, tokenizer: DegreeTokenizer, order: _Order) -> Callable[[int], Script]:
    given, grammar = order.given, None if order.free else generator.grammar
    if order.free and (given or order.request.low):
        raise ConfigError("filling in, varying and ranges need the grammar; expected no --free")
    if given and (order.start or order.request != Request()):
        raise ConfigError("a tune is given to fill in or vary, which settles key, metre and form; expected no others")
    writer = DegreeWriter(tokenizer, grammar, generator.masks)
    if isinstance(given, Variation):
        plan_variation(tokenizer, given.tune, given.amount, order.seed)  # refused at once, if it has to be
        varied, amount = given.tune, given.amount
        return lambda i: DegreeScript(writer, plan_variation(tokenizer, varied, amount, order.seed + i))
    if isinstance(given, Infill):
        plan = plan_infill(tokenizer, given.tune, given.first, given.last)
    else:
        plan = plan_tune(tokenizer, order.request, order.start)
        plan = plan if order.free else fit_start(plan, generator.grammar)
    return lambda _: DegreeScript(writer, plan)


# ------------------------------------------------------------------------------------------------ one call


@dataclass
class _Session:
    """The tunes of one call."""

    generator: Generator
    schedule: Schedule
    order: _Order
    scripts: Callable[[int], Script]
    n: int
    best_of: int
    score: Callable[[Generated], float] | None
    waiting: dict[int, dict[int, Generated]] = field(default_factory=dict)  # candidates of tunes that lack some

    def generate(self, batch_size: int, on_bar: Callable[[str], None] | None) -> Iterator[Generated]:
        """The tunes, each held back until those before it are out."""
        tokenizer = self.generator.tokenizer
        step, counts = self.generator.stepping
        never = (CharTokenizer.UNKNOWN,) if isinstance(tokenizer, CharTokenizer) else ()
        unheld = self.order.free and self.order.request.bars is None and not self.schedule.repeats
        masks = None if unheld else self.generator.masks
        drawing = Drawing(self.generator.model, step, counts, masks, self.schedule, never)
        done: dict[int, Generated] = {}
        following = 0
        total = self.n * self.best_of
        bars = self._on_bar_line(on_bar) if on_bar else None
        for written in drawing.draw(self._begin, min(batch_size, total), self.order.max_length, tokenizer.END, bars):
            done |= self._chosen(written)
            while following in done:
                yield done.pop(following)
                following += 1

    def _begin(self, place: int) -> Written | None:
        """The place-th of all candidates of all tunes, tune by tune."""
        index, candidate = divmod(place, self.best_of)
        if index >= self.n:
            return None
        return Written(index, candidate, self.scripts(index), Chance(self.order.seed + index, candidate))

    def _chosen(self, written: Written) -> dict[int, Generated]:
        """The best candidate of a tune, where this was the last one."""
        waiting = self.waiting.setdefault(written.index, {})
        waiting[written.candidate] = self._finish(written)
        if len(waiting) < self.best_of:
            return {}
        del self.waiting[written.index]
        candidates = [waiting[number] for number in range(self.best_of)]  # of equals the first, whenever it was done
        best = max(candidates, key=self.score or _likely) if self.best_of > 1 else candidates[0]
        return {written.index: best}

    def _finish(self, written: Written) -> Generated:
        """The tune that was written."""
        seed, script = self.order.seed + written.index, written.script
        text = _text_of(script, written.ended, written.index + 1, seed, self._note(seed))
        removed = None if self.order.free else written.removed / max(written.drawn, 1)
        length = len(script.ids) - written.ended
        likelihood, given = written.log_likelihood, script.given_notes
        return Generated(written.index, seed, text, likelihood, length, written.ended, removed, given)

    def _on_bar_line(self, on_bar: Callable[[str], None]) -> Callable[[Written], None]:
        """What calls `on_bar` where a bar line was written."""
        seen: dict[tuple[int, int], int] = {}

        def call(written: Written) -> None:
            bars, seed = written.script.bars, self.order.seed + written.index
            which = (written.index, written.candidate)
            if seen.get(which, 0) != bars:
                seen[which] = bars
                if text := _text_so_far(written.script, written.index + 1, seed, self._note(seed)):
                    on_bar(text)

        return call

    def _note(self, seed: int) -> str:
        """What a tune says of how it was drawn."""
        return f"seed {seed}, {self._settings()}, model {self.generator.name}"

    def _settings(self) -> str:
        """How it was drawn, as its note says."""
        first, *later = self.schedule.stages
        changes = [f"from bar {bar} temperature {sampling.temperature:g}" for bar, sampling in later]
        given = self.order.given
        asked = [
            str(self.order.request),
            f"bars {given.first}-{given.last} anew" if isinstance(given, Infill) else "",
            f"varied by {given.amount:g}" if isinstance(given, Variation) else "",
            f"repeats {self.schedule.repeats}" if self.schedule.repeats else "",
            f"best of {self.best_of}" if self.best_of > 1 else "",
            "without grammar" if self.order.free else "",
        ]
        return ", ".join(filter(None, [str(first[1]), *changes, *asked]))


def _likely(tune: Generated) -> float:
    return tune.log_likelihood_per_note if tune.valid else float("-inf")


def _text_of(script: Script, ended: bool, number: int, seed: int, note: str) -> str:
    """The ABC of what was written."""
    if isinstance(script, CharScript):
        written = script.tokenizer.decode_text(script.ids[:-1] if ended else script.ids).strip("\n")
        return _complete(written, number, _title(written, seed), note)
    assert isinstance(script, DegreeScript)
    try:
        return _abc_of(script.tune(), number, seed, note)
    except TokenError as error:  # without the grammar
        return f"X:{number}\nT:Tune no. {seed}\nN:{note}\n% {error}\n"


def _text_so_far(script: Script, number: int, seed: int, note: str) -> str:
    """The same of a tune that is still being written, without what follows; "" while it may yet become another."""
    if isinstance(script, CharScript):
        return _text_of(script, False, number, seed, note)
    assert isinstance(script, DegreeScript)
    try:
        tune = script.tune_so_far()
    except TokenError:  # without the grammar
        return ""
    return _abc_of(tune, number, seed, note) if tune else ""


def _abc_of(tune: Tune, number: int, seed: int, note: str) -> str:
    written = format_abc(replace(tune, title=tune.title or "-")).strip()
    title = tune.title or _title(written, seed)
    return _complete(written.replace("\nT:-\n", f"\nT:{title}\n", 1), number, title, note)


# ------------------------------------------------------------------------------------------------ the result


def judge(text: str, ended: bool = True) -> tuple[Tune | None, str]:
    """The tune that a text spells, or None, and why it is not well formed, or ""."""
    try:
        tune = parse_abc(with_number(text))[0]
    except ParseError as error:
        return None, f"cannot be read: {error.reason}"
    return tune, _fault(tune, ended)


def _fault(tune: Tune, ended: bool) -> str:
    if not ended:
        return "did not end"
    if tune.repairs:
        return f"needs repair: {tune.repairs[0].what}"
    if tune.bar_errors:
        return str(tune.bar_errors[0])
    if tune.form_errors:
        return tune.form_errors[0]
    if len(tune.measures) < FEWEST_BARS:
        return f"has {len(tune.measures)} bars, expected at least {FEWEST_BARS}"
    return ""


def _title(written: str, seed: int) -> str:
    """What the tune is, by its own header, and its seed: "Reel in E minor, no. 31"."""
    fields = {line[0]: line[2:].strip() for line in reversed(written.split("\n")) if line[1:2] == ":"}
    rhythm = known_rhythm(fields.get("R", ""))
    key = parse_key(fields.get("K", ""))[0]
    kind = rhythm.name.capitalize() if rhythm else "Tune"
    return f"{kind} in {key}, no. {seed}" if key.tonic else f"{kind} no. {seed}"


def _complete(written: str, number: int, title: str, note: str) -> str:
    """The text as a tune of its own: numbered, titled where it is not, with a note of how it was drawn before K:."""
    lines = written.split("\n")
    if lines[0].startswith("X:"):
        lines[0] = f"X:{number}"
    else:
        lines.insert(0, f"X:{number}")
    if not any(line.startswith("T:") for line in lines):
        lines.insert(1, f"T:{title}")
    text = "\n".join(lines)
    body = body_start(text + "\n")
    if not body:
        return f"{text}\nN:{note}\n"
    key = text.rfind("\nK:", 0, body) + 1
    return f"{text[:key]}N:{note}\n{text[key:]}\n"
