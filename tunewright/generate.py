"""Drawing new tunes from a run, many at once.

In: a run (or a model with its tokenizer) and how to draw. Out: `Generated`, in order, as they are done. A finished
tune leaves its row of the batch and the next one takes it at once. Tune number i is drawn from a stream of random
numbers of its own, seeded `seed + i`, and every step computes the same number of rows, so that a tune does not
depend on how many others are drawn beside it. This file judges no set of tunes and writes no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from tunewright.abcnotation import format_abc, parse_abc
from tunewright.abcnotation.fields import parse_key
from tunewright.config import Config
from tunewright.errors import ConfigError, ParseError, RunError
from tunewright.models import RecurrentModel, State, Step, build_model, choose_device, choose_precision
from tunewright.recurrence import BF16
from tunewright.rhythms import known_rhythm
from tunewright.runs import BEST, LAST, MODEL, Run, load_run, load_tensors, under
from tunewright.tokens import HEADER, CharTokenizer, body_start, with_number
from tunewright.tune import Tune

ROWS = 64  # rows computed together: always as many, since other shapes sum in other orders
FEWEST_BARS = 4  # a tune of fewer bars is not counted as well formed
DRAWN = 1024  # random numbers drawn at a time


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next id is drawn from the model's probabilities."""

    temperature: float = 1.0  # below 1 safer, above 1 wilder; 0 takes the most probable
    top_k: int = 0  # only the k most probable; 0 is no limit
    top_p: float = 1.0  # only the most probable that together have this probability (nucleus sampling)
    min_p: float = 0.0  # only those at least this probable, as a share of the most probable

    def __post_init__(self) -> None:
        for name, low, high in (("temperature", 0, 100), ("top_k", 0, 10**9), ("top_p", 0, 1), ("min_p", 0, 1)):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected {low} to {high}")

    def __str__(self) -> str:
        settings = (f"{name.replace('_', '-')} {getattr(self, name):g}" for name in self.__slots__)
        return ", ".join(settings)  # no "=": "=20" in a line of ABC reads as a trace of mail


@dataclass(frozen=True, slots=True)
class Generated:
    """One tune as drawn."""

    index: int
    seed: int
    text: str  # ABC with its number, and its seed and settings in N: fields
    tune: Tune | None  # None where the text cannot be read
    error: str  # why it is not well formed; "" where it is
    log_likelihood_per_note: float  # nats, of all that was drawn, at temperature 1; NaN without notes
    characters: int
    ended: bool  # whether the model ended it; otherwise it was cut at the greatest length

    @property
    def valid(self) -> bool:
        """Whether it is strictly well formed.

        Read without repair, every bar adding up, repeats and endings balanced, at least four bars, ended.
        """
        return not self.error


@dataclass(frozen=True, slots=True)
class Generator:
    """A model ready to draw from, with what it needs to read and write text."""

    model: RecurrentModel
    tokenizer: CharTokenizer
    name: str = ""
    precision: str = "auto"
    config: Config = field(default_factory=Config)


def load_generator(run: Run | str | Path, *, precision: str = "auto", last: bool = False) -> Generator:
    """The best weights of a run, or the last ones, on its device.

    RunError where the run is missing, broken or not yet trained.
    """
    run = run if isinstance(run, Run) else load_run(Path(run))
    file = run.path / (LAST if last else BEST)
    tensors, _ = load_tensors(file)
    if last:
        tensors = under(tensors, MODEL)
    model = build_model(run.config, len(run.tokenizer.vocab))
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
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    seed: int = 0,
    start: str = "",
    batch_size: int = ROWS,
    max_length: int = 4000,
) -> Iterator[Generated]:
    """`n` new tunes, in order; tune i has seed `seed + i` and is the same whatever `n` and `batch_size` are.

    `start` is ABC to begin with: music, after header fields if it has any. The header has
    the fields that it gives; the model writes the others itself before the music of `start`. `batch_size` is rounded
    up to whole blocks of 64 rows; `max_length` characters is where a tune that does not end is cut. Raises
    RunError, and ConfigError for settings out of range or a start with signs that the model never saw.
    """
    if n < 1 or batch_size < 1 or max_length < 1:
        raise ConfigError(f"n, batch_size and max_length are {n}, {batch_size}, {max_length}; expected at least 1")
    sampling = Sampling(temperature, top_k, top_p, min_p)
    generator = source if isinstance(source, Generator) else load_generator(source)
    forced = _read_start(start, generator.tokenizer, max_length)
    return _Batch(generator, sampling, forced, seed, n, max_length).draw(min(batch_size, n))


# ------------------------------------------------------------------------------------------------ a start


@dataclass(frozen=True, slots=True)
class _Start:
    """Ids to write before any is drawn, what to write where the model begins a field, and after the header."""

    header: tuple[int, ...] = ()
    fields: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # "K:" -> ids of its value and line end
    body: tuple[int, ...] = ()


