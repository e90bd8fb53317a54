"""Pictures whose notes and bars are known by name, and when each of them sounds, held against the performance."""

from __future__ import annotations

import io
import re
import wave
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from tests.support.real_tunes import real_tunes
from tunewright.formats import engraving
from tunewright.formats.abc import parse_abc, parse_scores
from tunewright.formats.following import FollowedScore, followed
from tunewright.formats.midi.performance import performed, speeds
from tunewright.formats.sound.practice import Practice, seconds_of, to_wav
from tunewright.formats.sound.tunes import clock
from tunewright.music.playing import played_places
from tunewright.music.tune import Bar, Note, Tune

BANJO = 105
REEL = "X:1\nR:reel\nM:4/4\nL:1/8\nK:G\n"


def read(music: str, head: str = REEL) -> Tune:
    [tune] = parse_abc(f"{head}{music}\n")
    return tune


def names(svg: str) -> Counter[str]:
    return Counter(str(element.get("id")) for element in ET.fromstring(svg).iter() if element.get("id"))


def times_by_name(score: FollowedScore) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for note in score.notes:
        found.setdefault(note.id, []).append((note.start, note.end))
    return found


@pytest.mark.parametrize("width", [840, 340])
def test_every_note_of_real_tunes_stands_once_in_the_picture_and_sounds(width: int) -> None:
    for tune in real_tunes(15):
        score = followed(tune, width=width)
        there, times = names(score.svg), times_by_name(score)
        heard = {place for place in played_places(tune) if isinstance(tune.music[place], Note)}
        places = [place for place, element in enumerate(tune.music) if isinstance(element, Note)]
        for index, place in enumerate(places):
            assert there[f"n{index}"] == 1
            assert (f"n{index}" in times) == (place in heard)
        assert there.keys() >= times.keys()
        assert not [name for name, count in there.items() if count > 1]
        graces = sum(len(note.grace) for note in tune.notes)
        assert sum(bool(re.fullmatch(r"n\d+g\d+", name)) for name in there) == graces


def test_every_note_that_is_played_begins_when_the_page_says() -> None:
    for tune in real_tunes(25):
        seconds = clock(speeds(tune))
        starts = {round(note.start, 6) for note in followed(tune).notes}
        struck = {round(seconds(note.onset), 6) for note in performed(tune)}
        assert struck <= starts, tune.source
        tied = sum(note.tied or bool(note.held) for note in tune.notes)
        assert tied or struck == starts, tune.source


def test_times_rise_and_bars_follow_one_another_to_the_end() -> None:
    for tune in real_tunes(25):
        score = followed(tune)
        assert all(before.start <= after.start for before, after in pairwise(score.notes))
        assert all(note.start < note.end <= score.seconds + 1e-9 for note in score.notes)
        played = sorted(time for bar in score.bars for time in bar.times)
        assert 0 <= played[0][0] < 0.1  # a pickup may swing
        assert played[-1][1] == score.seconds
        assert all(before[1] == pytest.approx(after[0]) for before, after in pairwise(played))
        assert [bar.number for bar in score.bars] == [measure.number for measure in tune.measures]


def test_a_note_sounds_within_its_bar() -> None:
    for tune in real_tunes(10):
        score = followed(tune)
        times = {bar.number: bar.times for bar in score.bars}
        for note in score.notes:
            assert any(start - 1e-9 <= note.start and note.end <= end + 1e-9 for start, end in times[note.bar])


def test_repeats_and_endings_sound_as_often_as_they_are_played() -> None:
    score = followed(read("D2|:G4 A4|1 B8:|2 c8||d8|]"))
    assert [len(times) for times in times_by_name(score).values()] == [1, 2, 2, 1, 1, 1]
    assert [bar.number for bar in score.bars] == [0, 1, 2, 3, 4]
    assert [len(bar.times) for bar in score.bars] == [1, 2, 1, 1, 1]


def test_grace_notes_come_before_their_note_and_ties_go_on() -> None:
    score = followed(read("{cd}e4 e4-|e4 z4|", REEL.replace("R:reel\n", "Q:1/4=60\n")))
    times = times_by_name(score)
    [first], [second], [main] = times["n0g0"], times["n0g1"], times["n0"]
    assert first[0] == 0
    assert first[1] == second[0]
    assert second[1] == main[0] > 0
    assert times["n1"] == [(2.0, 4.0)]
    assert times["n2"] == [(4.0, 6.0)]


def test_a_length_that_takes_two_notes_lights_both() -> None:
    score = followed(read("c5 d3|"))
    assert [note.id for note in score.notes] == ["n0", "n0-1", "n1"]
    assert {note.index for note in score.notes} == {0, 1}


def test_lilt_is_in_the_times() -> None:
    straight = followed(read("cdef gabc|", REEL.replace("reel", "hornpipe")), straight=True).notes
    swung = followed(read("cdef gabc|", REEL.replace("reel", "hornpipe"))).notes
    assert [note.start for note in straight[::2]] == [note.start for note in swung[::2]]
    assert all(late.start > even.start for late, even in zip(swung[1::2], straight[1::2], strict=True))


