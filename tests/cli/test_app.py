"""The commands as their user meets them: results, exit codes, one clear line for what is wrong."""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.small_runs import real_tunes
from tunewright.cli import app as cli
from tunewright.formats.abc import parse_abc, parse_scores
from tunewright.formats.midi.pieces import read_piece
from tunewright.music.form import Form, Section, form_of
from tunewright.music.tune import Pitch, Tune

ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}  # models this small gain nothing from more
TINY = ("hidden_size=16", "num_layers=1", "embedding_dim=8", "batch_size=4", "seq_length=32", "eval_every=4")
SETTINGS = [word for setting in (*TINY, "device=cpu", "precision=fp32") for word in ("--set", setting)]


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture
def tunewright(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command as the program would; what it exits with, and what it prints."""

    def run(*words: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["tunewright", *map(str, words)])
        code, message = 0, ""
        try:
            cli.main()
        except SystemExit as end:
            # as the interpreter does: a message goes to stderr, and the code is 1
            code, message = (1, f"{end.code}\n") if isinstance(end.code, str) else (int(end.code or 0), "")
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err + message)

    return run


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty real tunes as an ABC file."""
    path = tmp_path_factory.mktemp("tunes") / "tunes.abc"
    path.write_text("\n\n".join(tune.text for tune in real_tunes()[:40]) + "\n")
    return path


@pytest.fixture(scope="module")
def trained(tunes: Path) -> Path:
    """A run of a few steps, in characters."""
    run = tunes.parent / "run"
    words = ["train", str(tunes), "--out", str(run), "--steps", "8", "--seed", "3", *SETTINGS]
    words += ["--set", "tokens=characters", "--set", "text=canonical"]
    subprocess.run(
        [sys.executable, "-m", "tunewright", *words], cwd=ROOT, check=True, capture_output=True, env=ONE_THREAD
    )
    return run


def assert_one_error(result: Result, *says: str) -> None:
    """One line on stderr that begins with Error:, exit code 1, no traceback."""
    assert result.code == 1, result
    lines = [line for line in result.err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.err
    assert "Traceback" not in result.err
    for part in says:
        assert part in lines[0]


# ------------------------------------------------------------------------------------------------ usage


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nothing"],
        ["corpus"],
        ["corpus", "x", "--bogus"],
        ["train", "x"],
        ["generate", "x", "-n", "0"],
        ["generate", "x", "--top-p", "2"],
        ["generate", "x", "--infill", "y"],
        ["generate", "x", "--at", "5-8"],
        ["generate", "x", "--infill", "y", "--at", "five"],
        ["generate", "x", "--infill", "y", "--at", "5-8", "--vary", "y"],
        ["generate", "x", "--amount", "0.5"],
        ["generate", "x", "--vary", "y", "--amount", "2"],
        ["generate", "x", "--temperature", "hot"],
        ["generate", "x", "--temperature", "-1"],
        ["generate", "x", "--temperature", "1,2"],
        ["generate", "x", "--temperature", "1.0,9:1.4,9:1.5"],
        ["generate", "x", "--stream", "-n", "2"],
        ["generate", "x", "--stream", "--json"],
        ["generate", "x", "--stream", "--best-of", "2"],
        ["generate", "x", "--polyphonic"],  # not there yet, so not accepted and ignored
        ["demo", "--minutes", "soon"],
        ["render", "x"],
        ["compare"],
        ["compare", "x", "y"],
        ["reproduce", "--seeds", "0"],
    ],
)
def test_wrong_usage_exits_with_2(tunewright: Command, words: list[str]) -> None:
    assert tunewright(*words).code == 2


@pytest.mark.parametrize("command", ["demo", "corpus", "train", "generate", "render", "runs", "compare", "reproduce"])
def test_every_command_has_help_with_examples(tunewright: Command, command: str) -> None:
    result = tunewright(command, "--help")
    assert result.code == 0
    assert f"Examples:\n    tunewright {command}" in result.out
    options = [line.split() for line in result.out.split("Options:")[1].splitlines() if line.startswith("  -")]
    assert all(len(words) > 2 for words in options), "an option without help"


def test_version(tunewright: Command) -> None:
    assert tunewright("--version").out.startswith("tunewright 0.")


