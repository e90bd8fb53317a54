"""What is settled of a tune in musical tokens before any of it is drawn.

In: a tokenizer, a `Request` and, where there is one, the music to begin with, to fill in or to vary. Out: a `Plan`:
the header and form as far as they are asked for, ids to begin with, notes that are known of what is to come, and what
the grammar has to hold to; or a `ConfigError` that says why it cannot be had. This file draws nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from tunewright.formats.abc import parse_abc
from tunewright.music.beats import Onset, by_strength, ticks
from tunewright.music.phrases import PhrasePlan
from tunewright.music.rhythms import RHYTHMS
from tunewright.music.tune import Bar, ChordSymbol, Element, Ending, Key, Measure, Note, Rest, Tune
from tunewright.support.errors import ConfigError, ParseError, TokenError
from tunewright.tokens.degrees.context import Begun, begun_in
from tunewright.tokens.degrees.features import Sound
from tunewright.tokens.degrees.grammar import Constraints, Grammar, PieceBar
from tunewright.tokens.degrees.scale import pitch_at
from tunewright.tokens.degrees.tokenizer import DegreeTokenizer
from tunewright.tokens.degrees.vocabulary import BODY
from tunewright.tokens.requests import Request, check_request

CENTRE = 71  # MIDI note about which a melody lies: B4, as in real tunes
TYPICAL_OFFSET = 3  # diatonic steps above the home tonic about which melodies lie


@dataclass(frozen=True)
class Plan:
    """What is settled of a tune; what is None or empty is left to the model."""

    request: Request = field(default_factory=Request)
    rhythm: int | None = None  # ids
    meter: int | None = None
    meters: frozenset[int] | None = None  # those that are left; None for all
    mode: int | None = None
    tonic: int | None = None
    home: int | None = None
    form: tuple[int, ...] | None = None
    music: tuple[int, ...] = ()  # to begin with
    known: Mapping[Onset, Sound] = field(default_factory=dict)  # of what is to come
    told_from: int = 0  # place in `music` from which on it is told
    anchors: Mapping[Onset, int] = field(default_factory=dict)  # ids of pitches that have to begin there
    piece: tuple[PieceBar, ...] = ()  # the bars to write after `music`, just as long as those of a given tune
    tie: int = 0  # id of the pitch that is tied into them
    slurs: int = 0  # open where they begin, to be closed in them
    splice: tuple[Tune, int, int] | None = None  # the tune, and the stretch of its music that is written anew
    title: str = ""
    same: Tune | None = None  # nothing is to be drawn: `music` is all of this tune


def plan_tune(tokenizer: DegreeTokenizer, request: Request, start: str = "") -> Plan:
    """The plan for a new tune, which begins with `start` if that is given: ABC, after header fields if it has any."""
    music: tuple[int, ...] = ()
    home = None
    if start.strip():
        begun, request = _read_start(start, request)
        _check_range(begun, request)
        home = _home_of(begun)
        music = _encode_start(tokenizer, begun, home)
    ids, key = tokenizer.ids, request.key
    if home is None and key is not None:
        home = home_in_range(request, key)
    meter = _settled(ids, f"M:{request.meter}") if request.meter else None
    return Plan(
        request,
        meters=frozenset((meter,)) if meter else None,
        rhythm=_settled(ids, f"R:{request.rhythm}") if request.rhythm else None,
        meter=meter,
        mode=ids[f"mode:{key.mode}"] if key else None,
        tonic=_settled(ids, f"tonic:{key.tonic}") if key else None,
        home=None if home is None else ids[f"home:{home}"],
        form=_form_ids(tokenizer, request) if request.form else None,
        music=music,
    )


def fit_start(plan: Plan, grammar: Grammar, bar: Fraction | None = None) -> Plan:
    """The plan with the metres left that its music to begin with fits, of bars so long; ConfigError for none."""
    if not plan.music or plan.piece:
        return plan
    meters = grammar.tokenizer.meters
    asked = [number for number in meters if plan.meter in (None, number) and not meters[number].free]
    asked = [number for number in asked if bar is None or meters[number].length == bar]
    form = plan.request.form
    fits = [n for n in asked if grammar.lets_through(plan.music, Constraints(meters[n], form, planned=False))]
    if not fits:
        metre = f"the metre {plan.request.meter}" if plan.request.meter else "any metre"
        raise ConfigError(f"the start does not fit {metre}; expected bars that fill it, or a part of one at the end")
    return replace(plan, meters=frozenset(fits), meter=fits[0] if len(fits) == 1 else plan.meter)


def _settled(ids: Mapping[str, int], token: str) -> int:
    if token not in ids:
        kind, _, value = token.partition(":")
        named = {"R": "rhythm", "M": "metre"}.get(kind, kind)
        raise ConfigError(f"the {named} {value} was asked for, which this model has no token for")
    return ids[token]


def _form_ids(tokenizer: DegreeTokenizer, request: Request) -> tuple[int, ...]:
    assert request.form is not None
    by_section = {section: number for number, section in tokenizer.sections.items()}
    return tuple(by_section[section] for section in request.form.sections)


def home_in_range(request: Request, key: Key) -> int | None:
    """The octave of the tonic that puts the middle of a melody nearest to the middle of the range; None without one."""
    if request.low is None or request.high is None:
        return None
    middle = (request.low.midi + request.high.midi) / 2
    return min(range(1, 8), key=lambda octave: abs(pitch_at(TYPICAL_OFFSET, 0, key, octave).midi - middle))


def usable_pitches(tokenizer: DegreeTokenizer, request: Request, key: Key, home: int) -> frozenset[int]:
    """The ids of pitches that may be drawn: within the range asked for, and none that respells a note of the scale.

    An F double sharp in G major is a G; which degrees those are depends on the mode alone.
    """
    within = {number: pitch for number, pitch in tokenizer.pitches.items() if not _respells(*pitch, key.mode)}
    if request.low is None or request.high is None:
        return frozenset(within)
    low, high = request.low.midi, request.high.midi
    return frozenset(n for n, pitch in within.items() if low <= pitch_at(*pitch, key, home).midi <= high)


@lru_cache(maxsize=4096)
def _respells(offset: int, alter: int, mode: str) -> bool:
    """Whether an altered degree sounds as the next degree of the scale does."""
    scale = Key("C", mode)
    return alter != 0 and pitch_at(offset, alter, scale, 4).midi == pitch_at(offset + alter, 0, scale, 4).midi


# ------------------------------------------------------------------------------------------------ a start


def _read_start(start: str, request: Request) -> tuple[Tune, Request]:
    """The music to begin with, and the request with what its header says."""
    lines = start.replace("\r\n", "\n").strip().split("\n")
    header = [line for line in lines if line[1:2] == ":" and line[:1].isalpha()]  # "|:" begins music
    fields = {line[0]: line[2:].strip() for line in header}
    music = "\n".join(line for line in lines if line not in header)
    meter = fields.get("M") or str(request.meter or "none")
    key = fields.get("K") or (str(request.key) if request.key else "")
    unit = fields.get("L") or "1/8"
    try:
        begun = parse_abc(f"X:1\nM:{meter}\nL:{unit}\nK:{key or 'C'}\n{music}\n")[0]
    except ParseError as error:
        raise ConfigError(f"the start cannot be read: {error.reason}") from None
    if not begun.notes:
        raise ConfigError("the start has no notes; expected music to begin with, as in GABc dedB|")
    if not key:
        begun = replace(begun, key=guess_key(begun))
    request = replace(request, key=request.key or begun.key)
    if "M" in fields:
        request = replace(request, meter=request.meter or begun.meter)
    if fields.get("R", "").lower() in RHYTHMS:
        request = replace(request, rhythm=request.rhythm or fields["R"].lower())
    check_request(request)
    return begun, request


def guess_key(tune: Tune) -> Key:
    """The key that a few notes, written without a signature, sound in.

    Of the keys whose signature leaves the most of their length unaltered, the one whose tonic chord has most of it;
    the first and the last note count twice.
    """
    weights: dict[int, float] = {}
    notes = tune.notes
    for place, note in enumerate(notes):
        twice = 2 if place in (0, len(notes) - 1) else 1
        pitch = note.pitch.midi % 12
        weights[pitch] = weights.get(pitch, 0) + twice * float(note.length)
    tonics = ("C", "G", "D", "A", "E", "B", "F", "Bb", "Eb", "Ab", "F#", "C#")
    keys = [Key(tonic, mode) for mode in ("major", "minor", "dorian", "mixolydian") for tonic in tonics]
    return max((key for key in keys if abs(key.sharps) <= 6), key=lambda key: _fit(key, weights))


def _fit(key: Key, weights: Mapping[int, float]) -> float:
    scale = [pitch_at(degree, 0, key, 4).midi % 12 for degree in range(7)]
    inside = sum(weights.get(pitch, 0) for pitch in scale)
    chord = sum(share * weights.get(scale[degree], 0) for degree, share in ((0, 1.0), (4, 0.6), (2, 0.5)))
    return 3 * inside + chord


def _check_range(begun: Tune, request: Request) -> None:
    """ConfigError where the music to begin with leaves the range that was asked for."""
    if request.low is None or request.high is None:
        return
    for pitch in (pitch for note in begun.notes for pitch in (*note.pitches, *note.grace)):
        if not request.low.midi <= pitch.midi <= request.high.midi:
            raise ConfigError(f"the start has {pitch}, outside {request.low}-{request.high}; expected notes within it")


def planned_bar(plan: PhrasePlan, start: str, request: Request) -> Fraction | None:
    """How long the bars are with which a tune of a phrase plan is to begin; None where the start has no whole one.

    ConfigError where they are not what the plan has them be, or where one but the last is short, as a pickup is.
    """
    begun, _ = _read_start(start, request)
    measures = begun.measures
    full = max(measure.length for measure in measures)
    if measures[0].closing is None:
        full = begun.meter.length or full + 1
    whole = [measure for measure in measures if measure.length == full]
    if measures[: len(whole)] != tuple(whole) or len(whole) + 1 < len(measures):
        raise ConfigError("the start has a pickup, or a short bar, which no plan can have; expected full bars")
    if len(whole) < len(measures) and len(whole) < len(plan.bars) and plan.ways(len(whole)):
        what = f"the start ends within bar {len(whole) + 1}, which {plan} has return"
        raise ConfigError(f"{what}; expected a start of whole bars")
    own = PhrasePlan.of(begun)
    for place in range(min(len(whole), len(own.bars), len(plan.bars))):
        if plan.bars[place] is not None and plan.ways(place) != own.ways(place):
            what = str(PhrasePlan(own.bars[: place + 1])).split()[-1]
            raise ConfigError(f"bar {place + 1} of the start is {what} by its own plan; expected {plan} to say so too")
    return full if whole else None


def _home_of(begun: Tune) -> int:
    """The octave of the tonic that most likely is the home of a tune that begins like this."""
    mean = sum(note.pitch.midi for note in begun.notes) / len(begun.notes)
    return min(range(1, 8), key=lambda octave: abs(pitch_at(TYPICAL_OFFSET, 0, begun.key, octave).midi - mean))


def _encode_start(tokenizer: DegreeTokenizer, begun: Tune, home: int) -> tuple[int, ...]:
    try:
        return tuple(tokenizer.encode_music(tokenizer.prepared(begun), home=home))
    except TokenError as error:
        raise ConfigError(f"the start: {error}") from None


# ------------------------------------------------------------------------------------------------ a given tune


def plan_infill(tokenizer: DegreeTokenizer, tune: Tune, first: int, last: int) -> Plan:
    """The plan to write the bars numbered `first` to `last` of a tune anew and keep the rest.

    Bars have the numbers of `Measure`: a pickup at the beginning is bar 0. ConfigError where there are no such bars.
    """
    numbers = [measure.number for measure in tune.measures]
    if first > last or first not in numbers or last not in numbers:
        there = f"{numbers[0]} to {numbers[-1]}" if numbers else "none"
        raise ConfigError(f"bars {first}-{last} of {tune} were asked for; it has bars {there}")
    chosen = [measure for measure in tune.measures if first <= measure.number <= last]
    begin = _first_sound(tune, chosen[0])
    end = chosen[-1].stop + (1 if chosen[-1].closing is not None else 0)
    base, ids = _given(tokenizer, tune)
    stretch = slice(_among(base, tune, begin), _among(base, tune, end))
    header = len(ids) - len(tokenizer.encode_music(base))
    music = tuple(tokenizer.encode_music(base, 0, stretch.start))
    after = header + len(tokenizer.encode_music(base, 0, stretch.stop))
    return replace(
        _as_given(tokenizer, base, ids),
        music=music,
        known={one.onset: one.sound for one in begun_in(tokenizer.features, ids) if one.place >= after},
        told_from=len(music),
        tie=_tied_into(tokenizer, base, stretch.start, music),
        slurs=_slurs_into(base, stretch),
        piece=_piece(tokenizer, tune, chosen, begin),
        splice=(tune, begin, end),
    )


def _first_sound(tune: Tune, measure: Measure) -> int:
    """Where the music of a bar begins, after the signs that stand before it."""
    inside = range(measure.start, measure.stop)
    return next(place for place in inside if not isinstance(tune.music[place], Bar | Ending))


def _among(base: Tune, tune: Tune, place: int) -> int:
    """The place in the music of `base`, which may lack the chord symbols of the tune."""
    if len(base.music) == len(tune.music):
        return place
    return place - sum(isinstance(element, ChordSymbol) for element in tune.music[:place])


def _tied_into(tokenizer: DegreeTokenizer, tune: Tune, begin: int, before: Sequence[int]) -> int:
    """The id of the pitch that is tied into what begins there; 0 for none. `before` are the ids up to there."""
    last, following = (
        next((element for element in music if isinstance(element, Note | Rest)), None)
        for music in (reversed(tune.music[:begin]), tune.music[begin:])
    )
    if not (isinstance(last, Note) and last.tied and isinstance(following, Note) and following.pitches == last.pitches):
        return 0
    sounds = (tokenizer.timed[number][1] if number in tokenizer.timed else number for number in reversed(before))
    return next(sound for sound in sounds if sound in tokenizer.pitches)


def _slurs_into(tune: Tune, stretch: slice) -> int:
    """How many slurs end in a stretch that began before it; ConfigError where one that begins in it ends after it."""
    before, after = _open_slurs(tune.music[: stretch.start]), _open_slurs(tune.music[stretch.stop :])
    if before + after < 0:
        raise ConfigError(f"{tune}: a slur leads on from the bars to fill in; expected bars that end with it")
    return before + min(after, 0)


def _open_slurs(music: Sequence[Element]) -> int:
    notes = [element for element in music if isinstance(element, Note)]
    return sum(note.slurs_opened - note.slurs_closed for note in notes)


def plan_variation(tokenizer: DegreeTokenizer, tune: Tune, amount: float, seed: int) -> Plan:
    """The plan for a variation: at 0 the same tune, at 1 a free one, in between a share of its notes stays.

    Notes on strong beats stay longest; with one seed, what stays at some amount stays at every smaller one.
    """
    if not 0 <= amount <= 1:
        raise ConfigError(f"the amount is {amount:g}; expected 0 (the same tune) to 1 (a free one)")
    base, ids = _given(tokenizer, tune)
    plan = _as_given(tokenizer, base, ids)
    if amount == 0:
        return replace(plan, music=(*tokenizer.encode_music(base), tokenizer.END), same=tune)
    begun = begun_in(tokenizer.features, ids)
    order = by_strength([one.onset for one in begun], base.meter, np.random.default_rng(seed))
    kept = [begun[place] for place in order[: round((1 - amount) * len(order))]]
    anchors = {one.onset: pitch for one in kept if (pitch := _pitch_id(tokenizer, ids, one)) is not None}
    known = {one.onset: one.sound for one in kept}
    return replace(
        plan,
        known=known,
        anchors=anchors,
        piece=_piece(tokenizer, base, base.measures, 0),
        title=f"{tune.title}, varied" if tune.title else "",
    )


def _piece(tokenizer: DegreeTokenizer, tune: Tune, measures: Sequence[Measure], begin: int) -> tuple[PieceBar, ...]:
    """Bars as long as these, between the same bar lines and endings, from `tune.music[begin]` on."""
    lines = {line: number for number, line in tokenizer.bar_lines.items()}
    bars = []
    for measure in measures:
        signs = [element for element in tune.music[begin : measure.stop] if isinstance(element, Bar | Ending)]
        before = tokenizer.encode_signs(signs)
        after = lines[measure.closing.line] if measure.closing else tokenizer.END
        bars.append(PieceBar(tuple(before), ticks(measure.length), after))
        begin = measure.stop + 1
    return tuple(bars)


def _pitch_id(tokenizer: DegreeTokenizer, ids: Sequence[int], one: Begun) -> int | None:
    """The id of the plain pitch of a note; None for a rest."""
    number = tokenizer.timed[ids[one.place]][1] if ids[one.place] in tokenizer.timed else ids[one.place]
    return number if number in tokenizer.pitches else None


def _given(tokenizer: DegreeTokenizer, tune: Tune) -> tuple[Tune, list[int]]:
    """The tune as the tokens have it, and its ids after an end; ConfigError where they do not cover it."""
    if tune.irregular:
        raise ConfigError(f"{tune}: {tune.bar_errors[0]}; expected a tune whose bars add up")
    base = tokenizer.prepared(tune)
    try:
        return base, [tokenizer.END, *tokenizer.encode_without_plan(base)]
    except TokenError as error:
        raise ConfigError(f"{tune}: {error}") from None


def _as_given(tokenizer: DegreeTokenizer, tune: Tune, ids: Sequence[int]) -> Plan:
    """The plan with header and form of a tune."""
    body = list(ids).index(tokenizer.ids[BODY])
    rhythm, meter, mode, tonic, home, *form = ids[1:body]
    request = Request(tune.key, tune.meter, tune.rhythm)
    return Plan(request, rhythm=rhythm, meter=meter, mode=mode, tonic=tonic, home=home, form=tuple(form))
