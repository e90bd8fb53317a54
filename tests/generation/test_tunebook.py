from pathlib import Path

import pytest

from tunewright.corpus.sources import Dropped
from tunewright.formats.abc import parse_abc
from tunewright.generation import tunebook
from tunewright.generation.tunebook import Rendered, parse_formats, render_files, write_drawn, write_tunebook
from tunewright.generation.tunes import Generated
from tunewright.music.tune import Tune
from tunewright.support.errors import ConfigError, RenderError

TEXT = "X:{}\nT:A\nM:2/4\nL:1/8\nN:seed=5\nK:C\nCDEF|GABc|cBAG|FEDC|]\n"


def drawn(index: int, text: str) -> Generated:
    return Generated(index, index + 5, text, -1.0, len(text), ended=True)


def test_formats_are_named_once_and_known() -> None:
    assert parse_formats("svg, ABC,svg") == ["svg", "abc"]
    for written in ("mp3", "abc,mp3", "", ","):
        with pytest.raises(ConfigError, match="known: abc, mid, wav, svg, musicxml, pdf"):
            parse_formats(written)


def test_a_drawn_tune_is_named_by_its_seed_and_keeps_its_text(tmp_path: Path) -> None:
    paths = write_drawn(drawn(0, TEXT.format(1)), tmp_path, ["abc", "mid"])
    assert {path.name for path in paths.values()} == {"tune-005.abc", "tune-005.mid"}
    assert paths["abc"].read_text() == TEXT.format(1)


@pytest.mark.parametrize("text", ["no tune at all", "X:1\nK:C\n"])
def test_of_what_is_no_tune_only_the_text_is_written(tmp_path: Path, text: str) -> None:
    assert set(write_drawn(drawn(0, text), tmp_path, ["abc", "mid", "svg"])) == {"abc"}
    assert [path.name for path in tmp_path.iterdir()] == ["tune-005.abc"]


def test_a_tunebook_reads_back_as_its_tunes(tmp_path: Path) -> None:
    tunes = parse_abc(write_tunebook([drawn(index, TEXT.format(index + 1)) for index in range(3)], tmp_path))
    assert [tune.number for tune in tunes] == [1, 2, 3]
    assert len({tune.music for tune in tunes}) == 1


def rendered(*files: Path, out: Path, formats: str) -> list[Rendered | Dropped]:
    return list(render_files(files, out, formats.split(",")))


def test_one_tune_gives_one_name_and_more_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "one.abc").write_text(TEXT.format(1))
    (tmp_path / "two.abc").write_text(TEXT.format(1) + "\n" + TEXT.format(2))
    results = rendered(tmp_path / "one.abc", tmp_path / "two.abc", out=tmp_path / "out", formats="abc,pdf")
    assert [one.files["abc"].name for one in results if isinstance(one, Rendered)] == [
        "one.abc",
        "two-001.abc",
        "two-002.abc",
    ]
    assert (tmp_path / "out" / "tunebook.pdf").read_bytes().startswith(b"%PDF")


def test_a_tune_that_cannot_be_read_or_made_is_named_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_or_fail(tune: Tune, *_: object, **__: object) -> dict[str, Path]:
        if tune.number == 2:
            raise RenderError("cannot be drawn")
        return {}

    monkeypatch.setattr(tunebook, "write_tune", write_or_fail)
    (tmp_path / "x.abc").write_text("X:1\nK:C\nz4|\n\n" + TEXT.format(2) + "\n" + TEXT.format(3))
    results = rendered(tmp_path / "x.abc", out=tmp_path / "out", formats="svg")
    assert [isinstance(one, Rendered) for one in results] == [False, False, True]
    assert results[0] == Dropped(f"{tmp_path}/x.abc:3", "no notes found, expected music after K:")
    assert results[1] == Dropped(f"{tmp_path}/x.abc:5", "cannot be drawn")
