"""Nothing in a folder vanishes without a word, one file costs at most itself, and processes change nothing."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.support.real_pieces import chorales, songs
from tests.support.real_tunes import real_tunes
from tunewright.corpus import files as files_module
from tunewright.corpus.corpus import Corpus
from tunewright.corpus.files import Read, read_files, read_tune
from tunewright.corpus.kinds import KINDS, TUNE
from tunewright.corpus.reading import read_corpus
from tunewright.corpus.sources import Dropped, find_files
from tunewright.formats.abc import format_abc
from tunewright.formats.midi import bars, tunes
from tunewright.formats.midi.pieces import write_midi
from tunewright.formats.midi.tunes import to_midi
from tunewright.music.kinds import Music
from tunewright.support.errors import TunewrightError

kinds = pytest.mark.parametrize("kind", sorted(KINDS))
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
REGULAR = [tune for tune in real_tunes(60) if not tune.irregular]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty MIDI files of tunes, six of pieces, three files of three tunes in ABC, and six with nothing in them."""
    path = tmp_path_factory.mktemp("tunes")
    for number, tune in enumerate(REGULAR[:60]):
        (path / f"{number:02d}.mid").write_bytes(to_midi(tune))
    for number, piece in enumerate((*chorales()[:3], *songs()[:3])):
        write_midi(piece, path / f"piece{number}.mid")
    for number in range(3):
        book = REGULAR[60 + 3 * number : 63 + 3 * number]
        (path / f"book{number}.abc").write_text("\n\n".join(map(format_abc, book)))
    for number, bad in enumerate((b"", b"text", b"\0" * 99, to_midi(REGULAR[0])[:100], b"MThd", b"RIFF")):
        (path / f"bad{number}.mid").write_bytes(bad)
    return path


PARSERS = {"tune": (tunes, "parse_midi"), "piece": (bars, "parse_in_bars")}


def parse_with(monkeypatch: pytest.MonkeyPatch, kind: str, before: Callable[[str], None]) -> None:
    """Have something done with the name of each MIDI file before it is parsed."""
    module, name = PARSERS[kind]
    parse = getattr(module, name)

    def parse_then(content: bytes, name: str, **options: str) -> Music:
        before(Path(name).name)
        return parse(content, name, **options)  # type: ignore[no-any-return]

    monkeypatch.setattr(module, name, parse_then)


def sources_of(corpus: Corpus[Music]) -> set[str]:
    return {one.source for one in corpus.music} | {left_out for left_out, _ in corpus.duplicates}


def all_of(corpus: Corpus[Music]) -> tuple[object, ...]:
    fields = [[getattr(one, name) for name in one.__dataclass_fields__] for one in corpus.music]
    return fields, corpus.dropped, corpus.families, corpus.split, corpus.duplicates, corpus.fingerprint


@kinds
def test_every_file_is_read_or_dropped(folder: Path, kind: str) -> None:
    corpus = read_corpus(folder, kind=kind, cache=False)
    told = {Path(item.source.rpartition(":")[0]).name for item in (*corpus.music, *corpus.dropped)}
    told |= {Path(left_out.rpartition(":")[0]).name for left_out, _ in corpus.duplicates}
    assert told == {path.name for path in folder.iterdir()}
    assert corpus.read == 75
    assert corpus.kind == kind
    assert len(corpus.dropped) == 6


@kinds
def test_several_processes_read_what_one_does(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    found = []
    for processes in (1, 2, 5):
        monkeypatch.setattr(files_module, "usable_processes", lambda most, now=processes: now)
        found.append(all_of(read_corpus(folder, kind=kind, cache=False)))
    monkeypatch.setattr(files_module, "can_fork", lambda: False)
    found.append(all_of(read_corpus(folder, kind=kind, cache=False)))
    assert found[0] == found[1] == found[2] == found[3]


@linux
@kinds
def test_a_file_that_ends_its_process_costs_itself_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def deadly(name: str) -> None:
        if name in ("07.mid", "08.mid", "59.mid"):
            os.kill(os.getpid(), signal.SIGKILL)

    whole = read_corpus(folder, kind=kind, cache=False)
    parse_with(monkeypatch, kind, deadly)
    corpus = read_corpus(folder, kind=kind, cache=False)
    died = {item.source for item in corpus.dropped} - {item.source for item in whole.dropped}
    assert died == {f"{folder}/{name}.mid:1" for name in ("07", "08", "59")}
    assert {item.reason for item in corpus.dropped if item.source in died} == {
        "reading it ended the process (signal 9)"
    }
    assert sources_of(corpus) == sources_of(whole) - died
    assert not multiprocessing.active_children()


@kinds
@pytest.mark.parametrize(
    ("error", "says"), [(MemoryError(), "more memory"), (KeyError("x"), "a mistake in tunewright")]
)
def test_what_goes_wrong_in_one_file_stays_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, error: Exception, says: str
) -> None:
    def wrong(name: str) -> None:
        if name == "07.mid":
            raise error

    parse_with(monkeypatch, kind, wrong)
    found = read_corpus(folder, kind=kind, cache=False).dropped
    dropped = {Path(item.source).name: item.reason for item in found}
    assert len(dropped) == 7
    assert says in dropped["07.mid:1"]


