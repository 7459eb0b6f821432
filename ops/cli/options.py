"""What commands share: options by one name and one help, the screen for people, the answer for machines, the end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

SectorOption = Annotated[str, typer.Option("--sector", help="Sector TOML file, or a sample's name.")]
LayoutOption = Annotated[
    str | None, typer.Option("--layout", help="Layout by its name in the sector, or a file. Default: the first.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on one line, last on stdout.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same scenario.")]
BrokerOption = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="URL",
        envvar="WATCHLINE_BROKER",
        help="mqtt://user:password@host:port of your broker. Default: an embedded one on 127.0.0.1.",
    ),
]
IdentityOption = Annotated[
    Path | None,
    typer.Option(
        "--identity",
        metavar="DIR",
        envvar="WATCHLINE_IDENTITY",
        help="Folder of keys and certificates: what `broker config` wrote. Default: keys of our own, in --data.",
    ),
]
PortOption = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port of the API on 127.0.0.1.")]

# Everything but the last line of --json goes to stderr.
screen = Console(stderr=True)


def answer(figures: dict[str, Any], *, as_json: bool) -> None:
    """The last line on stdout for machines."""
    if as_json:
        sys.stdout.write(json.dumps(figures, separators=(",", ":"), allow_nan=False) + "\n")
        sys.stdout.flush()


def fail(sentence: str, code: int) -> NoReturn:
    """One sentence on stderr, and the exit code."""
    screen.print(f"watchline: {sentence}", style="bold", markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(code) from None
