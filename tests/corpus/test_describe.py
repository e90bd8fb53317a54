"""For every file it is said what was found in it, and the figures add up to the files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.real_tunes import real_tunes
from tunewright.cli.collections import show_corpus
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.describe import describe, describe_files, how_read, reasons, write_files
from tunewright.corpus.reading import read_corpus
from tunewright.corpus.sources import Dropped
from tunewright.formats.abc import format_abc
from tunewright.formats.midi.tunes import to_midi
from tunewright.music.tune import Repair

TUNES = [tune for tune in real_tunes(30) if not tune.irregular and len(tune.notes) > 30]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Four MIDI files, two of them the same tune, a damaged one, and an ABC file of two tunes and one without a key."""
    path = tmp_path_factory.mktemp("mixed")
    for name, tune in (("a", TUNES[0]), ("b", TUNES[1]), ("c", TUNES[2]), ("d", TUNES[0])):
        (path / f"{name}.mid").write_bytes(to_midi(tune))
    (path / "e.mid").write_bytes(to_midi(TUNES[0])[:50])
    (path / "f.abc").write_text(f"{format_abc(TUNES[3])}\n\n{format_abc(TUNES[4])}\n\nX:3\nABC\n")
    (path / "g.abc").write_text("no tune")
    (path / "cover.jpg").write_text("")
    return read_corpus(path, cache=False)


def by_name(corpus: Corpus) -> dict[str, dict[str, object]]:
    return {Path(str(told["source"])).name: told for told in describe_files(corpus)}


def test_every_file_is_told_of_once_in_order(corpus: Corpus) -> None:
    told = [Path(str(one["source"])).name for one in describe_files(corpus)]
    assert told == ["a.mid", "b.mid", "c.mid", "d.mid", "e.mid", "f.abc", "g.abc"]
    assert sum(one["tunes"] for one in describe_files(corpus)) == corpus.read
    assert all(("found" in one) != ("reason" in one) for one in describe_files(corpus))


def test_what_was_found_in_a_midi_file_is_said(corpus: Corpus) -> None:
    first = by_name(corpus)["a.mid"]
    tune = corpus.tunes[0]
    assert (first["found"], first["tunes"], first["notes"]) == ("the only track", 1, len(tune.notes))
    assert (first["key"], first["meter"], first["bars"]) == (str(tune.key), str(tune.meter), len(tune.measures))
    assert [one["what"] for one in first["inferred"]] == [one.what for one in tune.inferred]  # type: ignore[attr-defined]
    assert by_name(corpus)["d.mid"]["found"] == f"the same tune as in {first['source']}"
    assert str(by_name(corpus)["e.mid"]["reason"]).startswith("cut short at byte")


def test_what_was_found_in_an_abc_file_is_counted(corpus: Corpus) -> None:
    book = by_name(corpus)["f.abc"]
    assert (book["tunes"], book["dropped"], book["found"]) == (2, 1, "2 tunes, 1 dropped")
    assert by_name(corpus)["g.abc"]["tunes"] == 0


def test_tracks_and_top_lines_are_told(corpus: Corpus) -> None:
    whole = corpus.tunes[0]
    track = replace(whole, repairs=(Repair("one track of several read", detail="2 of 5, Fiddle"),))
    top = replace(whole, repairs=(Repair("highest notes of several parts read", detail="50 of 90"),))
    told = [one["found"] for one in describe_files(replace(corpus, music=(track,), duplicates=(), dropped=()))]
    assert told == ["track 2 of 5, Fiddle"]
    told = [one["found"] for one in describe_files(replace(corpus, music=(top,), duplicates=(), dropped=()))]
    assert told == ["highest notes, 50 of 90"]


def test_the_figures_add_up_to_the_midi_files(corpus: Corpus) -> None:
    counted = how_read(corpus)
    for what in ("melody", "key", "metre"):
        assert sum(count for name, count, _ in counted if name.startswith(what)) == 3
    assert all(sure is None or 0 < sure <= 1 for _, _, sure in counted)


def test_the_table_has_a_line_for_every_file(corpus: Corpus, tmp_path: Path) -> None:
    write_files(corpus, tmp_path / "files.tsv")
    rows = [line.split("\t") for line in (tmp_path / "files.tsv").read_text().splitlines()]
    assert len(rows) == 1 + 7
    assert {len(row) for row in rows} == {len(rows[0])}
    assert rows[5][2].startswith("dropped: cut short")


def test_the_description_is_json_with_all_files(corpus: Corpus) -> None:
    told = json.loads(json.dumps(describe(corpus)))
    assert len(told["files"]) == 7
    assert told["not_read"] == {".jpg": 1}
    assert sum(one["tunes"] for one in told["files"]) == told["tunes"]


def test_reasons_are_put_together_whatever_they_found() -> None:
    found = [Dropped(f"{n}.mid:1", f"cut short at byte {n}: a chunk of {n * n} bytes has 1") for n in range(20)]
    found += [Dropped("x.mid:1", "begins with b'\\x00\\'x'; expected a MIDI file, which begins with b'MThd'")]
    found += [Dropped("y.mid:1", "begins with b\"it's\"; expected a MIDI file, which begins with b'MThd'")]
    found += [Dropped("z.mid:1", "no track 'oboe'; it has 1 'Fiddle', 2 'Cello', 3 'Bass'")]
    assert [(reason, len(sources)) for reason, sources in reasons(found)] == [
        ("cut short at byte …: a chunk of … bytes has …", 20),
        ("begins with …; expected a MIDI file, which begins with b'MThd'", 2),
        ("no track …; it has …", 1),
    ]


def test_a_collection_is_shown_file_by_file(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    show_corpus(corpus)
    out = capsys.readouterr().out
    rows = [line.split()[0] for line in out.splitlines() if ".mid " in line]
    assert rows[:3] == ["a.mid", "b.mid", "c.mid"]
    assert "e.mid:1: cut short" in out
    assert ".jpg" in out


def test_a_large_collection_is_shown_in_figures(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    many = tuple(replace(corpus.tunes[0], source=f"x/{number}.mid:1") for number in range(500))
    dropped = tuple(Dropped(f"x/d{number}.mid:1", f"{number} drum notes; expected a melody") for number in range(500))
    split, families = ("train",) * 500, tuple(range(500))
    show_corpus(Corpus("x", many, split, families, dropped))
    out = capsys.readouterr().out
    assert len(out.splitlines()) < 80
    assert "… and 488 more (--files-out FILE" in out
    assert "500  … drum notes; expected a melody" in out
    assert "x/d0.mid:1, x/d1.mid:1, x/d2.mid:1, and 497 more" in out