def test_tempo_and_its_changes_are_in_the_times() -> None:
    tune = read("c8|[Q:1/4=60]d8|", "X:1\nQ:1/4=120\nM:4/4\nL:1/8\nK:C\n")
    assert [(note.start, note.end) for note in followed(tune).notes] == [(0, 2), (2, 6)]
    assert [(note.start, note.end) for note in followed(tune, tempo=60).notes] == [(0, 4), (4, 12)]


def test_straight_tunes_sound_when_verovio_says() -> None:
    """Those that are played as they are written: no lilt, grace note, tie or repeat."""
    checked = 0
    for tune in real_tunes(40):
        music = tuple(Bar("|") if isinstance(one, Bar) else one for one in tune.music)
        plain = tune.with_music(music)
        if any(note.grace or note.tied or note.held for note in plain.notes) or len(plain.tempos) > 1:
            continue
        score = followed(plain, straight=True)
        if len(score.notes) != len(plain.notes):
            continue  # endings, or lengths that are written with two notes
        events = engraving._toolkit().renderToTimemap()
        says = {name: event["tstamp"] / 1000 for event in events for name in event.get("on", ())}
        for note in score.notes:
            assert says[note.id] == pytest.approx(note.start, abs=0.05), tune.source
        checked += 1
    assert checked > 20


@pytest.mark.parametrize("number", [3, 30, 60])
def test_notes_are_struck_in_the_sound_when_the_page_says(number: int) -> None:
    tune = real_tunes(25)[number]
    score = followed(tune)
    with wave.open(io.BytesIO(to_wav(tune, Practice(program=BANJO)))) as file:
        rate, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    assert len(samples) / rate == pytest.approx(seconds_of(tune), abs=0.05)
    assert len(samples) / rate == pytest.approx(score.seconds + 1, abs=0.05)
    frame = rate // 100
    changes = np.diff(samples)  # high sounds, of which a stroke has most
    level = np.sqrt(np.square(changes[: len(changes) // frame * frame]).reshape(-1, frame).mean(axis=1))
    rise = np.maximum(np.diff(np.log(level + level.max() / 100)), 0)
    starts = np.array(sorted({note.start for note in score.notes}))
    for part in np.array_split(starts, 4):  # so that no drift is missed
        frames = np.round(part * rate / frame).astype(int)
        lags = range(-8, 9)  # less than a note lasts
        struck = [rise[np.clip(frames + lag, 0, len(rise) - 1)].mean() for lag in lags]
        assert abs(lags[int(np.argmax(struck))]) <= 3, (tune.source, part[0])


def test_each_bar_has_an_area_where_it_is_drawn() -> None:
    for tune in real_tunes(10):
        score = followed(tune)
        root = ET.fromstring(score.svg)
        areas = [one for one in root.iter() if one.get("class") == "bar"]
        measures = {one.get("id"): one for one in root.iter() if one.get("class") == "measure"}
        assert len(areas) == sum(len(bar.ids) for bar in score.bars)
        for bar in score.bars:
            for name in bar.ids:
                [area] = [one for one in measures[name] if one.get("class") == "bar"]
                assert area.get("data-bar") == str(bar.number)
                assert float(str(area.get("width"))) > 100
                assert float(str(area.get("height"))) > 1000


def test_areas_of_a_line_stand_side_by_side() -> None:
    score = followed(read("|:cdef gabc|cdef gabc|cdef gabc|cdef gabc:|"))
    areas = re.findall(r'data-bar="(\d+)" x="(-?\d+)" y="(-?\d+)" width="(\d+)"', score.svg)
    places = [(int(x), int(x) + int(width)) for _, x, _, width in areas]
    assert [number for number, *_ in areas] == ["1", "2", "3", "4"]
    assert all(abs(before[1] - after[0]) < 50 for before, after in pairwise(places))


def test_of_several_voices_the_melody_is_followed() -> None:
    [score] = parse_scores("X:1\nM:4/4\nL:1/8\nK:C\nV:1\ncdef gabc'|c8|\nV:2 clef=bass\nC,8|G,,8|\n")
    found = followed(score)
    assert [note.index for note in found.notes] == list(range(9))
    assert names(found.svg)["n8"] == 1
    assert found.svg.count('class="bar"') == 2


def test_pictures_that_nobody_follows_have_no_such_names() -> None:
    assert not re.search(r'id="[nb]\d+"|class="bar"', engraving.to_svg(read("cdef gabc|")))


def test_notes_are_numbered_by_whole_numbers() -> None:
    """What a page counts notes by is 1, not true."""
    (tune,) = parse_abc("X:1\nL:1/8\nM:2/4\nK:C\nCDEF|GABc|]\n")
    assert [repr(note.index) for note in followed(tune).notes] == [str(place) for place in range(8)]
