"""Shared by the commands: common options with one name and help text, records as signatures, output and exit."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, get_args, get_origin, get_type_hints

import typer
from rich.console import Console

from geo.errors import WatchlineError
from geo.names import readable
from ops.analysis.option_types import named

if TYPE_CHECKING:
    from ingest.mqtt.broker_url import BrokerUrl

JournalArgument = Annotated[Path, typer.Argument(help="Journal, or the folder of `demo` or `run`.", exists=True)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on one line, last on stdout.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed; the same seed gives the same scenario.")]
SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="Settings file (TOML); `sector schema settings` describes it.",
        exists=True,
        dir_okay=False,
    ),
]
_DATA = typer.Option("--data", metavar="DIR", help="Data folder of `watchline run`.", exists=True, file_okay=False)
DataOption = Annotated[Path, _DATA]
OptionalDataOption = Annotated[Path | None, _DATA]


PurposeOption = Annotated[
    str | None,
    typer.Option(
        "--purpose", metavar="TEXT", envvar="WATCHLINE_PURPOSE", help="Purpose of the disclosure, for the audit log."
    ),
]
ReleasabilityOption = Annotated[
    str,
    typer.Option(
        "--releasability",
        metavar="MARKING",
        help="Most restrictive marking in the file; * for all. Default: none.",
    ),
]


def sensor_name_of(name: str | None) -> str | None:
    """Refuse a name that no sensor or unit can have."""
    from ingest.errors import TopicError
    from ingest.topics import identifier

    try:
        return None if name is None else identifier(name, "name")
    except TopicError as error:
        raise typer.BadParameter(f"{error.what}; expected {error.expected}") from None


def store_address(text: str | None) -> str | None:
    """Refuse a text that is not the address of a store in PostgreSQL."""
    from ops.postgres.address import PostgresError, StoreAddress

    try:
        if text is not None:
            StoreAddress(text)
    except PostgresError as error:
        raise typer.BadParameter(f"{error.what}; expected {error.expected}") from None
    return text


def store_option(what: str) -> Any:
    """Return the option that names a store in PostgreSQL; ``what`` begins its help."""
    return typer.Option(
        "--store",
        metavar="ADDRESS",
        help=f"{what}: postgresql://user@host:port/database.",
        callback=store_address,
    )


def identity_option(what: str) -> Any:
    """Return the option that names a folder of keys and certificates, ``what``."""
    return typer.Option(
        "--identity", metavar="DIR", envvar="WATCHLINE_IDENTITY", help=what, exists=True, file_okay=False
    )


SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only observations at or after this time.")
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only observations before this time.")]
BrokerOption = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="URL",
        envvar="WATCHLINE_BROKER",
        help="Your broker: mqtt://user:password@host:port. Default: an embedded broker on 127.0.0.1.",
    ),
]
IdentityOption = Annotated[
    Path | None, identity_option("Folder of keys and certificates, as written by `broker config`.")
]
PortOption = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port of the pages and the API.")]

HostOption = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="Listening IP address; any other than this computer's own (loopback) needs TLS.",
    ),
]
TlsOption = Annotated[
    bool,
    typer.Option(
        "--tls", help="Use TLS. Without --certificate, a self-signed certificate is created at the first start."
    ),
]
CertificateOption = Annotated[
    Path | None,
    typer.Option(
        "--certificate",
        metavar="FILE",
        help="Certificate of this server (PEM), with its chain.",
        exists=True,
        dir_okay=False,
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="Private key of the certificate (PEM).", exists=True, dir_okay=False),
]


def broker_url(text: str) -> BrokerUrl:
    """Parse the value of --broker. Raises BadInput that names it, without its password."""
    from ingest.mqtt.broker_url import BrokerUrl

    with named("--broker"):
        return BrokerUrl.parse(text)


# With --json everything but the last line goes to stderr.
screen = Console(stderr=True)
PROGRAM: Final = "watchline: "
STOPPED: Final = "stopped."
_PASSWORD: Final = re.compile(r"(\w://[^\s:/@]*):\S+@")


def answer(figures: dict[str, Any], *, as_json: bool) -> None:
    """Print the figures as JSON, as the last line of stdout."""
    if as_json:
        sys.stdout.write(json.dumps(figures, separators=(",", ":"), allow_nan=False) + "\n")
        sys.stdout.flush()


def refuse_failed(nation: str, figures: dict[str, Any]) -> None:
    """Raise WatchlineError that names the sectors of a nation without a result; nothing for one sector."""
    names = [one["sector"] for one in figures.get("failed", ())]
    if names:
        raise WatchlineError(f"{nation}: not computed: {', '.join(names)}.")


def fail(sentence: str, code: int) -> NoReturn:
    """Print one sentence on stderr, on one line whatever the texts in it are, and exit with ``code``.

    An address that was typed in the wrong place is shown without its password.
    """
    _print_ending(_PASSWORD.sub(r"\1:…@", sentence))
    raise SystemExit(code) from None


def say_stopped() -> None:
    """Print that the program ends before it is done; nothing where stderr is closed."""
    with suppress(OSError, SystemExit):  # rich ends the program with its own exit code for a closed pipe
        _print_ending(STOPPED)


def _print_ending(sentence: str) -> None:
    screen.quiet = False
    screen.print(PROGRAM + readable(sentence), style="bold", markup=False, highlight=False, soft_wrap=True)


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