def _read_start(start: str, tokenizer: CharTokenizer, max_length: int) -> _Start:
    """A start cut into header and music, as the model's text has them; ConfigError for signs it never saw."""
    text = start.replace("\r\n", "\n").strip("\n")
    if not text:
        return _Start()
    lines = text.split("\n")
    fields = [line for line in lines if line[1:2] == ":" and line[:1].isalpha()]
    music = "\n".join(line for line in lines if line not in fields)
    header, later = "".join(f"{line}\n" for line in fields), ""
    if tokenizer.text == "canonical":
        header, later = _first_and_later(_canonical_header(header))
    if unseen := tokenizer.unseen(header + later + music):
        raise ConfigError(f"the start has {_listed(unseen)}, which the model never saw; expected signs of its corpus")
    length = len(header + later + music)
    if length >= max_length:
        raise ConfigError(f"the start has {length} characters; expected fewer than {max_length}")
    values = {line[:2]: tuple(tokenizer.encode_text(line[2:])) for line in later.splitlines(keepends=True)}
    return _Start(tuple(tokenizer.encode_text(header)), values, tuple(tokenizer.encode_text(music)))


def _first_and_later(header: str) -> tuple[str, str]:
    """The lines that canonical text begins with, and those before which the model has fields of its own to write.

    A tune can do without R:, so metre, unit and key are a whole header.
    """
    lines = header.splitlines(keepends=True)
    if {line[0] for line in lines} >= set("MLK"):
        return header, ""
    first = 0
    while first < len(lines) and lines[first][0] == HEADER[first]:
        first += 1
    return "".join(lines[:first]), "".join(lines[first:])


def _canonical_header(header: str) -> str:
    """The fields as canonical text has them, X: and T: left out; ConfigError where they cannot be read."""
    kept = sorted((line for line in header.splitlines() if line[0] in HEADER), key=lambda line: HEADER.index(line[0]))
    if not kept:
        return ""
    letters = "".join(dict.fromkeys(line[0] for line in kept))
    written = "\n".join(kept) + ("" if "K" in letters else "\nK:C")
    try:
        tune = parse_abc(f"X:1\n{written}\nC")[0]
    except ParseError as error:
        raise ConfigError(f"the start's header cannot be read: {error}") from None
    text = format_abc(tune, header=letters)
    return "".join(line for line in text.splitlines(keepends=True) if line[:1] in letters and line[1:2] == ":")


def _listed(unseen: Sequence[str] | dict[str, int]) -> str:
    return " ".join(repr(sign) for sign in sorted(unseen))


# ------------------------------------------------------------------------------------------------ the batch


