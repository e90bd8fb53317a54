"""The musical tokens held to the grammar: which one may come next, so that every tune that ends is well formed."""

from tunewright.tokens.degrees.grammar.grammar import Constraints, Grammar, Planning, State
from tunewright.tokens.degrees.grammar.measures import PieceBar
from tunewright.tokens.degrees.grammar.tables import GRID

__all__ = ["GRID", "Constraints", "Grammar", "PieceBar", "Planning", "State"]
