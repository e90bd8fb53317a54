"""Tunes of several voices, read whole, and written back.

In: the lines of one tune, or a `Score`. Out: a `Score` with every voice and what is laid over them, or a `Tune` where
there is one voice alone; or ABC text. Voices are played in step: where one writes as many bars as the melody, but not
its repeats and parts, it gets those. What cannot be read of a further voice is left out, and recorded. Which lines
belong to a voice is found in `voices`, what they mean in `reading`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tunewright.formats.abc.accents import encode_text
from tunewright.formats.abc.fields import format_key
from tunewright.formats.abc.header import Header
from tunewright.formats.abc.joining import bars_joined, resolve_ties
from tunewright.formats.abc.music import NO_NOTES
from tunewright.formats.abc.reading import ReadVoice, decode_each, parse_each, read_lines, read_melody, read_voice
from tunewright.formats.abc.splitting import Source
from tunewright.formats.abc.voices import CLEFS, MOST_VOICES, VoiceLines, staves_of
from tunewright.formats.abc.writing import format_fields, format_music, words_below
from tunewright.music.score import OTHER_TEMPO, Score, Voice, tempo_changes
from tunewright.music.tune import Bar, Element, Ending, Note, Part, Repair, Rest, Tune
from tunewright.support.errors import ParseError

LEFT_OUT = "voice that cannot be read left out"
MOVED_TEXT = "text over the music of a voice with other repeats"
PLAIN_BARS = (Bar("|"), Bar("||"), Bar("|]"), Bar("[|"))
OUT_OF_STEP = "repeats of a voice that are not those of the melody"


def parse_scores(text: str | Path) -> list[Tune | Score]:
    """The tunes of a text or file with all their voices, in order; errors as of `parse_abc`."""
    return parse_each(text, parse_score)


def decode_scores(content: bytes, name: str) -> Iterator[tuple[Tune | Score | ParseError, int]]:
    """Every tune of a file's bytes with all its voices, in order, or why it cannot be read, as in `decode_abc`."""
    yield from decode_each(content, name, parse_score)


def parse_score(source: Source) -> Tune | Score:
    """The tune that stands in these lines, with all its voices; ParseError where the melody cannot be read."""
    header, voices = read_lines(source)
    melody = read_melody(source, header, voices)
    repairs: list[Repair] = []
    others = list(_others(source, header, [voice for voice in voices if voice is not melody.voice], repairs))
    if not others and not melody.layers:
        return replace(melody.tune, repairs=(*melody.tune.repairs, *repairs))
    first = replace(melody.tune, repairs=(*melody.tune.repairs, *repairs))
    read = [replace(melody, tune=first)] + [_voice_in_step(melody.tune, one) for one in others]
    return _put_together(source, read, [voice.name for voice in voices])


def _others(source: Source, header: Header, voices: Sequence[VoiceLines], repairs: list[Repair]) -> Iterator[ReadVoice]:
    """The voices beside the melody that have notes; of those that cannot be read it is said why."""
    plain = replace(header, repairs=[], left_out=type(header.left_out)())
    for voice in voices[: MOST_VOICES - 1]:
        try:
            yield read_voice(source, plain, voice)
        except ParseError as error:
            if error.reason != NO_NOTES:
                repairs.append(Repair(LEFT_OUT, source.line, detail=f"{voice.name}: {error}"))
    if beyond := voices[MOST_VOICES - 1 :]:
        repairs.append(Repair(LEFT_OUT, source.line, detail=f"{len(beyond)} beyond {MOST_VOICES}"))


def _put_together(source: Source, read: Sequence[ReadVoice], names: Sequence[str]) -> Score:
    """The score of these voices, each followed on its staff by what is laid over it."""
    voices: list[Voice] = []
    places: dict[str, list[int]] = {}
    for one in read:
        said = one.voice
        places[said.name] = [len(voices)]
        voices.append(Voice(one.tune, said.label, said.short_label, said.said.get("clef", "")))
        for layer in one.layers:
            places[said.name].append(len(voices))
            voices.append(Voice(layer, clef=said.said.get("clef", "")))
    there = [name for name in names if name in places]
    staves = [[place for name in staff for place in places[name]] for staff in staves_of(source.lines, there)]
    return Score(tuple(voices), tuple(map(tuple, staves)))