def test_the_package_runs_as_a_module() -> None:
    run = subprocess.run([sys.executable, "-m", "tunewright", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0
    assert "Usage: tunewright" in run.stdout


def test_debug_shows_where_an_error_is_from(tunewright: Command) -> None:
    with pytest.raises(Exception, match="no such file"):
        tunewright("corpus", "nowhere", "--debug")


# ------------------------------------------------------------------------------------------------ corpus


def test_corpus_prints_the_keys_of_the_contract(tunewright: Command, tunes: Path) -> None:
    result = tunewright("corpus", tunes, "--json")
    told = json.loads(result.out)
    assert result.code == 0
    assert told["tunes"] == 40
    assert {"irregular", "duplicates", "families", "dropped", "split"} <= set(told)
    assert sum(told["split"].values()) == told["tunes"] - told["duplicates"]


def test_corpus_shows_what_was_dropped_and_why(tunewright: Command, tmp_path: Path, tunes: Path) -> None:
    mixed = tmp_path / "mixed.abc"
    mixed.write_text(tunes.read_text() + "\nX:99\nT:No key\nABC|\n")
    result = tunewright("corpus", mixed, "--split-out", tmp_path / "split.tsv")
    assert result.code == 0
    assert "no K: field" in result.out
    assert "mixed.abc:" in result.out
    assert len((tmp_path / "split.tsv").read_text().splitlines()) == 41


# ------------------------------------------------------------------------------------------------ bad input


def empty_folder(path: Path) -> None:
    path.mkdir()


def binary_file(path: Path) -> None:
    path.mkdir()
    (path / "x.abc").write_bytes(bytes(range(256)) * 100)


def tune_without_key(path: Path) -> None:
    path.mkdir()
    (path / "x.abc").write_text("X:1\nT:a\nM:4/4\nABc|\n")


def nested_brackets(path: Path) -> None:
    path.mkdir()
    (path / "x.abc").write_text("X:1\nK:C\n" + "[" * 10_000 + "\n")


def truncated_midi(path: Path) -> None:
    path.mkdir()
    (path / "x.mid").write_bytes(b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk\x00\x00\x10\x00\x00\x90")


@pytest.mark.parametrize("make", [empty_folder, binary_file, tune_without_key, nested_brackets, truncated_midi])
@pytest.mark.parametrize("command", ["corpus", "train"])
def test_a_source_without_a_tune_is_one_clear_line(
    tunewright: Command, tmp_path: Path, make: Callable[[Path], None], command: str
) -> None:
    make(tmp_path / "source")
    words = ["--out", tmp_path / "run", *SETTINGS] if command == "train" else []
    assert_one_error(tunewright(command, tmp_path / "source", *words), "source")
    assert not (tmp_path / "run").exists()


def test_an_unknown_source_names_the_built_in_ones(tunewright: Command) -> None:
    assert_one_error(tunewright("corpus", "sessions"), "sessions", "oneill")


def test_an_unknown_preset_and_an_unknown_setting_name_those_there_are(
    tunewright: Command, tmp_path: Path, tunes: Path
) -> None:
    assert_one_error(tunewright("train", tunes, "--out", tmp_path / "run", "--preset", "best"), "best", "lab-joint")
    assert_one_error(tunewright("train", tunes, "--out", tmp_path / "run", "--set", "width=3"), "width", "hidden_size")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("words", [["generate"], ["train", "oneill", "--resume", "--out"]])
def test_a_missing_run_is_one_clear_line(tunewright: Command, tmp_path: Path, words: list[str]) -> None:
    assert_one_error(tunewright(*words, tmp_path / "nowhere"), "nowhere")


def test_a_broken_checkpoint_is_one_clear_line(tunewright: Command, tmp_path: Path, trained: Path) -> None:
    broken = shutil.copytree(trained, tmp_path / "run")
    (broken / "model.safetensors").write_bytes(b"\xff" * 200)
    assert_one_error(tunewright("generate", broken), "model.safetensors")


def test_a_run_of_another_version_is_one_clear_line(tunewright: Command, tmp_path: Path, trained: Path) -> None:
    other = shutil.copytree(trained, tmp_path / "run")
    (other / "summary.json").write_text('{"format": 99, "status": "finished"}')
    assert_one_error(tunewright("generate", other), "99")


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_finished_run_is_not_overwritten(tunewright: Command, trained: Path, tunes: Path) -> None:
    before = files_in(trained)
    assert_one_error(tunewright("train", tunes, "--out", trained, *SETTINGS), "--resume")
    assert files_in(trained) == before


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_a_folder_that_cannot_be_written_is_one_clear_line(
    tunewright: Command, tmp_path: Path, trained: Path, tunes: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = files_in(trained)

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tunewright.support.files._create", fail)
    out = tmp_path / "out"
    reason = os.strerror(number)
    assert_one_error(tunewright("train", tunes, "--out", out, "--steps", "1", *SETTINGS), reason)
    assert_one_error(tunewright("generate", trained, "--out", out), reason)
    assert_one_error(tunewright("render", tunes, "--out", out, "--format", "abc"), reason)
    assert files_in(trained) == before


def test_a_read_only_folder_is_one_clear_line(tunewright: Command, tmp_path: Path, tunes: Path) -> None:
    tmp_path.chmod(0o500)
    folder = tmp_path if os.geteuid() else Path("/sys")  # root may write anywhere but there
    if not folder.is_dir():
        pytest.skip("root on a system without /sys: every folder can be written")
    assert_one_error(tunewright("render", tunes, "--out", folder / "out", "--format", "abc"), "out")


def test_a_folder_below_a_file_is_one_clear_line(tunewright: Command, tunes: Path) -> None:
    assert_one_error(tunewright("render", tunes, "--out", tunes / "out", "--format", "abc"), "tunes.abc")


# ------------------------------------------------------------------------------------------------ train


def test_train_prints_the_keys_of_the_contract(tunewright: Command, tmp_path: Path, tunes: Path) -> None:
    run = tmp_path / "run"
    result = tunewright("train", tunes, "--out", run, "--steps", "8", "--json", *SETTINGS)
    told = json.loads(result.out)
    assert result.code == 0
    assert (told["run"], told["status"], told["steps"]) == (str(run), "finished", 8)
    assert told["notes"] > 0
    assert told["seconds"] > 0
    assert told["train_loss"] > 0
    assert told["valid_loss"] > 0
    assert told["best_step"] in (4, 8)
    assert told["bits_per_note"] > 0
    assert "held out" in result.err


def start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tunewright", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, env=ONE_THREAD, stderr=subprocess.PIPE, text=True)


def wait_for_a_look(process: subprocess.Popen[str]) -> None:
    """Read on until training has looked at the held-out tunes, and so has saved."""
    assert process.stderr is not None
    for line in process.stderr:
        if "held out" in line:
            return
    raise AssertionError("training ended before it looked at the held-out tunes")


def test_ctrl_c_saves_and_says_how_to_go_on(tunewright: Command, tmp_path: Path, tunes: Path) -> None:
    run = tmp_path / "a run"
    with start("train", tunes, "--out", run, "--steps", "100000", *SETTINGS) as process:
        wait_for_a_look(process)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 1
    assert "Traceback" not in said
    assert json.loads((run / "summary.json").read_text())["status"] == "interrupted"
    command = shlex.split(said.splitlines()[-1])
    assert command[1:4] == ["-m", "tunewright", "train"]
    steps = json.loads((run / "summary.json").read_text())["steps"] + 4
    goes_on = tunewright(*command[3:], "--steps", steps, "--json")
    assert json.loads(goes_on.out)["steps"] == steps


def test_a_killed_training_can_be_gone_on_with(tunewright: Command, tmp_path: Path, tunes: Path) -> None:
    run = tmp_path / "run"
    with start("train", tunes, "--out", run, "--steps", "100000", *SETTINGS) as process:
        wait_for_a_look(process)
        process.kill()
    assert tunewright("generate", run).code == 0
    goes_on = tunewright("train", tunes, "--out", run, "--minutes", "0.01", "--resume", "--json")
    assert goes_on.code == 0
    assert json.loads(goes_on.out)["steps"] > 4


# ------------------------------------------------------------------------------------------------ generate


def test_generate_writes_abc_to_stdout(tunewright: Command, trained: Path) -> None:
    result = tunewright("generate", trained, "-n", 2)
    assert result.code == 0
    assert result.out.count("X:") >= 2
    assert "N:seed 1, " in result.out
    assert "2 drawn" in result.err


def test_generate_prints_the_keys_of_the_contract(tunewright: Command, trained: Path) -> None:
    told = json.loads(tunewright("generate", trained, "-n", 3, "--seed", 5, "--json").out)
    assert [tune["seed"] for tune in told] == [5, 6, 7]
    for tune in told:
        assert {"abc", "seed", "valid", "log_likelihood_per_note", "removed_mass", "files"} <= set(tune)
        assert 0 < tune["removed_mass"] < 1
        assert tune["files"] == {}
    alone = json.loads(tunewright("generate", trained, "-n", 1, "--seed", 6, "--json").out)
    music = told[1]["abc"].split("\n", 1)[1]  # after the number
    assert alone[0]["abc"].split("\n", 1)[1] == music


def test_generate_writes_every_tune_and_one_book(tunewright: Command, tmp_path: Path, trained: Path) -> None:
    out = tmp_path / "new"
    told = json.loads(tunewright("generate", trained, "-n", 3, "--out", out, "--format", "abc,mid", "--json").out)
    book = (out / "tunebook.abc").read_text()
    numbers = [line for line in book.splitlines() if line.startswith("X:")]
    assert numbers[0] == "X:1"
    assert {"X:1", "X:2", "X:3"} <= set(numbers)
    for tune in told:
        assert Path(tune["files"]["abc"]).read_text() == tune["abc"]
        assert f"N:seed {tune['seed']}, temperature 1," in book


@pytest.mark.parametrize("formats", ["abc,mp3", ""])
def test_an_unknown_format_names_those_there_are(
    tunewright: Command, tmp_path: Path, trained: Path, formats: str
) -> None:
    assert_one_error(tunewright("generate", trained, "--out", tmp_path / "x", "--format", formats), "musicxml")
    assert not (tmp_path / "x").exists()


def test_a_start_with_signs_the_model_never_saw_is_one_clear_line(tunewright: Command, trained: Path) -> None:
    assert_one_error(tunewright("generate", trained, "--start", "ABC 音乐"), "音")


def test_without_the_grammar_nothing_is_removed(tunewright: Command, trained: Path) -> None:
    result = tunewright("generate", trained, "--free", "--json")
    assert json.loads(result.out)[0]["removed_mass"] is None
    assert "1 drawn without grammar" in result.err


# ------------------------------------------------------------------------------------------------ what is asked for


@pytest.fixture(scope="module")
def musical(tunes: Path) -> Path:
    """A run of a few steps in musical tokens."""
    run = tunes.parent / "musical"
    words = ["train", str(tunes), "--out", str(run), "--steps", "8", "--seed", "3", *SETTINGS]
    words += ["--set", "tokens=degrees", "--set", "told_share=0.5"]
    subprocess.run(
        [sys.executable, "-m", "tunewright", *words], cwd=ROOT, check=True, capture_output=True, env=ONE_THREAD
    )
    return run


def drawn(result: Result) -> list[Tune]:
    """The tunes on stdout, all of them well formed by what the note says."""
    assert result.code == 0, result
    tunes = parse_abc(result.out)
    assert f"{len(tunes)} drawn: {len(tunes)} well formed. " in result.err
    return tunes


def test_what_is_asked_for_comes_out(tunewright: Command, musical: Path) -> None:
    words = ["--key", "E dorian", "--meter", "6/8", "--rhythm", "jig", "--parts", "AAB", "--bars", "4,8"]
    tunes = drawn(tunewright("generate", musical, "-n", 3, *words, "--range", "D4-B5"))
    assert len(tunes) == 3
    for tune in tunes:
        assert (str(tune.key), str(tune.meter), tune.rhythm) == ("E dorian", "6/8", "jig")
        assert form_of(tune) == Form((Section(4, True), Section(8, False)))
        assert all(Pitch("D", 0, 4).midi <= note.pitch.midi <= Pitch("B", 0, 5).midi for note in tune.notes)


def test_bars_alone_are_those_of_the_whole_tune(tunewright: Command, musical: Path) -> None:
    tunes = drawn(tunewright("generate", musical, "-n", 3, "--bars", 12))
    forms = [form_of(tune) for tune in tunes]
    assert [form.bars if form else None for form in forms] == [12] * 3


def test_some_bars_are_written_anew_and_the_rest_is_kept(tunewright: Command, musical: Path, tunes: Path) -> None:
    tune = next(tune for tune in parse_abc(tunes) if not tune.irregular)
    place = f"{tunes}#{tune.number}"
    first, *later = drawn(tunewright("generate", musical, "-n", 2, "--infill", place, "--at", "2-3"))
    kept = [bar_of(tune, number) for number in range(len(tune.measures)) if number not in (2, 3)]
    for other in (first, *later):
        assert [bar_of(other, number) for number in range(len(tune.measures)) if number not in (2, 3)] == kept
    assert first.title == tune.title
    assert len({first, tune}) == 2, "the bars are the same"


def bar_of(tune: Tune, number: int) -> list[object]:
    return [list(tune.music[one.start : one.stop]) for one in tune.measures if one.number == number]


def test_a_tune_is_varied_in_another_key_too(tunewright: Command, musical: Path, tunes: Path) -> None:
    tune = next(tune for tune in parse_abc(tunes) if not tune.irregular and tune.key.tonic != "A")
    key = f"A {tune.key.mode}"
    same, moved = (
        drawn(tunewright("generate", musical, "--vary", f"{tunes}#{tune.number}", "--amount", 0, *words))[0]
        for words in ([], ["--key", key])
    )
    assert same == tune
    assert str(moved.key) == key
    assert intervals(moved) == intervals(tune)


def intervals(tune: Tune) -> list[int]:
    """The steps from note to note: the same in every key."""
    return [after.pitch.midi - note.pitch.midi for note, after in pairwise(tune.notes)]


def test_a_tune_like_another_has_its_frame(tunewright: Command, musical: Path, tunes: Path) -> None:
    tune = next(tune for tune in parse_abc(tunes) if not tune.irregular and form_of(tune) and tune.key.tonic)
    (new,) = drawn(tunewright("generate", musical, "--like", f"{tunes}#{tune.number}", "--key", "F"))
    assert (str(new.key), new.meter, form_of(new)) == ("F major", tune.meter, form_of(tune))


def test_a_warmer_ending_leaves_the_beginning(tunewright: Command, musical: Path) -> None:
    words = ["--parts", "AB", "--bars", 8, "--seed", 4, "--key", "D", "--range", "D4-B5"]
    even, wilder = (drawn(tunewright("generate", musical, *words, "--temperature", t))[0] for t in ("1", "1,9:2.5"))
    bars = [even.measures[place].start == wilder.measures[place].start for place in range(9)]
    assert all(bars)
    assert even.music[: even.measures[8].start] == wilder.music[: wilder.measures[8].start]
    assert even != wilder


def test_a_streamed_tune_is_the_tune(tunewright: Command, musical: Path) -> None:
    words = ["--seed", 6, "--bars", 8]
    streamed = tunewright("generate", musical, *words, "--stream")
    assert streamed.out.strip() == tunewright("generate", musical, *words).out.strip()
    assert "1 drawn: 1 well formed" in streamed.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--rhythm", "reel", "--meter", "9/8"], "reel in 9/8"),
        (["--bars", "5.5"], "5.5 bars"),
        (["--key", "H"], "'H'"),
        (["--parts", "AAAB"], "AAAB"),
        (["--range", "D4-E4"], "D4-E4"),
        (["--infill", "TUNES#99", "--at", "1-2"], "X:99"),
        (["--infill", "TUNES", "--at", "90-95"], "90-95"),
        (["--vary", "nowhere.abc"], "nowhere.abc"),
        (["--vary", "TUNES", "--bars", "8"], "given"),
        (["--vary", "TUNES", "--free"], "--free"),
    ],
)
def test_what_cannot_be_had_is_one_clear_line(
    tunewright: Command, musical: Path, tunes: Path, words: list[str], says: str
) -> None:
    result = tunewright("generate", musical, *(word.replace("TUNES", str(tunes)) for word in words))
    assert_one_error(result, says)
    assert result.out == ""


def test_a_model_of_characters_does_not_fill_in(tunewright: Command, trained: Path, tunes: Path) -> None:
    assert_one_error(tunewright("generate", trained, "--infill", tunes, "--at", "2-3"), "tokens=degrees")


def test_tunes_that_the_tokens_do_not_cover_are_counted(tunewright: Command, tmp_path: Path, tunes: Path) -> None:
    odd = tmp_path / "odd.abc"
    changing = "X:{}\nM:4/4\nL:1/8\nK:{}\nCDEF GABc|[M:3/4] cBAGFE|c6|c6|]\n"
    odd.write_text(tunes.read_text() + "\n" + "\n".join(changing.format(n, k) for n, k in enumerate("CDEFGAB", 200)))
    words = ["--steps", "1", "--set", "tokens=degrees", *SETTINGS]
    result = tunewright("train", odd, "--out", tmp_path / "run", *words)
    assert result.code == 0, result
    (told,) = [line for line in result.err.splitlines() if "not learned from" in line]
    assert "do not cover" in told
    assert "nats/token" in result.out


# ------------------------------------------------------------------------------------------------ render


def test_render_writes_every_tune_in_every_format(tunewright: Command, tmp_path: Path, tunes: Path) -> None:
    two = tmp_path / "two.abc"
    two.write_text("\n\n".join(tune.text for tune in real_tunes()[:2]) + "\n")
    result = tunewright("render", two, "--out", tmp_path / "out", "--format", "abc,mid,wav,svg,musicxml,pdf", "--json")
    assert result.code == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    each = {f"two-00{number}.{kind}" for number in (1, 2) for kind in ("abc", "mid", "wav", "svg", "musicxml")}
    assert names == {*each, "two.pdf"}
    assert len(json.loads(result.out)) == 2
    assert parse_abc(tmp_path / "out" / "two-001.abc") == [real_tunes()[0]]


def test_render_goes_on_past_a_bad_tune_and_says_which(tunewright: Command, tmp_path: Path) -> None:
    (tmp_path / "x.abc").write_text("X:1\nABc|\n\nX:2\nK:C\nABc|\n")
    result = tunewright(
        "render", tmp_path / "x.abc", tmp_path / "none.abc", "--out", tmp_path / "out", "--format", "abc"
    )
    assert result.code == 1
    assert [line.startswith("Error: ") for line in result.err.splitlines()] == [True, True]
    assert "x.abc:1" in result.err
    assert "none.abc" in result.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x-002.abc"]


def test_render_reads_midi(tunewright: Command, tmp_path: Path) -> None:
    (tmp_path / "x.abc").write_text("X:1\nL:1/4\nM:4/4\nK:C\nCDEF|GABc|\n")
    assert tunewright("render", tmp_path / "x.abc", "--out", tmp_path, "--format", "mid", "--straight").code == 0
    assert tunewright("render", tmp_path / "x.mid", "--out", tmp_path / "back", "--format", "abc").code == 0
    tune = parse_abc(tmp_path / "back" / "x.abc")[0]
    assert [note.pitch.step for note in tune.notes] == list("CDEFGABC")


SONGS = """X:1
T:With chords
M:4/4
L:1/4
K:C
V:1
"C"CDEF|"G7"G4|]
w: what a thing to sing
V:2 clef=bass
C,4|G,4|]

X:2
T:Without
M:4/4
L:1/4
K:C
CDEF|G4|]
"""


def test_render_draws_and_sounds_all_voices_with_their_words(tunewright: Command, tmp_path: Path) -> None:
    (tmp_path / "x.abc").write_text(SONGS)
    result = tunewright("render", tmp_path / "x.abc", "--out", tmp_path / "out", "--format", "svg,mid,abc,pdf")
    assert result.code == 0
    drawn = (tmp_path / "out" / "x-001.svg").read_text(encoding="utf-8")
    assert all(f">{word}</" in drawn for word in ("what", "a", "thing", "to", "sing"))
    assert [len(part.notes) for part in read_piece(tmp_path / "out" / "x-001.mid").parts] == [5, 2]
    [score] = parse_scores(tmp_path / "out" / "x-001.abc")
    assert score == parse_scores(tmp_path / "x.abc")[0]
    assert (tmp_path / "out" / "x.pdf").read_bytes().startswith(b"%PDF")


def test_render_plays_chords_where_they_are_asked_for(tunewright: Command, tmp_path: Path) -> None:
    (tmp_path / "x.abc").write_text(SONGS)
    result = tunewright("render", tmp_path / "x.abc", "--out", tmp_path / "out", "--format", "mid", "--chords")
    assert result.code == 0
    assert "1 of 2 have no chord symbols" in result.err
    assert [part.name for part in read_piece(tmp_path / "out" / "x-001.mid").parts] == ["Voice 1", "Voice 2", "Chords"]
    for words in (("--format", "svg,abc"), ("--parts", "--format", "mid")):
        refused = tunewright("render", tmp_path / "x.abc", "--out", tmp_path / "out", "--chords", *words)
        assert refused.code == 2
        assert "--chords" in refused.err


def test_render_draws_where_a_run_looks_back(tunewright: Command, tmp_path: Path, tunes: Path, trained: Path) -> None:
    run, out = tmp_path / "attending", tmp_path / "out"
    settings = ["cell=transformer", "num_heads=2", "tokens=degrees", "weight_dropout=0"]
    words = [word for setting in settings for word in ("--set", setting)]
    assert tunewright("train", tunes, "--out", run, "--steps", "2", *SETTINGS, *words).code == 0
    (tmp_path / "x.abc").write_text(
        "X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|cBAG|FEDC|]\n\nX:2\nM:4/4\nL:1/4\nK:C\nC13/16D|\n"
    )
    result = tunewright("render", tmp_path / "x.abc", "--out", out, "--format", "svg,pdf", "--attention", run)
    assert result.code == 1
    assert "x.abc:7" in result.err
    assert "cannot read it" in result.err
    drawn = (out / "x-001.svg").read_text().partition("#0072b2")[2]
    assert drawn.count("<circle") == 12  # every note but those of the first bar
    assert "that attending looks at most" in drawn
    assert {path.name for path in out.iterdir()} == {"x-001.svg", "x.pdf"}
    plain = ("render", tmp_path / "x.abc", "--out", out)
    assert_one_error(tunewright(*plain, "--attention", trained), "cell lstm", "attentive-lstm or transformer")
    for refused in (("--parts", "--attention", run), ("--format", "mid", "--attention", run)):
        assert tunewright(*plain, *refused).code == 2


def test_render_never_replaces_what_it_reads(tunewright: Command, tmp_path: Path) -> None:
    (tmp_path / "x.abc").write_text("X:1\nK:C\nABc|\n")
    before = (tmp_path / "x.abc").read_bytes()
    assert_one_error(tunewright("render", tmp_path / "x.abc", "--out", tmp_path, "--format", "abc"), "x.abc")
    assert (tmp_path / "x.abc").read_bytes() == before


def test_two_files_of_one_name_do_not_replace_each_other(tunewright: Command, tmp_path: Path) -> None:
    for folder, music in (("a", "ABc|"), ("b", "cBA|")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.abc").write_text(f"X:1\nK:C\n{music}\n")
    files = (tmp_path / "a" / "x.abc", tmp_path / "b" / "x.abc")
    assert tunewright("render", *files, "--out", tmp_path / "out", "--format", "abc").code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"x.abc", "x-2.abc"}


# ------------------------------------------------------------------------------------------------ demo


def test_the_demo_refuses_a_folder_with_other_files(tunewright: Command, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("mine")
    assert_one_error(tunewright("demo", "--out", tmp_path), "other files")
    assert (tmp_path / "report.html").read_text() == "mine"


# ------------------------------------------------------------------------------------------------ runs, compare


def test_runs_are_listed_for_people_and_for_programs(tunewright: Command, trained: Path) -> None:
    listed = json.loads(tunewright("runs", trained.parent, "--json").out)
    told = next(run for run in listed if run["run"] == str(trained))
    assert (told["preset"], told["status"], told["steps"], told["corpus"]) == ("default", "finished", 8, "tunes.abc")
    assert told["bits_per_note"] > 0
    shown = tunewright("runs", trained.parent).out.splitlines()
    assert shown[0].split()[:4] == ["run", "preset", "corpus", "status"]
    assert "finished" in shown[1]
    assert_one_error(tunewright("runs", trained.parent / "nowhere"), "no such folder")


@pytest.fixture(scope="module")
def other(tunes: Path, trained: Path) -> Path:
    """The run with another width."""
    run = tunes.parent / "other"
    words = ["train", str(tunes), "--out", str(run), "--steps", "8", *SETTINGS]
    words += ["--set", "tokens=characters", "--set", "text=canonical", "--set", "hidden_size=20"]
    subprocess.run(
        [sys.executable, "-m", "tunewright", *words], cwd=ROOT, check=True, capture_output=True, env=ONE_THREAD
    )
    return run


def test_two_runs_are_compared_on_one_page(tunewright: Command, trained: Path, other: Path, tmp_path: Path) -> None:
    page = tmp_path / "side-by-side.html"
    result = tunewright("compare", trained, other, "--out", page, "--json")
    assert result.code == 0, result.err
    told = json.loads(result.out)
    assert told["report"] == str(page)
    assert len(told["settings"]) == 2
    assert told["measures"]["test_bits_per_note"]["real"] is None
    assert "hidden_size" in page.read_text()
    assert "|" in page.with_suffix(".md").read_text()


def test_runs_on_other_tunes_are_not_compared_unless_told(
    tunewright: Command, trained: Path, tunes: Path, tmp_path: Path
) -> None:
    fewer, run = tmp_path / "fewer.abc", tmp_path / "run"
    fewer.write_text("\n\n".join(tune.text for tune in real_tunes()[:30]))
    assert tunewright("train", fewer, "--out", run, "--steps", "4", *SETTINGS).code == 0
    assert_one_error(tunewright("compare", trained, run, "--out", tmp_path / "x.html"), "another split", "fingerprint")
    assert not (tmp_path / "x.html").exists()
    assert tunewright("compare", trained, run, "--different-splits", "--out", tmp_path / "x.html").code == 0


@pytest.mark.parametrize("missing", ["config.toml", "tokenizer.json", "metrics.jsonl"])
def test_a_run_half_written_is_said_by_file(
    tunewright: Command, trained: Path, other: Path, tmp_path: Path, missing: str
) -> None:
    shutil.copytree(other, tmp_path / "half")
    (tmp_path / "half" / missing).unlink()
    assert_one_error(tunewright("compare", trained, tmp_path / "half", "--out", tmp_path / "x.html"), missing)


# ------------------------------------------------------------------------------------------------ reproduce


@pytest.mark.slow
def test_the_labs_experiment_in_small(tunewright: Command, tmp_path: Path) -> None:
    tunes = tmp_path / "short.abc"  # what is drawn is cut by how long these are
    tunes.write_text("\n\n".join(sorted((tune.text for tune in real_tunes()), key=len)[:24]) + "\n")
    small = [word for setting in (*TINY, "num_training_iterations=6") for word in ("--set", setting)]
    words = ["reproduce", tunes, "--seeds", "1", *small, "--set", "precision=fp32", "--out", tmp_path / "x", "--json"]
    result = tunewright(*words)
    assert result.code == 0, result.err
    told = json.loads(result.out)
    assert [run["status"] for run in told["runs"]] == ["finished"] * 6
    assert set(told["claims"]) >= {"convergence", "stability", "overfitting", "final_loss", "fluency", "time", "sound"}
    assert told["measures"]["lowest_train_loss"]["settings"].keys() >= {"lab-default", "lab-joint", "sound"}
    assert (tmp_path / "x" / "report.html").exists()
    again = tunewright(*words)
    assert again.code == 0
    assert "6 trainings, 6 of them done" in again.err


def test_failed_training_says_so_as_json(
    tunewright: Command, tunes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    from tunewright.support.errors import OutputError

    def full(*_: object, **__: object) -> None:
        raise OutputError("the disk is full")

    monkeypatch.setattr(importlib.import_module("tunewright.training.state"), "save_tensors", full)
    result = tunewright("train", tunes, "--out", tmp_path / "run", "--steps", "8", *SETTINGS, "--json")
    assert_one_error(result, "the disk is full")
    assert json.loads(result.out)["status"] == "failed"
    assert json.loads(tunewright("runs", tmp_path / "run", "--json").out)[0]["status"] == "failed"


@pytest.mark.parametrize("words", [["corpus", "oneill", "--raw"], ["export", "oneill", "--to", "x.parquet", "--raw"]])
def test_raw_is_refused_where_nothing_is_altered(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "tunewright", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--raw is for" in done.stderr
