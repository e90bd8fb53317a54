"""Nothing that is printed is obeyed by a terminal, and what cannot be printed is told or left out."""

from __future__ import annotations

import ast
import io
import json
import os
import pty
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.cli.test_app import ONE_THREAD, SETTINGS, Command, Result, assert_one_error, trained, tunes, tunewright
from tests.support.places import ROOT
from tunewright.cli import app
from tunewright.cli.output import note, print_json, say, visible
from tunewright.support.errors import OutputError
from tunewright.training.run import load_run

__all__ = ["Result", "trained", "tunes", "tunewright"]  # fixtures

EVIL = "\x1b[31m\x1b]0;owned\x07\x9b2J\x7f\u202etxt\u2066\u2028\r"


def obeyed(text: str) -> set[str]:
    """The signs of a text that are control characters, but line ends, or turn the direction of writing."""
    turning = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    return {
        sign
        for sign in text
        if sign not in "\n\t"
        and (unicodedata.category(sign) in ("Cc", "Zl", "Zp", "Cs") or unicodedata.bidirectional(sign) in turning)
    }


def test_every_sign_that_a_terminal_obeys_is_shown_as_its_number() -> None:
    signs = "".join(map(chr, range(0x110000)))
    shown = visible(signs)
    assert not obeyed(shown)
    assert shown.encode()  # no halves of pairs
    assert visible("Béal – 曲 🎵 \t\n") == "Béal – 曲 🎵 \t\n"


def test_what_a_stream_cannot_encode_is_shown_as_its_number() -> None:
    assert visible("é – 🎵", "ascii") == "\\u00e9 \\u2013 \\U0001f3b5"
    assert visible("é – 🎵", "cp1252") == "é – \\U0001f3b5"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_json_reads_back_what_was_printed(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    value = {"title": f"{EVIL} é 🎵"}
    print_json(value)
    say(EVIL)
    out.seek(0)
    printed = out.read()
    assert json.loads(printed[: printed.index("}") + 1]) == value
    assert not obeyed(printed)


def test_a_result_that_cannot_be_printed_is_an_error_and_a_note_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    for stream, reason in ((Full(), "cannot be written"), (None, "closed")):
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        note("lost")
        with pytest.raises(OutputError, match=f"standard output: {reason}"):
            say("lost")


def test_the_command_line_prints_through_one_door() -> None:
    for path in (ROOT / "tunewright").rglob("*.py"):
        if path.name != "output.py":
            called = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            names = {ast.unparse(one) for one in called}
            assert not names & {"print", "sys.stdout.write", "sys.stderr.write", "typer.echo"}, path


def test_names_and_titles_do_not_reach_a_terminal_as_they_are(
    tunewright: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNEWRIGHT_CACHE", str(tmp_path / "cache"))
    music = "M:4/4\nL:1/8\nK:D\nABcd efga|ABcd efga|ABcd efga|ABcd efg2|]\n"
    source = tmp_path / "e\x1b[31mvil.abc"
    source.write_text(
        f"X:1\nT:{EVIL}\nR:re{EVIL}el\n{music}\nX:2\nR:x\nT:{EVIL}\nM:4/4\nK:{EVIL}\n{EVIL}|\n\nX:3\n{music}"
    )
    commands: list[tuple[object, ...]] = [
        ("corpus", source),
        ("corpus", source, "--json"),
        ("corpus", source, "--tokens", "remi"),
        ("render", source, "--out", tmp_path / "out", "--format", "abc", "--json"),
        ("export", source, "--to", tmp_path / "notes.csv"),
        ("evaluate", source, "--against", source),
        ("evaluate", tmp_path / "\x1b[31m"),
        ("train", source, "--out", tmp_path / "\x1b[31m", "--bogus\x1b[31m"),
        ("runs", tmp_path / "\u202e"),
    ]
    for words in commands:
        result = tunewright(*words)
        assert result.out + result.err
        assert not obeyed(result.out + result.err), words


# ------------------------------------------------------------------------------------------------ real streams


def run(words: list[object], redirect: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = " ".join(f"'{word}'" for word in (sys.executable, "-m", "tunewright", *words))
    return subprocess.run(
        ["sh", "-c", f"{command} {redirect}"],
        cwd=ROOT,
        env=ONE_THREAD | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full: Linux only")
def test_a_full_disk_under_standard_output_is_named(trained: Path) -> None:
    done = run(["corpus", trained.parent / "tunes.abc"], "> /dev/full")
    assert_one_error(Result(done.returncode, "", done.stderr), "standard output: cannot be written (No space left")


def test_a_closed_standard_output_is_named_and_takes_no_file_with_it(trained: Path, tmp_path: Path) -> None:
    words = ["render", trained.parent / "tunes.abc", "--out", tmp_path, "--format", "abc"]
    done = run(words, ">&-")
    assert_one_error(Result(done.returncode, "", done.stderr), "standard output: closed")
    assert len(list(tmp_path.iterdir())) == 40
    assert all(path.read_text().startswith("X:") for path in tmp_path.iterdir())


def test_a_reader_that_has_seen_enough_is_no_error(trained: Path) -> None:
    done = run(["corpus", trained.parent / "tunes.abc", "--json"], "| head -c 11")
    assert (done.stdout, done.stderr) == ('{\n "name": ', "")


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_output_that_is_really_ascii(tmp_path: Path, environment: dict[str, str]) -> None:
    source = tmp_path / "a.abc"
    source.write_text("X:1\nT:Béal 曲\nR:rêel\nM:4/4\nL:1/8\nK:D\nABcd efga|ABcd efga|\n", encoding="utf-8")
    for words in (["corpus", source], ["render", source, "--out", tmp_path / "out", "--format", "abc,svg", "--json"]):
        done = run([*words], **environment)
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
    assert json.loads(done.stdout)[0]["title"] == "Béal 曲"


@pytest.mark.parametrize("display", ["xterm", ""])
@pytest.mark.parametrize("ignored", [False, True])
def test_training_is_saved_when_its_terminal_goes(trained: Path, tmp_path: Path, ignored: bool, display: str) -> None:
    path = tmp_path / "run"
    words = ["train", trained.parent / "tunes.abc", "--out", path, "--steps", "10000" if not ignored else "600"]
    words += ["--set", "patience=0"]  # else it may end by itself before its terminal goes
    program, terminal = pty.fork()
    if program == 0:  # the child, whose terminal this is
        signal.signal(
            signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL
        )  # whatever the tests were begun with
        command = [sys.executable, "-m", "tunewright", *map(str, words), *SETTINGS]
        os.execvpe(command[0], command, ONE_THREAD | {"PYTHONPATH": str(ROOT), "TERM": display})
    shown = b""
    while b"best held out" not in shown:
        shown += os.read(terminal, 4096)
    os.close(terminal)
    _, status = os.waitpid(program, 0)
    assert os.waitstatus_to_exitcode(status) == 1  # of both: the result cannot be printed any more
    run = load_run(path)
    assert run.resumable or ignored
    assert run.summary["status"] == ("finished" if ignored else "interrupted")


def test_ctrl_c_is_said_where_nothing_is_saved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["tunewright", "corpus", "oneill"])
    monkeypatch.setattr(app, "read_sources", interrupted)
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.endswith("Interrupted.\n")
