"""MIDI out and in again, and files that are not what they say."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import pytest
from symusic import core

from tests.support.real_tunes import real_tunes
from tunewright.formats.abc import parse_abc
from tunewright.formats.midi.reader import LARGEST
from tunewright.formats.midi.tunes import TICKS_PER_WHOLE, parse_midi, read_midi, to_midi, to_score, write_midi
from tunewright.music.playing import soundings
from tunewright.music.tune import Note, Pitch, Rest, Tune
from tunewright.support.errors import OutputError, ParseError, RenderError


def tune_of(body: str, header: str = "M:4/4\nL:1/8\n", key: str = "C") -> Tune:
    return parse_abc(f"X:1\nT:t\n{header}K:{key}\n{body}\n")[0]


def melody(tune: Tune) -> list[tuple[Fraction, Fraction, list[int]]]:
    heard = soundings(tune)
    return [(s.onset - heard[0].onset, s.length, [p.midi for p in s.pitches]) for s in heard]


def plain(tune: Tune) -> core.ScoreTick:
    return to_score(tune, performance=False)


def test_real_tunes_come_back_exactly() -> None:
    same_signature = 0
    for tune in real_tunes(40):
        back = parse_midi(to_midi(tune, performance=False), "x.mid")
        assert melody(back) == melody(tune), tune.source
        assert tune.irregular or not back.irregular, tune.source
        assert not back.form_errors, tune.source
        same_signature += back.key.sharps == tune.key.sharps
    assert same_signature >= 0.95 * 120  # some collections state keys that their notes contradict


def test_nearly_all_real_tunes_come_back_from_a_performance() -> None:
    tunes = [tune for tune in real_tunes(20) if not tune.irregular]
    same = sum(melody(parse_midi(to_midi(tune), "x.mid")) == melody(tune) for tune in tunes)
    assert same >= 0.95 * len(tunes)  # the rest: staccato at the very end, grace notes as long as the next


def test_odd_lengths_do_not_drift() -> None:
    notes = plain(tune_of("(7:8:7c/d/e/f/g/a/b/ c4 |" * 30)).tracks[0].notes
    assert notes[-1].time == round(Fraction(29 * 8 + 4, 8) * TICKS_PER_WHOLE)


def test_repeats_ties_and_changes() -> None:
    score = plain(tune_of("c4- c2 d2 :| [K:G] [M:3/4] f6 |: g6 :|"))
    assert [(n.time, n.duration, n.pitch) for n in score.tracks[0].notes] == [
        *[
            (start + time, length, pitch)
            for start in (0, 1920)
            for time, length, pitch in ((0, 1440, 72), (1440, 480, 74))
        ],
        (3840, 1440, 78),
        (5280, 1440, 79),
        (6720, 1440, 79),
    ]
    metres = [(e.time, e.numerator, e.denominator) for e in score.time_signatures]
    assert metres == [(0, 4, 4), (1920, 4, 4), (3840, 3, 4)]
    assert [(e.time, e.key) for e in score.key_signatures] == [(0, 0), (3840, 1)]


def test_a_repeat_restores_the_key_it_began_in() -> None:
    score = plain(tune_of("|: c8 | [K:G] f8 :|"))
    assert [(e.time, e.key) for e in score.key_signatures] == [(0, 0), (1920, 1), (3840, 0), (5760, 1)]


def test_tempo_changes_are_written_where_they_are_played() -> None:
    score = to_score(tune_of("|: c8 | [Q:1/4=90] f8 :|", "M:4/4\nL:1/8\nQ:1/4=60\n"))
    assert [(e.time, round(e.qpm)) for e in score.tempos] == [(0, 60), (1920, 90), (3840, 60), (5760, 90)]


def test_a_tie_in_a_chord_holds_its_own_note() -> None:
    notes = plain(tune_of("[CE-G]4[DEA]4|")).tracks[0].notes
    assert sorted((n.start, n.pitch, n.duration) for n in notes) == [
        (0, 60, 960),
        (0, 64, 1920),
        (0, 67, 960),
        (960, 62, 960),
        (960, 69, 960),
    ]


def test_the_pickup_is_marked_and_read_again() -> None:
    tune = tune_of("G | c8 | d7 |]")
    assert [(e.time, e.numerator) for e in plain(tune).time_signatures] == [(0, 4), (240, 4)]
    assert parse_midi(to_midi(tune), "x.mid").measures[0].number == 0


def bar_ends(tune: Tune) -> list[Fraction]:
    return list(accumulate(measure.length for measure in tune.measures))


@pytest.mark.parametrize(
    ("header", "body", "events"),
    [
        ("M:4/4\nL:1/8\n", "c8 | d9 | e8 | f8 |]", [(0, 4, 4), (1920, 9, 8), (4080, 4, 4)]),  # a bar too long
        ("M:4/4\nL:1/8\n", "c8 | d7 | e8 | f8 |]", [(0, 4, 4), (1920, 4, 4), (3600, 4, 4)]),  # a bar too short
        ("M:4/4\nL:1/8\n", "c2 | d8 | e6 || f2 | g8 |]", [(0, 4, 4), (480, 4, 4)]),  # a section ends in a bar
        ("M:none\nL:1/4\n", "c3 | d5 | e5 | f2 |]", [(0, 3, 4), (1440, 5, 4), (6240, 2, 4)]),
        ("M:none\nL:1/4\n", "c100 | d5 | e5 |]", [(0, 50, 2), (48000, 5, 4)]),
        ("M:3/4\nL:1/8\n", "c6 | d6 | e9 |]", [(0, 3, 4), (1440, 3, 4), (2880, 9, 8)]),
    ],
)
def test_bars_of_any_length_are_stated(header: str, body: str, events: list[tuple[int, int, int]]) -> None:
    tune = tune_of(body, header)
    assert [(e.time, e.numerator, e.denominator) for e in plain(tune).time_signatures] == events
    back = parse_midi(to_midi(tune, performance=False), "x.mid")
    assert melody(back) == melody(tune)
    joined = {end for end in bar_ends(tune) if "||" not in body or end != Fraction(2)}
    assert set(bar_ends(back)) == joined


def test_a_bar_that_no_metre_is_as_long_as_has_no_event() -> None:
    tune = tune_of("c8 | d8 (3:2:1e | f8 |]")
    assert [(e.numerator, e.denominator) for e in plain(tune).time_signatures] == [(4, 4), (4, 4)]
    assert melody(parse_midi(to_midi(tune, performance=False), "x.mid")) == melody(tune)


def test_title_tempo_and_chords() -> None:
    score = plain(parse_abc("X:1\nT:Tús\nM:6/8\nL:1/8\nQ:3/8=120\nK:D\n[DA]6|\n")[0])
    assert score.tracks[0].name == "Tús"
    assert round(score.tempos[0].qpm, 3) == 180
    assert [note.pitch for note in score.tracks[0].notes] == [62, 69]


@pytest.mark.parametrize(
    ("key", "read"), [("Em", "E minor"), ("Ador", "A dorian"), ("Dmix", "D mixolydian"), ("G", "G major")]
)
def test_the_mode_is_found_by_the_last_note(key: str, read: str) -> None:
    tonic = key[0].lower()
    tune = parse_midi(to_midi(tune_of(f"{tonic}2de {tonic}2fg | {tonic}4 b2 {tonic}2 |]", key=key)), "x.mid")
    assert str(tune.key) == read


def test_the_melody_is_chosen_among_tracks() -> None:
    score = plain(tune_of("cdef gabc'|"))
    bass = core.TrackTick("bass", 32, False)
    drums = core.TrackTick("drums", 0, True)
    for time in range(0, 1920, 480):
        bass.notes.append(core.NoteTick(time, 480, 36, 80))
        drums.notes.append(core.NoteTick(time, 60, 90, 80))
    score.tracks.insert(0, bass)
    score.tracks.append(drums)
    tune = parse_midi(bytes(score.dumps_midi()), "x.mid")
    assert [note.pitch.midi for note in tune.notes] == [72, 74, 76, 77, 79, 81, 83, 84]
    assert "one track of several read" in [repair.what for repair in tune.repairs]


def test_of_a_single_track_with_accompaniment_the_highest_line_is_read() -> None:
    score = plain(tune_of("cdef gabc'|"))
    for time in range(0, 1920, 960):
        for number in (48, 52, 55):
            score.tracks[0].notes.append(core.NoteTick(time, 960, number, 60))
    tune = parse_midi(bytes(score.dumps_midi()), "x.mid")
    assert [note.pitch.midi for note in tune.notes] == [72, 74, 76, 77, 79, 81, 83, 84]


def test_files_are_written_and_read(tmp_path: Path) -> None:
    tune = tune_of("cdef gabc'|")
    write_midi(tune, tmp_path / "t.mid", tempo=90)
    back = read_midi(tmp_path / "t.mid")
    assert melody(back) == melody(tune)
    assert (back.source, back.title) == ("t.mid:1", "t")


def test_a_tune_without_notes_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no notes"):
        write_midi(Tune((Rest(Fraction(1)),)), tmp_path / "t.mid")
    with pytest.raises(RenderError, match="MIDI number 132; expected 0 to 127"):
        write_midi(Tune((Note((Pitch("B", 1, 9),), Fraction(1)),)), tmp_path / "t.mid")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_midi(tune_of("c"), tmp_path / "file" / "t.mid")


GOOD = to_midi(tune_of("cdef|"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "begins with b''"),
        (b"X:1\nT:not MIDI at all\n", "begins with b'X:1"),
        (GOOD[:60], "cut short at byte 60: a track without an end"),
        (GOOD[:14], "no tracks"),
        (GOOD[:12] + b"\0\0" + GOOD[14:], "time division 0x0000"),
        (GOOD[:12] + b"\xe7\x00" + GOOD[14:], "time division 0xe700"),
        (GOOD[:12] + b"\xaa\x28" + GOOD[14:], "time division 0xaa28"),
        (GOOD[:18] + b"\0\0\0\4\0\xff\x2f\0", "no notes"),
        (GOOD[:18] + b"\0\0\0\2\xff\xff", "x.mid: "),
        (GOOD + bytes(LARGEST), "bytes; expected at most"),
    ],
)
def test_broken_files_are_refused_in_one_line(content: bytes, reason: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_midi(content, "x.mid")
    assert str(caught.value).startswith("x.mid: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"^no\.mid: cannot be read"):
        read_midi(tmp_path / "no.mid")


def test_every_cut_of_a_file_is_refused() -> None:
    for stop in range(len(GOOD)):
        with pytest.raises(ParseError):
            parse_midi(GOOD[:stop], "x.mid")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("C8|[M:3/4]C6|[M:4/4]" * 1100, "changes of metre or key; expected at most 2,000"),
        ("C512|" * 2500, "a MIDI file tells at most"),
    ],
    ids=["changes", "long"],
)
def test_what_no_reader_would_take_is_not_written(body: str, what: str) -> None:
    with pytest.raises(RenderError, match=what):
        to_midi(tune_of(body))
