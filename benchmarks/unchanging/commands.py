"""The commands that are run on both sides: what the program is asked, and what one needs of another.

In: nothing. Out: `COMMANDS`, in an order in which what is needed comes first. Every command writes into a folder of
its own name, which `@` stands for, and reads the inputs (`inputs`) and folders of other commands, which are named by
`needs`. A command that changes what it reads is given a copy. This file runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unchanging.inputs import IRISH


@dataclass(frozen=True, slots=True)
class Command:
    """One call of the program."""

    name: str  # also its folder
    words: tuple[str, ...]
    needs: tuple[str, ...] = ()  # names of commands whose folders it reads
    copies: tuple[tuple[str, str], ...] = ()  # folder of another command, and what its copy is called in our own
    code: int = 0  # what it exits with


def ask(name: str, words: str, *more: str, needs: Sequence[str] = (), code: int = 0, **copies: str) -> Command:
    """A command of words with spaces between them, and of `more` that have spaces in them; copies by their names."""
    own = [word.replace("@", name, 1) if word.startswith("@") else word for word in [*words.split(), *more]]
    taken = tuple((source, copy) for copy, source in copies.items())
    makers = ("/".join(source.split("/")[:2]) for source, _ in taken)
    return Command(name, tuple(own), (*needs, *makers), taken, code)


def settings(**values: object) -> str:
    """These settings as words of `train`."""
    return " ".join(f"--set {name}={value}" for name, value in values.items())


TINY = settings(hidden_size=48, embedding_dim=16, num_layers=1, batch_size=8, seq_length=48, device="cpu")
PRESETS = (  # of configs/
    *("default", "lab-batch", "lab-default", "lab-default-fp32", "lab-embedding", "lab-gru", "lab-hyperparameters"),
    *("lab-joint", "lab-length", "lab-rate", "lab-rnn", "lab-structure", "polyphony", "sound"),
)
VOCABULARIES = {  # of pieces: what `train` is told
    "remi": "--tokens remi",
    "cpword": "--tokens cpword",
    "bpe": "--tokens tsd --set bpe=500",
}
EVERY_FORMAT = "abc,mid,wav,svg,musicxml,pdf"


def trainings() -> Iterator[Command]:
    """Runs of each codec that the others draw from and judge, and a few steps of every preset."""
    tunes = "train inputs/tunes.abc --out @"
    looks = "--set eval_every=100"
    yield ask("train/degrees", f"{tunes} {TINY} {looks} --steps 300 --seed 3")
    yield ask("train/characters", f"{tunes} --preset lab-default {TINY} {looks} --steps 800 --seed 3 --json")
    yield ask("train/canonical", f"{tunes} --preset lab-default --set text=canonical {TINY} {looks} --steps 500")
    for name, words in VOCABULARIES.items():
        yield ask(f"train/{name}", f"train inputs/pieces {words} --out @ {TINY} {looks} --steps 200")
    wide = "--set hidden_size=384 --set embedding_dim=16 --set num_layers=2 --set device=cpu --set eval_every=10"
    yield ask("train/wide", f"{tunes} {wide} --set batch_size=4 --set seq_length=32 --steps 10")
    yield ask("train/kept", f"{tunes} {TINY} --set eval_every=40 --steps 120 --keep-every 40")
    yield ask("train/melodies", f"train inputs/melodies --melody skyline --out @ {TINY} --set eval_every=20 --steps 40")
    yield ask("train/resumed", "train inputs/tunes.abc --out @/run --resume --steps 340", run="train/degrees")
    for preset in PRESETS:
        source = "inputs/pieces" if preset == "polyphony" else "inputs/tunes.abc"
        words = f"train {source} --preset {preset} --out @ --set hidden_size=32 --set eval_every=25 --set device=cpu"
        yield ask(f"presets/{preset}", f"{words} --steps 50")


def corpora() -> Iterator[Command]:
    """Collections as they are read, and their notes as tables."""
    yield ask("corpus/text", "corpus inputs/tunes.abc")
    yield ask("corpus/json", "corpus inputs/tunes.abc inputs/others.abc --json --split-out @/split.tsv")
    yield ask("corpus/built-in", "corpus oneill ryan --json --split-out @/split.tsv --files-out @/files.tsv")
    yield ask("corpus/melodies", "corpus inputs/melodies --json --files-out @/files.tsv")
    yield ask("corpus/midi", "corpus inputs/pieces --split-out @/split.tsv --files-out @/files.tsv")
    yield ask("corpus/skyline", "corpus inputs/pieces --json --melody skyline")
    yield ask("corpus/named", "corpus inputs/pieces --json --melody Bass")
    yield ask("corpus/pieces", "corpus inputs/pieces --tokens remi --json --split-out @/split.tsv")
    yield ask("corpus/pieces-text", "corpus inputs/pieces inputs/melodies --tokens octuple")
    yield ask("corpus/faults", "corpus inputs/faults inputs/few.abc --json --files-out @/files.tsv")
    yield ask("corpus/faults-text", "corpus inputs/faults inputs/few.abc")
    if IRISH.is_file():
        yield ask("corpus/irish", "corpus inputs/irish.abc --json --split-out @/split.tsv")
    yield ask("export/csv", "export inputs/tunes.abc inputs/melodies --to @/notes.csv")
    yield ask("export/unfolded", "export inputs/tunes.abc --to @/notes.csv --unfold --json")
    yield ask("export/npz", "export inputs/others.abc --to @/notes.npz")
    yield ask("export/parquet", "export inputs/others.abc --to @/notes.parquet --unfold")
    yield ask("export/schema", "export --schema")
    yield ask("export/schema-json", "export --schema --json")


def draw(codec: str, name: str, words: str, *more: str, code: int = 0, **copies: str) -> Command:
    """A command that draws from the run of a codec."""
    run = f"train/{codec}"
    return ask(f"generate/{codec}/{name}", f"generate {run} {words}", *more, needs=[run], code=code, **copies)


def tunes_drawn() -> Iterator[Command]:
    """Tunes of every codec, with everything that can be asked of them."""
    yield draw("degrees", "plain", "-n 6 --seed 7 --json")
    yield draw("degrees", "side-by-side", "-n 6 --seed 7 --json --jobs 2")
    yield draw("degrees", "schedule", "-n 3 --temperature 1.0,3:1.6,5:0.4 --json")
    yield draw("degrees", "top-k", "-n 3 --top-k 5 --json")
    yield draw("degrees", "top-p", "-n 3 --top-p 0.8 --temperature 1.2 --json")
    yield draw("degrees", "min-p", "-n 3 --min-p 0.1 --json")
    yield draw("degrees", "asked", "-n 3 --rhythm jig --parts AABB --bars 8 --json --key", "E dorian")
    yield draw("degrees", "range", "-n 3 --meter 3/4 --bars 16 --range D4-B5 --json")
    yield draw("degrees", "like", "-n 2 --like inputs/tunes.abc#12 --key A --json")
    yield draw("degrees", "like-midi", "-n 2 --like inputs/melodies/melody-3.mid --json")
    yield draw("degrees", "infill", "-n 3 --infill inputs/tunes.abc#15 --at 3-5 --json")
    yield draw("degrees", "vary", "-n 3 --vary inputs/tunes.abc#15 --amount 0.3 --json")
    yield draw("degrees", "moved", "--vary inputs/tunes.abc#15 --amount 0 --key Am --json")
    yield draw("degrees", "start", "-n 3 --json --start", "GABc dedB|")
    yield draw("degrees", "start-asked", "-n 2 --rhythm reel --key D --json --start", "A2FA DAFA|")
    yield draw("degrees", "stream", "--seed 5 --stream")
    yield draw("degrees", "free", "-n 3 --free --json")
    yield draw("degrees", "best-of", "-n 2 --best-of 3 --json")
    yield draw("degrees", "original", "-n 4 --original 1 --temperature 0.6 --json")
    yield draw("degrees", "repeats", "-n 2 --repeats 1 --temperature 0.6 --bars 12 --json")
    yield draw("degrees", "text", "-n 3 --seed 40")
    yield draw("degrees", "files", f"-n 2 --bars 8 --out @/new --format {EVERY_FORMAT} --json --seed 9")
    yield draw("degrees", "tempo", "-n 1 --bars 4 --out @/new --tempo 200 --straight --format mid,wav")
    yield draw("characters", "plain", "-n 1 --seed 7 --json")
    yield draw("characters", "side-by-side", "-n 3 --seed 7 --bars 8 --json --jobs 2")
    yield draw("characters", "schedule", "-n 3 --seed 7 --bars 8 --temperature 0.7,5:1.1 --json")
    yield draw("characters", "cut", "-n 2 --bars 12 --top-k 12 --top-p 0.9 --min-p 0.02 --json")
    yield draw("characters", "asked", "-n 2 --meter 4/4 --bars 8 --temperature 0.7 --json --key", "A dorian")
    yield draw("characters", "parts", "-n 2 --rhythm jig --parts AAB --bars 4 --range A3-B5 --temperature 0.7 --json")
    yield draw("characters", "start", "-n 2 --bars 8 --temperature 0.7 --json --start", "GABc dedB|")
    yield draw("characters", "stream", "--seed 2 --bars 8 --stream --temperature 0.7")
    yield draw("characters", "free", "-n 1 --free --temperature 0.7 --json")
    yield draw("characters", "best-of", "-n 2 --bars 6 --best-of 3 --temperature 0.7 --repeats 2 --json")
    yield draw("characters", "original", "-n 2 --bars 8 --original 50 --temperature 0.7 --json")
    yield draw("characters", "infill", "--infill inputs/few.abc --at 2 --json", code=1)
    yield draw("characters", "files", "-n 2 --bars 8 --temperature 0.7 --out @/new --format abc,mid,svg")
    yield draw("canonical", "plain", "-n 3 --temperature 0.8 --json")
    yield draw("canonical", "asked", "-n 2 --rhythm reel --key D --parts AABB --bars 8 --temperature 0.8 --json")
    yield draw("wide", "plain", "-n 2 --bars 4 --json")
    yield draw("melodies", "plain", "-n 2 --json")
    for preset in ("lab-gru", "lab-rnn"):
        run = f"presets/{preset}"
        yield ask(f"generate/{preset}", f"generate {run} -n 1 --bars 4 --temperature 0.6 --json", needs=[run])


def pieces_drawn() -> Iterator[Command]:
    """Pieces of several parts, of every kind of vocabulary."""
    for name in VOCABULARIES:
        yield draw(name, "plain", "-n 4 --out @/new --format mid --json --temperature 0.8")
    for name in ("remi", "cpword"):
        yield draw(name, "bars", "-n 2 --bars 3 --out @/new --format mid,svg --min-p 0.05 --seed 20")
    yield draw("remi", "sounded", "-n 1 --bars 2 --out @/new --min-p 0.05")
    yield draw("remi", "side-by-side", "-n 4 --out @/new --format mid --json --temperature 0.8 --jobs 2")
    yield draw("remi", "cut", "-n 2 --top-k 8 --top-p 0.9 --json")
    yield draw("remi", "free", "-n 2 --free --json")
    yield draw("remi", "start", "-n 2 --start inputs/pieces/piece-03.mid --bars 12 --out @/new --format mid,svg --json")
    yield draw("cpword", "start", "-n 2 --start inputs/pieces/piece-03.mid --bars 12 --out @/new --format mid")


def judged() -> Iterator[Command]:
    """Scorecards of runs and files, in both languages, and their pages; runs side by side."""
    yield ask("evaluate/run", "evaluate @/run -n 12 --json --out @/card.html", run="train/degrees")
    yield ask("evaluate/zh", "evaluate @/run -n 8 --lang zh --seed 50 --out @/card.html", run="train/degrees")
    yield ask("evaluate/text", "evaluate @/run -n 8", run="train/characters")
    yield ask("evaluate/against", "evaluate @/run -n 8 --against inputs/others.abc --json", run="train/canonical")
    yield ask(
        "evaluate/temperatures",
        "evaluate @/run -n 8 --temperatures 0.6,1.0,1.4 --save-default --json --out @/card.html",
        run="train/degrees",
    )
    yield ask("evaluate/checkpoints", "evaluate @/run -n 8 --checkpoints --json", run="train/kept")
    yield ask("evaluate/files", "evaluate inputs/few.abc inputs/melodies --against inputs/tunes.abc --out @/card.html")
    yield ask("evaluate/alone", "evaluate inputs/few.abc --json --lang zh --out @/card.html")
    yield ask("evaluate/pieces", "evaluate @/run -n 6 --json --out @/card.html", run="train/remi")
    yield ask("evaluate/pieces-zh", "evaluate @/run -n 4 --lang zh --out @/card.html", run="train/cpword")
    some = "inputs/pieces/piece-00.mid inputs/pieces/piece-05.mid"
    yield ask("evaluate/parts", f"evaluate {some} --parts --against inputs/pieces --json --out @/card.html")
    both = "@/one @/other"
    yield ask("compare/tunes", f"compare {both} --out @/page.html", one="train/degrees", other="train/kept")
    yield ask(
        "compare/pieces", f"compare {both} --out @/page.html --lang zh --json", one="train/remi", other="train/cpword"
    )
    yield ask("runs/json", "runs @ --json", one="train/degrees", two="train/remi", three="presets/lab-gru")
    yield ask("runs/text", "runs @", one="train/characters", two="train/bpe", three="presets/sound")
    yield ask("demo", "demo --out @ --seed 4", run="train/degrees")
    small = settings(hidden_size=16, embedding_dim=8, num_training_iterations=30, eval_every=10, batch_size=4)
    again = f"reproduce inputs/tunes.abc --seeds 1 --out @/all {small} --set seq_length=32 --set device=cpu"
    yield ask("reproduce/first", f"{again} --jobs 2")
    yield ask("reproduce/again", f"{again} --jobs 1 --json", all="reproduce/first/all")


def rendered() -> Iterator[Command]:
    """Tunes and pieces drawn, sounded and converted."""
    yield ask("render/tunes", f"render inputs/few.abc --out @ --format {EVERY_FORMAT}")
    yield ask("render/json", "render inputs/few.abc inputs/melodies/melody-1.mid --out @ --format abc,svg --json")
    yield ask("render/tempo", "render inputs/melodies/melody-2.mid --out @ --tempo 150 --straight --format mid,wav")
    yield ask("render/skyline", "render inputs/pieces/piece-02.mid --melody skyline --out @ --format abc,musicxml,svg")
    yield ask("render/parts", "render inputs/pieces/piece-01.mid --parts --out @")
    yield ask("render/parts-json", "render inputs/pieces/piece-04.mid --parts --out @ --format mid,svg --json")
    yield ask("render/faults", "render inputs/faults/broken.abc inputs/faults/broken.mid --out @ --format abc", code=1)


def refused() -> Iterator[Command]:
    """What is wrong: exit codes and the one line that says so."""
    usage = {
        "nothing": "",
        "no-command": "sing",
        "no-source": "corpus",
        "no-out": "train inputs/tunes.abc",
        "no-option": "corpus inputs/tunes.abc --loud",
        "no-number": "generate train/degrees -n many",
        "no-tunes": "generate train/degrees -n 0",
        "top-p": "generate train/degrees --top-p 2",
        "at-alone": "generate train/degrees --at 5-8",
        "at-words": "generate train/degrees --infill inputs/few.abc --at five",
        "amount-alone": "generate train/degrees --amount 0.5",
        "both": "generate train/degrees --infill inputs/few.abc --at 2 --vary inputs/few.abc",
        "hot": "generate train/degrees --temperature hot",
        "stages": "generate train/degrees --temperature 1.0,9:1.4,9:1.5",
        "stream-two": "generate train/degrees --stream -n 2",
        "pieces-key": "generate train/remi --key G --out @",
        "pieces-stdout": "generate train/remi",
        "pieces-bars": "generate train/remi --bars 8,16 --out @",
        "save-default": "evaluate train/degrees --save-default",
        "temperatures": "evaluate inputs/few.abc --temperatures 0.5",
        "no-export": "export inputs/few.abc",
        "parts-tempo": "render inputs/pieces/piece-00.mid --parts --tempo 90 --out @",
    }
    failing = {
        "files-out": "corpus inputs/pieces --tokens remi --files-out @/files.tsv",
        "no-file": "corpus nowhere/tunes",
        "empty": "corpus inputs/faults/empty.abc",
        "no-preset": "train inputs/few.abc --out @ --preset lab-deafult",
        "no-setting": "train inputs/few.abc --out @ --set hiden_size=3",
        "no-value": "train inputs/few.abc --out @ --set hidden_size=wide",
        "no-tokens": "train inputs/few.abc --out @ --tokens words",
        "no-run": "generate nowhere/run",
        "taken": "train inputs/tunes.abc --out train/degrees --steps 1",
        "reel": "generate train/degrees --rhythm reel --meter 9/8",
        "key": "generate train/degrees --key H",
        "narrow": "generate train/degrees --range D4-E4",
        "start": "generate train/degrees --start |||",
        "format": "render inputs/few.abc --out @ --format mp3",
        "no-x": "generate train/degrees --like inputs/tunes.abc#999",
        "language": "evaluate train/degrees --lang tlh",
        "mixed": "evaluate train/degrees inputs/few.abc",
        "other-corpus": "compare train/degrees train/melodies --out @/page.html",
        "suffix": "export inputs/few.abc --to @/notes.xls",
        "no-soundfont": "render inputs/few.abc --out @ --format wav --soundfont nowhere.sf2",
    }
    for code, kinds in ((2, usage), (1, failing)):
        for name, words in kinds.items():
            runs = {word for word in words.split() if word.startswith("train/")}
            yield ask(f"refused/{name}", words, needs=sorted(runs), code=code)


def helped() -> Iterator[Command]:
    """The help of the program and of every command."""
    yield ask("help/program", "--help")
    yield ask("help/version", "--version")
    for name in ("demo", "corpus", "train", "generate", "evaluate", "render", "export", "runs", "compare", "reproduce"):
        yield ask(f"help/{name}", f"{name} --help")


COMMANDS: tuple[Command, ...] = (
    *trainings(),
    *judged(),
    *tunes_drawn(),
    *pieces_drawn(),
    *corpora(),
    *rendered(),
    *refused(),
    *helped(),
)