def test_who_stops_listening_leaves_no_process_behind(folder: Path) -> None:
    found = read_files(find_files(folder), TUNE)
    assert all(isinstance(item, Read | Dropped) for item in islice(found, 3))
    assert isinstance(found, Iterator)
    found.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


@linux
@kinds
def test_an_interrupted_reading_leaves_nothing_behind(tmp_path: Path, kind: str) -> None:
    content = to_midi(REGULAR[0])
    for number in range(4000):
        (tmp_path / f"{number}.mid").write_bytes(content)
    cache = tmp_path / "cache"
    code = (
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where the tests run in the background
        "from tunewright.corpus.reading import read_corpus\n"
        f"from {PARSERS[kind][0].__name__} import {PARSERS[kind][1]} as parse\n"
        f"import {PARSERS[kind][0].__name__} as module\n"
        "slow = lambda *given, **named: time.sleep(0.02) or parse(*given, **named)\n"  # not done too soon
        f"module.{PARSERS[kind][1]} = slow\n"
        f"print('begun', flush=True); read_corpus({str(tmp_path)!r}, kind={kind!r})"
    )
    environment = os.environ | {"TUNEWRIGHT_CACHE": str(cache)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    process.stdout.readline()
    workers: list[str] = []
    while not workers and process.poll() is None:
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert workers
    until = time.monotonic() + 10  # one that was just begun ends when it finds nobody there to write to
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert not cache.exists() or not list(cache.iterdir())


# ------------------------------------------------------------------------------------------------ one file


TEXT = "X:{}\nT:A\nM:2/4\nL:1/8\nN:seed=5\nK:C\nCDEF|GABc|cBAG|FEDC|]\n"


def test_one_tune_of_a_file_is_its_first_or_the_one_of_that_number(tmp_path: Path) -> None:
    book = tmp_path / "my#2.abc"
    book.write_text(TEXT.format(7) + "\n" + TEXT.format(12).replace("CDEF", "cdef"))
    assert read_tune(str(book)).number == 7, "# is part of the file's own name"
    assert [read_tune(f"{book}#{number}").number for number in (7, 12)] == [7, 12]
    (tmp_path / "x.mid").write_bytes(to_midi(read_tune(str(book))))
    assert read_tune(str(tmp_path / "x.mid")).notes


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("no tune\n", "", "x.abc:1: no tune found"),
        ("X:1\nABc|\n\n" + TEXT.format(2), "", "x.abc:1: no K: field"),
        ("X:1\nABc|\n\n" + TEXT.format(2), "#1", "no tune with X:1; it has X:2, and 1 that cannot be read"),
        ("\n".join(TEXT.format(number) for number in range(10, 20)), "#3", "X:10, X:11, X:12, X:13, X:14, X:15 and 4"),
    ],
)
def test_a_tune_that_is_not_there_is_said(tmp_path: Path, text: str, place: str, says: str) -> None:
    (tmp_path / "x.abc").write_text(text)
    with pytest.raises(TunewrightError, match=re.escape(says)):
        read_tune(f"{tmp_path / 'x.abc'}{place}")


def test_an_unreadable_tune_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "x.abc").write_text("X:1\nABc|\n\n" + TEXT.format(2))
    assert read_tune(f"{tmp_path / 'x.abc'}#2").number == 2


def test_what_is_no_file_is_named_and_nobody_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "good.mid").write_bytes(to_midi(REGULAR[0]))
    (tmp_path / "gone.mid").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.mid")
    (tmp_path / "folder.mid").mkdir()
    reasons = {Path(item.source).name: item.reason for item in read_corpus(tmp_path, cache=False).dropped}
    assert reasons == {
        "gone.mid:1": "cannot be read (No such file or directory)",
        "pipe.mid:1": "neither a file nor a folder",
    }


def test_a_folder_that_cannot_be_looked_into_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good.mid").write_bytes(to_midi(REGULAR[0]))
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    corpus = read_corpus(tmp_path, cache=False)
    assert corpus.dropped == (Dropped(f"{tmp_path}/closed:1", "a folder that cannot be read (Permission denied)"),)


def test_names_that_are_no_unicode_are_read(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff\xfe.mid")).write_bytes(to_midi(REGULAR[0]))
    (tmp_path / os.fsdecode(b"bad\xff.mid")).write_bytes(b"")
    (tmp_path / "two\nlines.mid").write_bytes(b"")
    for _ in range(2):  # the second time out of the cache
        corpus = read_corpus(tmp_path)
        assert (len(corpus.tunes), len(corpus.dropped)) == (1, 2)
        told = [corpus.tunes[0].source, *(item.source for item in corpus.dropped)]
        assert all("\n" not in source and source.encode() for source in told)
