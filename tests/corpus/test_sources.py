"""Nothing in a folder vanishes without a word, one file costs at most itself, and processes change nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.support.real_tunes import real_tunes
from tunewright.corpus import sources
from tunewright.corpus.reading import Corpus, read_corpus
from tunewright.corpus.sources import Dropped, Files, Read, find_files, read_files
from tunewright.formats.abc import format_abc
from tunewright.formats.midi.tunes import to_midi
from tunewright.music.tune import Tune
from tunewright.support.errors import CorpusError

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
REGULAR = [tune for tune in real_tunes(60) if not tune.irregular]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty MIDI files, three files of three tunes in ABC, and six files with nothing in them."""
    path = tmp_path_factory.mktemp("tunes")
    for number, tune in enumerate(REGULAR[:60]):
        (path / f"{number:02d}.mid").write_bytes(to_midi(tune))
    for number in range(3):
        book = REGULAR[60 + 3 * number : 63 + 3 * number]
        (path / f"book{number}.abc").write_text("\n\n".join(map(format_abc, book)))
    for number, bad in enumerate((b"", b"text", b"\0" * 99, to_midi(REGULAR[0])[:100], b"MThd", b"RIFF")):
        (path / f"bad{number}.mid").write_bytes(bad)
    return path


def same(tune: Tune) -> Tune:
    return tune


def sources_of(corpus: Corpus) -> set[str]:
    return {tune.source for tune in corpus.tunes} | {left_out for left_out, _ in corpus.duplicates}


def all_of(corpus: Corpus) -> tuple[object, ...]:
    tunes = [(tune, tune.source, tune.title, tune.text, tune.repairs, tune.inferred) for tune in corpus.tunes]
    return tunes, corpus.dropped, corpus.families, corpus.split, corpus.duplicates, corpus.fingerprint


def test_every_file_is_read_or_dropped(folder: Path) -> None:
    corpus = read_corpus(folder, cache=False)
    told = {Path(item.source.rpartition(":")[0]).name for item in (*corpus.tunes, *corpus.dropped)}
    told |= {Path(left_out.rpartition(":")[0]).name for left_out, _ in corpus.duplicates}
    assert told == {path.name for path in folder.iterdir()}
    assert corpus.read == 69
    assert len(corpus.dropped) == 6


def test_several_processes_read_what_one_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for processes in (1, 2, 5):
        monkeypatch.setattr(sources, "usable_processes", lambda most, now=processes: now)
        found.append(all_of(read_corpus(folder, cache=False)))
    monkeypatch.setattr(sources, "can_fork", lambda: False)
    found.append(all_of(read_corpus(folder, cache=False)))
    assert found[0] == found[1] == found[2] == found[3]


@linux
def test_a_file_that_ends_its_process_costs_itself_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = sources.parse_midi

    def deadly(content: bytes, name: str, *, melody: str = "") -> Tune:
        if name in ("07.mid", "08.mid", "59.mid"):
            os.kill(os.getpid(), signal.SIGKILL)
        return parse(content, name, melody=melody)

    whole = read_corpus(folder, cache=False)
    monkeypatch.setattr(sources, "parse_midi", deadly)
    corpus = read_corpus(folder, cache=False)
    died = {item.source for item in corpus.dropped} - {item.source for item in whole.dropped}
    assert died == {f"{folder}/{name}.mid:1" for name in ("07", "08", "59")}
    assert {item.reason for item in corpus.dropped if item.source in died} == {
        "reading it ended the process (signal 9)"
    }
    assert sources_of(corpus) == sources_of(whole) - died
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("error", "says"), [(MemoryError(), "more memory"), (KeyError("x"), "a mistake in tunewright")]
)
def test_what_goes_wrong_in_one_file_stays_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    parse = sources.parse_midi

    def wrong(content: bytes, name: str, *, melody: str = "") -> Tune:
        if name == "07.mid":
            raise error
        return parse(content, name, melody=melody)

    monkeypatch.setattr(sources, "parse_midi", wrong)
    dropped = {Path(item.source).name: item.reason for item in read_corpus(folder, cache=False).dropped}
    assert len(dropped) == 7
    assert says in dropped["07.mid:1"]


def test_who_stops_listening_leaves_no_process_behind(folder: Path) -> None:
    found = read_files(find_files(folder), "", same)
    assert all(isinstance(item, Read | Dropped) for item in islice(found, 3))
    assert isinstance(found, Iterator)
    found.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


@linux
def test_an_interrupted_reading_leaves_nothing_behind(tmp_path: Path) -> None:
    content = to_midi(REGULAR[0])
    for number in range(4000):
        (tmp_path / f"{number}.mid").write_bytes(content)
    cache = tmp_path / "cache"
    code = (
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where the tests run in the background
        "from tunewright.corpus import sources\n"
        "from tunewright.corpus.reading import read_corpus\n"
        "parse = sources.parse_midi\n"
        "sources.parse_midi = lambda *given, **named: time.sleep(0.02) or parse(*given, **named)\n"  # not done too soon
        f"print('begun', flush=True); read_corpus({str(tmp_path)!r})"
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


# ------------------------------------------------------------------------------------------------ finding


def test_files_are_found_in_order_and_other_kinds_counted(tmp_path: Path) -> None:
    for name in ("b/2.MID", "b/10.mid", "a-b/1.abc", "a/1.midi", "notes.txt", "b/song.mp3", "b/more.mp3", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files = find_files(tmp_path)
    assert [path for _, path in files] == sorted(
        tmp_path / name for name in ("a/1.midi", "a-b/1.abc", "b/10.mid", "b/2.MID")
    )
    assert all(name == str(path) for name, path in files)
    assert files.others == {".mp3": 2, ".txt": 1}
    assert files[-1] == files[3]
    assert list(files[1:3]) == [files[1], files[2]]


def test_a_folder_is_known_by_the_name_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.mid").touch()
    monkeypatch.chdir(tmp_path)
    assert [find_files(name)[0][0] for name in (".", "a", "a/", "./a", f"{tmp_path}/")] == [
        *["a/1.mid"] * 4,
        f"{tmp_path}/a/1.mid",
    ]


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


def test_a_name_takes_a_hundred_bytes() -> None:
    names = [f"folder/{number:06d}.mid" for number in range(1000)]
    files = Files(names)
    assert sum(map(sys.getsizeof, (files._names, files._roots))) < 20 * len(names)
    assert len(files) == 1000


def test_a_folder_without_music_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.mp3").touch()
    with pytest.raises(CorpusError, match=r"no \.abc, \.mid or \.midi file in this folder"):
        find_files(tmp_path)
