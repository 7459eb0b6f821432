"""Shared by the commands: common options with one name and help text, records as signatures, output and exit."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Callable
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_args, get_origin, get_type_hints

import typer
from rich.console import Console

SectorOption = Annotated[str, typer.Option("--sector", help="Sector TOML file, or a sample's name.")]
LayoutOption = Annotated[
    str | None, typer.Option("--layout", help="Layout by its name in the sector, or a file. Default: the first.")
]
JournalArgument = Annotated[Path, typer.Argument(help="A journal, or the folder of `run` or `demo`.")]
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

# With --json everything but the last line goes to stderr.
screen = Console(stderr=True)


def answer(figures: dict[str, Any], *, as_json: bool) -> None:
    """Print the figures as JSON, as the last line of stdout."""
    if as_json:
        sys.stdout.write(json.dumps(figures, separators=(",", ":"), allow_nan=False) + "\n")
        sys.stdout.flush()


def fail(sentence: str, code: int) -> NoReturn:
    """Print one sentence on stderr and exit with ``code``."""
    screen.print(f"watchline: {sentence}", style="bold", markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(code) from None


def command_of(record: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command, whose first parameter is a ``record`` of options, the record's fields as parameters.

    ``record`` is a dataclass with a field per option, annotated as Typer expects; a field of type ``tuple[T, ...]`` is
    an option that may be repeated. The command's own options follow; required parameters precede the others.
    """
    hints = get_type_hints(record, include_extras=True)
    own_fields = dataclasses.fields(record)
    repeated = {field.name for field in own_fields if get_origin(get_args(hints[field.name])[0]) is tuple}

    def parameter(field: dataclasses.Field[Any]) -> Parameter:
        annotation, default = hints[field.name], field.default
        if field.name in repeated:
            of_type, *metadata = get_args(annotation)
            of_list: Any = list[get_args(of_type)[0]]  # type: ignore[misc]
            annotation = Annotated[of_list if default is dataclasses.MISSING else of_list | None, *metadata]
            default = default or None
        empty = Parameter.empty if default is dataclasses.MISSING else default
        return Parameter(field.name, Parameter.KEYWORD_ONLY, default=empty, annotation=annotation)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        _, *others = inspect.signature(command, eval_str=True).parameters.values()
        parameters = sorted([*map(parameter, own_fields), *others], key=lambda one: one.default is not Parameter.empty)

        def flat(**values: Any) -> None:
            options = {field.name: values.pop(field.name) for field in own_fields}
            command(record(**options | {name: tuple(options[name] or ()) for name in repeated}), **values)

        flat.__name__, flat.__doc__, flat.__module__ = command.__name__, command.__doc__, command.__module__
        flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        flat.__annotations__ = {one.name: one.annotation for one in parameters}
        return flat

    return decorate
