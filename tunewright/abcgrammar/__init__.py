"""The character tokenizer held to the grammar: an incremental parser of ABC that says which sign may come next."""

from tunewright.abcgrammar.grammar import CharGrammar, CharState
from tunewright.abcgrammar.walking import Request

__all__ = ["CharGrammar", "CharState", "Request"]