# ------------------------------------------------------------------------------------------------ in step


def _voice_in_step(melody: Tune, one: ReadVoice) -> ReadVoice:
    """A voice and what is laid over it, as `_in_step`."""
    layers = tuple(replace(_in_step(melody, layer), repairs=layer.repairs) for layer in one.layers)
    return replace(one, tune=_in_step(melody, one.tune), layers=layers)


def _in_step(melody: Tune, voice: Tune) -> Tune:
    """The voice with the repeats, endings and parts of the melody, where it has as many bars and others."""
    if _form(melody.music) == _form(voice.music):
        return voice
    repair = Repair(OUT_OF_STEP, voice.lines[0] if voice.lines else 0)
    if len(melody.measures) != len(voice.measures):
        return replace(voice, repairs=(*voice.repairs, repair))
    music: list[Element] = []
    moved = Counter(
        {MOVED_TEXT: len(voice.annotations), OTHER_TEMPO: len(tempo_changes(voice) - tempo_changes(melody))}
    )
    left_out = Counter(dict(voice.left_out)) + moved
    begin = start = 0
    for bar, own in zip(melody.measures, voice.measures, strict=True):
        music += [element for element in melody.music[begin : bar.stop] if _is_form(element)]
        music += [element for element in voice.music[start : own.stop] if not _is_form(element)]
        begin, start = bar.stop, own.stop
    music += [element for element in melody.music[begin:] if _is_form(element)]
    music += [element for element in voice.music[start:] if not _is_form(element)]
    music = bars_joined(music)
    ties = [replace(repair, what=what) for what, _ in resolve_ties(music)]  # the voice's own endings may have held them
    return replace(
        voice,
        music=tuple(music),
        tempos=(),
        annotations=(),
        repairs=(*voice.repairs, repair, *ties),
        left_out=tuple(sorted(left_out.items())),
    )


def _is_form(element: Element) -> bool:
    return isinstance(element, Bar | Ending | Part)


def _form(music: Sequence[Element]) -> list[Element]:
    """What says in which order a tune is played; bar lines are one where nothing is played between them."""
    signs = bars_joined(element for element in music if _is_form(element) or isinstance(element, Note | Rest))
    return [element for element in signs if _is_form(element) and element not in PLAIN_BARS]


# ------------------------------------------------------------------------------------------------ writing


def format_score(score: Score) -> str:
    """ABC of all voices: the header of the melody, each voice after its `V:` field, with words.

    What is laid over a voice is written as a voice of its own on the same staff.
    """
    melody = score.melody
    names = [str(number) for number in range(1, len(score.voices) + 1)]
    staves = " ".join(_staff([names[place] for place in staff]) for staff in score.staves)
    *header, key = format_fields(melody)
    lines = [*header, f"%%score {staves}"]
    lines += [_voice_field(name, voice, melody) for name, voice in zip(names, score.voices, strict=True)]
    lines.append(key)
    for name, voice in zip(names, score.voices, strict=True):
        lines += [f"V:{name}", *_as_in(melody, voice.tune)]
    return "\n".join([*lines, *words_below(melody)]) + "\n"


def _staff(names: Sequence[str]) -> str:
    return f"({' '.join(names)})" if len(names) > 1 else names[0]


def _voice_field(name: str, voice: Voice, melody: Tune) -> str:
    said = [f"clef={voice.clef}"] if voice.clef in CLEFS else []
    if voice.tune.sounding != (0 if said else melody.sounding):  # a clef alone says that nothing moves
        said.append(f"transpose={voice.tune.sounding}")
    for what, label in (("name", voice.name), ("snm", voice.short_name)):
        if label:
            written = "\\n".join(map(encode_text, label.replace('"', "'").split("\n")))
            said.append(f'{what}="{written}"')
    return " ".join([f"V:{name}", *said])


def _as_in(melody: Tune, voice: Tune) -> Iterator[str]:
    """The lines of a voice, as they are read under the header of the melody."""
    if voice.meter != melody.meter:
        yield f"M:{voice.meter}"
    if voice.key != melody.key:
        yield f"K:{format_key(voice.key)}"
    yield from format_music(replace(voice, unit=melody.unit))
