"""A trained model, ready to draw from.

In: a run folder. Out: a `Generator`: the model with its tokenizer, the grammar of its tokens and its step, each of
them made when it is first asked for and then kept. This file draws nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tunewright.models.building import build_model
from tunewright.models.contract import Model, Stepper, alike_rows
from tunewright.models.devices import DTYPES, choose_device, choose_step_precision
from tunewright.support.errors import RunError
from tunewright.tokens.characters.grammar import CharGrammar
from tunewright.tokens.characters.tokenizer import CharTokenizer
from tunewright.tokens.contract import AnyCodec
from tunewright.tokens.degrees.grammar import Grammar
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.masks import Masks
from tunewright.tokens.polyphony.context import PieceFeatures
from tunewright.tokens.polyphony.grammar import PieceRules
from tunewright.tokens.polyphony.tokenizer import PieceTokenizer
from tunewright.training.config import Config
from tunewright.training.run import BEST, LAST, MODEL, Run, load_run, load_tensors, under


@dataclass(frozen=True)
class Generator:
    """A model ready to draw from, with what it needs to read and write tunes."""

    model: Model
    tokenizer: AnyCodec
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
    def piece_rules(self) -> PieceRules:
        """The rules of tokens of pieces."""
        assert isinstance(self.tokenizer, PieceTokenizer)
        return PieceRules(self.tokenizer, self.masks)

    @cached_property
    def piece_places(self) -> PieceFeatures:
        """What is read beside each of them."""
        assert isinstance(self.tokenizer, PieceTokenizer)
        return PieceFeatures(self.tokenizer)

    @cached_property
    def stepping(self) -> tuple[Stepper, tuple[int, ...]]:
        """The model's step, and the numbers of rows among which a row comes out the same."""
        precision = choose_step_precision(self.precision, self.config.model, self.model.device)
        stepper = self.model.stepper(DTYPES[precision])
        return stepper, alike_rows(self.model, stepper)


def load_generator(run: Run | str | Path, *, precision: str = "auto", last: bool = False) -> Generator:
    """The best weights of a run, or the last ones, on its device.

    RunError where the run is missing, broken or not yet trained.
    """
    run = run if isinstance(run, Run) else load_run(Path(run))
    file = run.path / (LAST if last else BEST)
    tensors, _ = load_tensors(file)
    if last:
        tensors = under(tensors, MODEL)
    codec = run.tokenizer
    model = build_model(run.config.model, len(codec.vocab), codec.context_sizes, codec.direct)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        what = " ".join(str(error).split()[:40])  # the first names of weights; a whole list of them helps nobody
        told = "does not fit the run's settings, or an earlier version trained it: train it anew"
        raise RunError(f"{file}: {told} ({what})") from None
    return Generator(model.to(choose_device("auto")).eval(), run.tokenizer, run.path.name, precision, run.config)
