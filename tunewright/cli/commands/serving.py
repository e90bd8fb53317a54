"""The command that opens the studio.

In: runs to show, where to serve, what to keep where. Out: a server until it is interrupted, and its address. What the
command needs is imported inside it.
"""

from __future__ import annotations

import sys
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from tunewright.cli.commands import completing

NEEDED = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "python_multipart")


def studio(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUN]...", help="Folders of trained runs to draw from, too.", autocompletion=completing.runs
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Beyond 127.0.0.1 a token is demanded, and printed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="PORT", help="0: any that is free.")] = 8765,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where tunes, uploads and runs of the studio are kept.")
    ] = Path("studio"),
    database: Annotated[
        str, typer.Option(metavar="URL", help="A database as SQLAlchemy knows it; else SQLite in the folder.")
    ] = "",
    token: Annotated[str, typer.Option(metavar="TOKEN", help="Demand this token of everyone.")] = "",
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="Open the page; else where a terminal asks for it.")
    ] = None,
) -> None:
    """Make, hear, edit and judge tunes in the browser; teach a model your own.

    Serves pages on this machine until Ctrl-C, and opens the first one.
    """
    from tunewright.cli.output import note
    from tunewright.support.errors import ConfigError

    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ConfigError(f'the studio needs {", ".join(missing)}; get it with: pip install "tunewright[studio]"')
    from tunewright.studio.serving import serve, with_token
    from tunewright.studio.settings import Settings
    from tunewright.training.run import load_run

    for run in runs or []:
        load_run(run)  # refused at once, not when someone asks for it
    settings = Settings(folder=folder, runs=tuple(runs or ()), host=host, port=port, token=token, database=database)
    opened = settings.local and sys.stderr.isatty() if browser is None else browser

    def tell(address: str) -> None:
        note(f"The studio is open: {address}  (Ctrl-C closes it)")
        if opened:
            Thread(target=webbrowser.open, args=(address,), daemon=True).start()  # a browser may take its time

    serve(with_token(settings), tell)
