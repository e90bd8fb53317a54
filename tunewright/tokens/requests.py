"""What is asked of music before any is drawn: key, metre, rhythm, bars, parts, range, a start, a tune to vary.

In: words as a user writes them. Out: a `Request`, or a `ConfigError` that says what is impossible and why, before
anything is drawn. This file knows no model and no tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from tunewright.formats.abc.fields import parse_key, parse_meter
from tunewright.music.form import FEWEST_BARS, MOST_SECTION_BARS, MOST_SECTIONS, Form, Section, form_of
from tunewright.music.phrases import PhrasePlan
from tunewright.music.piece import Piece
from tunewright.music.rhythms import RHYTHMS, known_rhythm, told_rhythm
from tunewright.music.transposing import transpose
from tunewright.music.tune import Key, Meter, Pitch, Tune
from tunewright.support.errors import ConfigError, ParseError

MOST_SHARPS = 7
USUAL_BARS = 8  # of a part, where nobody says
USUAL_AMOUNT = 0.5  # of a variation
LONGEST_START = 10_000  # signs of music to begin with: more than ten times a tune
LEAST_RANGE = 7  # semitones
MOST_BARS = 256  # of a whole tune
FARTHEST_RETURN = 32  # bars from one to the one that it returns: of a thousand that return, one does so after more


@dataclass(frozen=True, slots=True)
class Infill:
    """Bars `first` to `last` of a tune are to be written anew, the rest kept."""

    tune: Tune
    first: int
    last: int

    def __str__(self) -> str:
        return f"bars {self.first}-{self.last} anew"


@dataclass(frozen=True, slots=True)
class Variation:
    """A tune is to be varied: 0 leaves it as it is, 1 keeps nothing but its frame."""

    tune: Tune
    amount: float

    def __str__(self) -> str:
        return f"varied by {self.amount:g}"


@dataclass(frozen=True, slots=True, init=False)
class Request:
    """What is asked of music before it is drawn; None leaves it to the model, and so does a rhythm that is "".

    >>> Request(key="Edor", bars=16) == Request.parse(key="E dorian", bars="16")
    True
    """

    key: Key | None
    meter: Meter | None
    rhythm: str
    form: Form | None
    bars: int | None  # of the whole tune, in whatever parts, where no form is asked for
    low: Pitch | None
    high: Pitch | None
    start: str | Piece  # to begin with: ABC, after header fields if it has any, or a piece
    given: Infill | Variation | None  # a tune to fill in or to vary, which settles all that comes before
    free: bool  # whether no grammar holds it to anything
    plan: PhrasePlan | None  # which bars return which

    def __init__(
        self,
        key: Key | str | None = None,
        meter: Meter | str | None = None,
        rhythm: str = "",
        form: Form | None = None,
        bars: int | None = None,
        low: Pitch | str | None = None,
        high: Pitch | str | None = None,
        start: str | Piece = "",
        given: Infill | Variation | None = None,
        free: bool = False,
        plan: PhrasePlan | str | None = None,
    ) -> None:
        """With key, metre, rhythm and pitches as values or in words; ConfigError for words that mean none."""
        settle = partial(object.__setattr__, self)
        settle("key", _parse_key(key) if isinstance(key, str) else key)
        settle("meter", _parse_meter(meter) if isinstance(meter, str) else meter)
        settle("rhythm", _parse_rhythm(rhythm) if rhythm else "")
        settle("form", form)
        settle("bars", bars)
        settle("low", _parse_pitch(low) if isinstance(low, str) else low)
        settle("high", _parse_pitch(high) if isinstance(high, str) else high)
        if isinstance(start, str) and len(start) > LONGEST_START:
            raise ConfigError(f"the start has {len(start):,} signs; expected at most {LONGEST_START:,}")
        settle("start", start)
        settle("given", given)
        settle("free", free)
        settle("plan", PhrasePlan.parse(plan) if isinstance(plan, str) else plan)

    @classmethod
    def parse(
        cls,
        *,
        like: Tune | None = None,
        plan_like: Tune | None = None,
        infill: Tune | None = None,
        at: str = "",
        vary: Tune | None = None,
        amount: float = USUAL_AMOUNT,
        start: str | Piece = "",
        free: bool = False,
        **words: str,
    ) -> Request:
        """The request in words, as `build_request` has them; ConfigError where it cannot be met.

        Of a tune that it is to be `like` it takes what the words leave open. `infill` is a tune whose bars `at`, as in
        "5-8", are written anew, `vary` one of which an `amount` from 0 to 1 may change; a key alone moves either.

        >>> str(Request.parse(key="Edor", bars="16"))
        'key E dorian, bars 16'
        """
        request = build_request(**words)
        request = as_in(like, request) if like else request
        request = planned_as(plan_like, request) if plan_like else request
        tune = infill or vary
        if tune and request.key and request == Request(key=request.key):
            tune, request = in_key(tune, request.key), Request()
        given = None if tune is None else Infill(tune, *parse_span(at)) if infill else Variation(tune, amount)
        return replace(request, start=start, given=given, free=free)

    def __str__(self) -> str:
        """As it stands in the notes of a tune: "key E dorian, meter 6/8"."""
        form = (
            " ".join(f"{section.bars}{' twice' * section.repeated}" for section in self.form.sections)
            if self.form
            else ""
        )
        asked = {
            "key": self.key,
            "meter": self.meter,
            "rhythm": self.rhythm,
            "parts": form,
            "bars": self.bars,
            "range": f"{self.low}-{self.high}" if self.low and self.high else "",
            "plan": self.plan,
        }
        told = [f"{name} {value}" for name, value in asked.items() if value]
        return ", ".join([*told, str(self.given)] if self.given else told)


def parse_span(text: str) -> tuple[int, int]:
    """The first and the last bar of words like "5-8" or "5"; ConfigError for other words."""
    found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text.replace(" ", ""))
    if not found:
        raise ConfigError(f"at is {text!r}; expected bars, as in 5-8")
    return int(found[1]), int(found[2] or found[1])


def text_start(request: Request) -> str:
    """The ABC that tunes are to begin with; ConfigError where that is a piece."""
    if not isinstance(request.start, str):
        raise ConfigError("the start is a piece of several parts; expected ABC to begin a tune with")
    return request.start


def build_request(
    *,
    key: str = "",
    meter: str = "",
    rhythm: str = "",
    bars: str = "",
    parts: str = "",
    pitch_range: str = "",
    plan: str = "",
) -> Request:
    """The request in these words, "" for what is left open; ConfigError where it cannot be met.

    `bars` is the number of bars of each part where `parts` is given, one number for all or one for each ("8,16");
    else of the whole tune as written. `parts` is as in "AABB": a letter for each time that a part is played.
    """
    low, high = _parse_range(pitch_range) if pitch_range else (None, None)
    form, whole = _parse_form(bars, parts)
    request = Request(key or None, meter or None, rhythm, form, whole, low, high, plan=plan or None)
    check_request(request)
    return request


def check_request(request: Request) -> None:
    """ConfigError where what is asked for does not go together."""
    rhythm, meter = request.rhythm, request.meter
    if rhythm and meter and str(meter) not in RHYTHMS[rhythm].meters:
        known = ", ".join(RHYTHMS[rhythm].meters)
        raise ConfigError(f"a {rhythm} in {meter} was asked for; expected one of its metres: {known}")
    if request.low and request.high and request.high.midi - request.low.midi < LEAST_RANGE:
        raise ConfigError(f"the range {request.low}-{request.high} is narrower than a fifth; expected a wider one")
    if request.plan:
        _check_plan(request.plan, request.form.bars if request.form else request.bars)


def _check_plan(plan: PhrasePlan, bars: int | None) -> None:
    """ConfigError for a plan that no tune of so many bars can have."""
    if bars is not None and len(plan.bars) > bars:
        raise ConfigError(f"the plan names {len(plan.bars)} bars of {bars}; expected at most as many as there are")
    if len(plan.bars) > MOST_BARS:
        raise ConfigError(f"the plan names {len(plan.bars)} bars; expected at most {MOST_BARS}")
    for place in range(len(plan.bars)):
        returned = plan.ways(place)
        if returned and place - returned[1] > FARTHEST_RETURN:
            back = f"bar {place + 1} of the plan returns bar {returned[1] + 1}"
            raise ConfigError(f"{back}; expected one at most {FARTHEST_RETURN} bars before it")


def planned_as(tune: Tune, request: Request) -> Request:
    """The request, its bars returning as those of this tune do, and its form, where that fits and none is asked for."""
    if not tune.notes:
        raise ConfigError(f"{tune.source or 'the tune'}: has no notes; expected a tune whose plan to follow")
    plan, form = PhrasePlan.of(tune), form_of(tune)
    fits = form is not None and FEWEST_BARS <= form.bars == len(plan.bars)
    unsaid = request.form is None and request.bars is None
    found = replace(request, plan=plan, form=form if unsaid and fits else request.form)
    check_request(found)
    return found


def as_in(tune: Tune, request: Request) -> Request:
    """The request, what it leaves open asked for as this tune has it: rhythm, metre, key, form and range."""
    pitches = sorted((pitch for note in tune.notes for pitch in note.pitches), key=lambda pitch: pitch.midi)
    if not pitches:
        raise ConfigError(f"{tune.source or 'the tune'}: has no notes; expected a tune to be like")
    told = told_rhythm(tune)
    meters = RHYTHMS[told].meters if told in RHYTHMS else ()
    same = request.meter is None or tune.meter.plain == request.meter.plain
    fits = str(request.meter or tune.meter) in meters and same
    low, high = pitches[0], pitches[-1]
    moved = request.key is not None and request.key != tune.key
    open_form = request.form is None and request.bars is None
    found = replace(
        request,
        key=request.key or (tune.key if tune.key.tonic and not tune.key.accidentals else None),
        meter=request.meter or (None if tune.meter.free else tune.meter),
        rhythm=request.rhythm or (told if fits else ""),
        form=form_of(tune) if open_form else request.form,
        low=request.low or (None if moved else low),
        high=request.high or (None if moved else high),
    )
    check_request(found)
    return found


def in_key(tune: Tune, key: Key) -> Tune:
    """The tune in this key, moved the shorter way; ConfigError for a key of another mode."""
    if tune.key.tonic is None or tune.key.mode != key.mode or tune.key.accidentals:
        raise ConfigError(f"{tune} was asked for in {key}; expected a key of its own mode, {tune.key.mode}")
    moved = transpose(tune, (7 * (key.sharps - tune.key.sharps) + 6) % 12 - 6)
    if moved.key != key:
        raise ConfigError(f"{tune} was asked for in {key}; expected {moved.key}, which sounds the same")
    return moved


# ------------------------------------------------------------------------------------------------ words


_KEY = re.compile(r"([A-Ga-g])([#b♯♭]?)\s*([A-Za-z]*)")
_MODES = {"": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor", "aeo": "minor"}
_MODES |= {"dor": "dorian", "phr": "phrygian", "lyd": "lydian", "mix": "mixolydian", "loc": "locrian"}


def _parse_key(text: str) -> Key:
    found = _KEY.fullmatch(text.strip())
    mode = _MODES.get(found[3].lower()[:3]) if found else None
    if not found or mode is None:
        raise ConfigError(f"the key is {text!r}; expected a tonic and a mode, as in G, Bb minor or E dorian")
    tonic = found[1].upper() + found[2].replace("♯", "#").replace("♭", "b")
    key = parse_key(f"{tonic} {mode}")[0]
    if abs(key.sharps) > MOST_SHARPS:
        sign = "sharps" if key.sharps > 0 else "flats"
        raise ConfigError(f"{key} would need {abs(key.sharps)} {sign}; expected a key of at most {MOST_SHARPS}")
    return key


def _parse_meter(text: str) -> Meter:
    try:
        meter, repair = parse_meter(text)
    except ParseError as error:
        raise ConfigError(f"the metre is {text!r}: {error.reason}") from None
    if repair or meter.free:
        raise ConfigError(f"the metre is {text!r}; expected one that bars can fill, as in 6/8, C or 2/2")
    return meter


def _parse_rhythm(text: str) -> str:
    found = known_rhythm(text)
    if found is None:
        raise ConfigError(f"the rhythm is {text!r}; known: {', '.join(RHYTHMS)}")
    return found.name


_PITCH = re.compile(r"([A-Ga-g])([#b]?)(\d)")


def _parse_range(text: str) -> tuple[Pitch, Pitch]:
    ends = text.split("-")
    if len(ends) != 2 or not all(map(_PITCH.fullmatch, map(str.strip, ends))):
        raise ConfigError(f"the range is {text!r}; expected two notes, as in D4-B5 (C4 is middle C)")
    low, high = map(_parse_pitch, ends)
    if low.midi >= high.midi:
        raise ConfigError(f"the range {text!r} ends below its beginning; expected the lower note first")
    return low, high


def _parse_pitch(text: str) -> Pitch:
    found = _PITCH.fullmatch(text.strip())
    if not found:
        raise ConfigError(f"the note is {text!r}; expected one as in D4 or Bb5 (C4 is middle C)")
    return Pitch(found[1].upper(), {"": 0, "#": 1, "b": -1}[found[2]], int(found[3]))


def _parse_form(bars: str, parts: str) -> tuple[Form | None, int | None]:
    """The form, or the bars of the whole tune where only those are asked for."""
    counts = [_parse_bars(part) for part in re.split(r"[,+]", bars)] if bars.strip() else []
    if not parts.strip():
        if len(counts) > 1:
            return _form([(count, False) for count in counts]), None
        return None, (_whole(counts[0]) if counts else None)
    twice = _parse_parts(parts.strip())
    if len(counts) not in (0, 1, len(twice)):
        raise ConfigError(f"bars are given for {len(counts)} parts, there are {len(twice)}; expected one for each")
    counts = counts * len(twice) if len(counts) == 1 else counts or [USUAL_BARS] * len(twice)
    return _form(list(zip(counts, twice, strict=True))), None


def _parse_bars(text: str) -> int:
    if not re.fullmatch(r"\d{1,4}", text.strip()) or not int(text):
        raise ConfigError(f"{text.strip() or 'nothing'} bars were asked for; expected a whole number of bars")
    return int(text)


def _whole(bars: int) -> int:
    if not FEWEST_BARS <= bars <= MOST_BARS:
        raise ConfigError(f"{bars} bars were asked for; expected {FEWEST_BARS} to {MOST_BARS}")
    return bars


def _parse_parts(text: str) -> list[bool]:
    """For each part whether it is played twice."""
    if not re.fullmatch(r"[A-Za-z]+", text):
        raise ConfigError(f"the parts are {text!r}; expected letters in the order of playing, as in AABB or ABC")
    runs = [(letter, len(list(run))) for letter, run in groupby(text.upper())]
    for letter, times in runs:
        if times > 2:
            raise ConfigError(f"part {letter} is played {times} times in a row in {text}; expected once or twice")
    letters = [letter for letter, _ in runs]
    for letter in letters:
        if letters.count(letter) > 1:
            raise ConfigError(f"part {letter} comes back in {text}; expected each part once or twice in a row")
    return [times == 2 for _, times in runs]


def _form(sections: list[tuple[int, bool]]) -> Form:
    if len(sections) > MOST_SECTIONS:
        raise ConfigError(f"{len(sections)} parts were asked for; expected at most {MOST_SECTIONS}")
    for bars, _ in sections:
        if bars > MOST_SECTION_BARS:
            raise ConfigError(f"a part of {bars} bars was asked for; expected at most {MOST_SECTION_BARS}")
    form = Form(tuple(Section(bars, repeated) for bars, repeated in sections))
    if form.bars < FEWEST_BARS:
        raise ConfigError(f"{form.bars} bars were asked for; expected at least {FEWEST_BARS}")
    return form


def usual_form(bars: int) -> Form:
    """A form of this many bars as written: parts of eight, each played twice, where that comes out; else one part."""
    if bars % USUAL_BARS == 0 and 1 < bars // USUAL_BARS <= MOST_SECTIONS:
        return Form((Section(USUAL_BARS, True),) * (bars // USUAL_BARS))
    if bars <= MOST_SECTION_BARS:
        return Form((Section(bars, False),))
    whole, rest = divmod(bars, MOST_SECTION_BARS)
    return Form((*(Section(MOST_SECTION_BARS, False),) * whole, *((Section(rest, False),) if rest else ())))