class _Stream:
    """The random numbers of one tune, uniform in [0, 1)."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed % 2**63)
        self._numbers: list[float] = []

    def next(self) -> float:
        if not self._numbers:
            self._numbers = torch.rand(DRAWN, generator=self._generator, dtype=torch.float64).tolist()[::-1]
        return self._numbers.pop()


@dataclass
class _Row:
    """A tune being drawn."""

    index: int
    stream: _Stream
    pending: list[int]  # ids to write before drawing goes on, last first
    music: list[int]  # ids to write once the header is complete, last first
    fields: Mapping[str, tuple[int, ...]]  # ids to write where the model has begun one of these
    ids: list[int] = field(default_factory=list)
    line: list[str] = field(default_factory=lambda: [""])
    in_header: bool = True
    log_likelihood: float = 0.0

    def write(self, number: int, sign: str) -> None:
        """Add an id; a field that the start gives gets its value, and after K: what the start has of music follows."""
        self.ids.append(number)
        if not self.in_header:
            return
        if sign != "\n":
            self.line.append(sign)
            if not self.pending:
                self.pending = list(self.fields.get("".join(self.line), ())[::-1])
            return
        if "".join(self.line).startswith("K:"):
            self.in_header = False
            self.pending = self.music + self.pending
        self.line = []


class _Batch:
    """Rows that are drawn together: blocks of `ROWS`, each with a state of its own."""

    def __init__(
        self, generator: Generator, sampling: Sampling, start: _Start, seed: int, n: int, max_length: int
    ) -> None:
        self.generator, self.sampling, self.start = generator, sampling, start
        self.seed, self.n, self.max_length = seed, n, max_length
        self.vocab = generator.tokenizer.vocab
        self.device = next(generator.model.parameters()).device
        precision = choose_precision(generator.precision, generator.config, self.device)
        self.step: Step = generator.model.stepper(ROWS, BF16 if precision == "bf16" else torch.float32)
        self.waiting = iter(range(n))

    def draw(self, batch_size: int) -> Iterator[Generated]:
        """The tunes, each held back until those before it are out."""
        blocks = [_Block(self) for _ in range((batch_size + ROWS - 1) // ROWS)]
        done: dict[int, Generated] = {}
        following = 0
        while following < self.n:
            for block in blocks:
                done |= {tune.index: tune for tune in block.advance()}
            while following in done:
                yield done.pop(following)
                following += 1

    def next_row(self) -> _Row | None:
        """A new tune, or None where all have been begun."""
        index = next(self.waiting, None)
        if index is None:
            return None
        return _Row(
            index,
            _Stream(self.seed + index),
            list(self.start.header[::-1]),
            list(self.start.body[::-1]),
            self.start.fields,
        )

    def finish(self, row: _Row) -> Generated:
        """The tune that a row has become."""
        tokenizer = self.generator.tokenizer
        ended = row.ids[-1] == tokenizer.END
        written = tokenizer.decode_text(row.ids[:-1] if ended else row.ids).strip("\n")
        seed = self.seed + row.index
        note = f"seed {seed}, {self.sampling}, model {self.generator.name}"
        text = _complete(written, row.index + 1, _title(written, seed), note)
        tune, error = judge(text, ended)
        notes = len(tune.notes) if tune else 0
        per_note = row.log_likelihood / notes if notes else float("nan")
        return Generated(row.index, seed, text, tune, error, per_note, len(written), ended)


class _Block:
    """`ROWS` rows and the model's state for them; a row without a tune is computed and ignored."""

    def __init__(self, batch: _Batch) -> None:
        self.batch = batch
        self.rows: list[_Row | None] = [batch.next_row() for _ in range(ROWS)]
        self.ids = torch.full((ROWS,), batch.generator.tokenizer.END, device=batch.device)
        self.state: State = batch.generator.model.zero_state(ROWS)

    @torch.no_grad()
    def advance(self) -> list[Generated]:
        """Write one id in every row; the tunes that are done with it, their rows given to the next."""
        if not any(self.rows):
            return []
        logits, self.state = self.batch.step(self.ids, self.state)
        logits[:, CharTokenizer.UNKNOWN] = -torch.inf  # stands for no sign that could be written
        uniforms = [row.stream.next() if row and not row.pending else 0.0 for row in self.rows]
        chosen = sample(logits, torch.tensor(uniforms, dtype=torch.float64), self.batch.sampling).tolist()
        for place, row in enumerate(self.rows):
            if row and row.pending:
                chosen[place] = row.pending.pop()
        self.ids = torch.tensor(chosen, device=self.batch.device)
        losses = torch.log_softmax(logits, 1).gather(1, self.ids[:, None])[:, 0].tolist()
        return list(self._written(chosen, losses))

    def _written(self, chosen: list[int], losses: list[float]) -> Iterator[Generated]:
        batch = self.batch
        for place, row in enumerate(self.rows):
            if row is None:
                continue
            row.write(chosen[place], batch.vocab[chosen[place]])
            row.log_likelihood += losses[place]
            if chosen[place] == CharTokenizer.END or len(row.ids) >= batch.max_length:
                yield batch.finish(row)
                self.rows[place] = batch.next_row()
                self.ids[place] = CharTokenizer.END
                for part in self.state:  # (num_layers, B, hidden)
                    part[:, place] = 0


def sample(logits: Tensor, uniforms: Tensor, sampling: Sampling) -> Tensor:
    """One id per row (B,), by inverting the cumulative distribution of `logits` (B, vocab) at `uniforms` (B,)."""
    if sampling.temperature == 0:
        return logits.argmax(1)
    probabilities = torch.softmax(logits.double() / sampling.temperature, 1)
    probabilities = _truncated(probabilities, sampling)
    cumulative = probabilities.cumsum(1)
    places = uniforms.to(logits.device)[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, places, right=True)[:, 0].clamp(max=logits.shape[1] - 1)


def _truncated(probabilities: Tensor, sampling: Sampling) -> Tensor:
    """The probabilities, those that top-k, top-p or min-p leave out at zero; the most probable always stays."""
    if sampling.min_p > 0:
        limit = sampling.min_p * probabilities.amax(1, keepdim=True)
        probabilities = probabilities.where(probabilities >= limit, 0.0)
    if not 0 < sampling.top_k < probabilities.shape[1] and sampling.top_p >= 1:
        return probabilities
    ordered, places = probabilities.sort(dim=1, descending=True, stable=True)
    if sampling.top_p < 1:
        before = ordered.cumsum(1) - ordered
        outside = before >= sampling.top_p * ordered.sum(1, keepdim=True)
        outside[:, 0] = False
        ordered = ordered.masked_fill(outside, 0.0)
    if sampling.top_k:
        ordered[:, sampling.top_k :] = 0.0
    return torch.zeros_like(probabilities).scatter_(1, places, ordered)


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
