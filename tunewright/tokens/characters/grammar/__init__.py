"""The character tokenizer held to the grammar: an incremental parser of ABC that says which sign may come next."""

from tunewright.tokens.characters.grammar.grammar import CharGrammar, CharState
from tunewright.tokens.characters.grammar.walking import Request

__all__ = ["CharGrammar", "CharState", "Request"]
