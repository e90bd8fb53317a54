"""ABC notation: `parse_abc` reads one text of many tunes into exact music, `format_abc` writes it back.

Reading is tolerant and tells: what a file has against the standard is repaired, and every repair is on the tune; what
is not melody (further voices, what is laid over one) stays in the verbatim text and is named. `parse_scores` reads
tunes with all their voices, `format_score` writes them back.
Source: the ABC standard 2.1 (abcnotation.com/wiki/abc:standard:v2.1).
"""

from tunewright.formats.abc.decoding import decode_text
from tunewright.formats.abc.reading import parse_abc, parse_tune
from tunewright.formats.abc.scores import format_score, parse_scores
from tunewright.formats.abc.splitting import Source, split_tunes
from tunewright.formats.abc.writing import format_abc

__all__ = [
    "Source",
    "decode_text",
    "format_abc",
    "format_score",
    "parse_abc",
    "parse_scores",
    "parse_tune",
    "split_tunes",
]
