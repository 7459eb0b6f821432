"""Values on the command line that cannot be used: each is refused with one sentence that names its parameter."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import typer

from geo.errors import BadInput, WatchlineError
from geo.names import did_you_mean

REPLACED: Final = {
    "--sector": "name the sector as the first argument",
    "--sector-id": "name the sector as the first argument",
    "--journal": "name the journal with --out",
}
"""Options of earlier versions, with what replaces them."""
RENAMED: Final = {
    "--draws": "--samples",
    "--top-up": "--residual-item",
    "--gap": "--optimality-gap",
    "--dwell": "--exposure",
    "--stretch": "--sub-section",
}
"""Options of earlier versions that have another name in some commands."""

RENAMED_VALUES: Final = {
    "least_detected": ("least_detection",),
    "interruption": ("least_interruption", "timely_detection"),
    "least_interruption": ("timely_detection",),
}
"""Values of earlier versions that have another name in some options, which may differ between them."""

UsageError: Any = typer.BadParameter.__mro__[1]
"""The exception for a wrong option, which typer does not export by name; BadParameter is a subclass of it."""
_EXTRA: Final = re.compile(r"^Got unexpected extra argument.*? \((.*)\)$")
_PATH: Final = re.compile(r"^(?:file|dir|path) '(.*)' (does not exist|is a directory|is a file)", re.IGNORECASE)
_FLAG: Final = re.compile(r"Option '(.*)' does not take a value")


class WrongValue(WatchlineError):
    """Error for a command line that cannot be used as typed; the exit code is 2."""


def name_of(parameter: Any) -> str:
    """Return how people call a parameter: ``--exposure``, or ``SECTOR`` for an argument."""
    if parameter.param_type_name == "option":
        return str(next((name for name in parameter.opts if name.startswith("--")), parameter.opts[0]))
    return str(parameter.metavar or parameter.name.upper())


def sentence_of(error: Any) -> str:
    """Return one sentence for a usage error: what is wrong, the closest valid name, and where the help is."""
    command = error.ctx.command if error.ctx else None
    path = error.ctx.command_path if error.ctx else "watchline"
    parameter = getattr(error, "param", None)
    if parameter is not None and hasattr(error, "param_type"):
        expected = f"; expected {expected_of(parameter)}" if parameter.type_descriptor.choices is not None else ""
        return f"missing {parameter.param_type_name} {name_of(parameter)}{expected}; see `{path} --help`."
    if parameter is not None:
        return f"{name_of(parameter)}: {_why_not(error)}."
    name = getattr(error, "option_name", None)
    if name is not None and hasattr(error, "possibilities"):
        return _unknown_option(name, command, path, error.ctx)
    if name is not None:
        flag = _FLAG.search(str(error.message))
        problem = "takes no value" if flag else "the value is missing"
        return f"{name}: {problem}; see `{path} --help`."
    extra = _EXTRA.search(str(error.message))
    if extra:
        return f"unexpected argument {extra[1].split()[0]!r}; see `{path} --help`."
    text = str(error.message).rstrip(".")
    return f"{text[:1].lower()}{text[1:]}; see `{path} --help`."


def _unknown_option(name: str, command: Any, path: str, ctx: Any) -> str:
    known = [] if command is None else [option for parameter in command.params for option in parameter.opts]
    replaced = REPLACED.get(name)
    if replaced is not None and command is not None:
        usage = " ".join(piece for piece in command.collect_usage_pieces(ctx) if piece != "[OPTIONS]")
        return f"{name} was removed: {replaced}, as in `{path} {usage}`."
    options = [option for option in known if option.startswith("--")]
    if RENAMED.get(name) in options:
        return f"{name} was renamed to {RENAMED[name]}; see `{path} --help`."
    return f"unknown option {name!r}{did_you_mean(name, options, RENAMED)}; see `{path} --help`."


def _why_not(error: Any) -> str:
    """Return what is wrong with the value of a parameter, and what is expected."""
    refused = getattr(error.__cause__, "errors", None)
    if refused is not None:
        value, choices = str(refused()[0]["input"]), error.param.type_descriptor.choices
        for name in RENAMED_VALUES.get(value, ()):
            if name in (choices or ()):
                return f"{value!r} was renamed to {name!r}; expected {expected_of(error.param)}"
        return f"{value!r}{did_you_mean(value, choices or ())}; expected {expected_of(error.param)}"
    path = _PATH.search(str(error.message))
    if path is None:  # a check of ours, whose message is complete
        return str(error.message).rstrip(".")
    info = error.param.type_descriptor.parameter_info
    kind = "a folder" if not info.file_okay else "a file" if not info.dir_okay else "a file or folder"
    problem = {"does not exist": "does not exist", "is a directory": "is a folder"}.get(path[2], path[2])
    return f"{path[1]!r} {problem}; expected {'an existing' + kind[1:] if 'exist' in problem else kind}"


def expected_of(parameter: Any) -> str:
    """Return what a parameter accepts: its choices, or a number with its limits."""
    described = parameter.type_descriptor
    if described.choices is not None:
        *others, last = map(str, described.choices)
        return f"{', '.join(others)} or {last}" if others else last
    kind = described.annotation
    if get_origin(kind) is not None:
        kind = get_args(kind)[0]
    number = {int: "a whole number", float: "a number"}.get(kind, "another value")
    low, high = described.parameter_info.min, described.parameter_info.max
    limits = (f" from {low:g}" if low is not None else "") + (f" to {high:g}" if high is not None else "")
    return number + limits


def refuse_empty(parameters: Sequence[Any], arguments: Sequence[str]) -> None:
    """Raise WrongValue for an argument or a value of an option that is empty or blank."""
    options = [one for one in parameters if one.param_type_name == "option" and not one.is_flag]
    with_value = {name: name_of(one) for one in options for name in one.opts}
    positional: list[str] = []
    before = ""
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if before in with_value:
            if not argument.strip():
                raise WrongValue(f"{with_value[before]}: is empty; expected a value.")
            before = ""
        elif equals and option in with_value and not value.strip():
            raise WrongValue(f"{with_value[option]}: is empty; expected a value.")
        elif argument == "--" and with_value:
            with_value, before = {}, ""
        elif argument.startswith("-") and with_value and argument != "-":
            before = argument
        else:
            positional.append(argument)
            before = ""
    for at, argument in enumerate(positional):
        if not argument.strip():
            raise WrongValue(f"{_argument_at(at, len(positional), parameters)}: is empty; expected a value.")


def _argument_at(at: int, given: int, parameters: Sequence[Any]) -> str:
    """Return the name of the argument that takes the value ``at`` of ``given``; one of them may take several."""
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    several = next((n for n, one in enumerate(arguments) if one.nargs == -1), None)
    from_end = at - given  # the last value is -1
    if several is not None and at >= several:
        after = several - len(arguments) + 1  # arguments behind, negative
        return name_of(arguments[from_end if from_end >= after else several])
    return name_of(arguments[at]) if at < len(arguments) else f"argument {at + 1}"


def refuse_unusable(ctx: Any) -> None:
    """Raise WrongValue for a number that is not finite, and for an output path that cannot be one.

    ``inf`` is accepted where it is the default or the help names it.
    """
    for parameter in ctx.command.params:
        for value in _values(ctx.params.get(parameter.name)):
            if isinstance(value, float) and not math.isfinite(value):
                unlimited = parameter.default == math.inf or "inf" in (parameter.metavar or "")
                if math.isnan(value) or value < 0 or not unlimited:
                    raise WrongValue(f"{name_of(parameter)}: '{value:g}'; expected {expected_of(parameter)}.")
            if isinstance(value, Path) and not parameter.type_descriptor.parameter_info.exists:
                _refuse_path(value, parameter)


def refuse_unknown_names(ctx: Any) -> None:
    """Raise BadInput for a sector that does not exist and for a layout that it does not have.

    The commands find out themselves, but only after they have imported the libraries of their work. An option with the
    name of a sector, as in topics and stores (``NAME``), names no file.
    """
    sector = ctx.params.get("sector")
    names_file = all(one.metavar != "NAME" for one in ctx.command.params if one.name == "sector")
    if not isinstance(sector, str) or not names_file:
        return
    from ops.cluster.nation_file import is_nation
    from ops.sector.sector_file import layout_path, load_sector, sector_path

    sector_path(sector)
    named = (ctx.params.get(parameter.name) for parameter in ctx.command.params if parameter.metavar == "LAYOUT")
    layouts = [layout for value in named for layout in _values(value) if isinstance(layout, str)]
    if layouts and not is_nation(Path(sector)):  # the sectors of a nation have their own
        known = load_sector(sector)
        for layout in layouts:
            layout_path(known, layout)


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        yield from value
    else:
        yield value


def _refuse_path(path: Path, parameter: Any) -> None:
    name, metavar = name_of(parameter), parameter.metavar
    for above in path.parents:
        if above.exists() and not above.is_dir():
            raise WrongValue(f"{name}: {str(above)!r} is a file; expected a folder.")
    if metavar == "DIR" and path.exists() and not path.is_dir():
        raise WrongValue(f"{name}: {str(path)!r} is a file; expected a folder or a new name.")
    if metavar == "FILE" and path.is_dir():
        raise WrongValue(f"{name}: {str(path)!r} is a folder; expected a file.")


def is_about(parameters: Sequence[Any], error: BadInput) -> bool:
    """Whether an error is about an option or argument of the command itself, and not about a file that it read."""
    word, _, value = error.where.partition(" ")
    is_named = word.startswith("--") or word in {parameter.metavar for parameter in parameters}
    return is_named and not os.path.isfile(value)  # as in "--bases posts.geojson": the content of that file is wrong


def sentence_about(ctx: Any, error: BadInput) -> str:
    """Return the sentence of an error that ``is_about`` a parameter, with the name of an option as it was typed."""
    word, _, rest = error.where.partition(" ")
    named = [one for one in ctx.command.params if one.metavar == word]
    options = [one for one in named if one.param_type_name == "option" and ctx.params.get(one.name)]
    if len(named) == len(options) == 1:
        where = " ".join(filter(None, (name_of(options[0]), rest)))
        return str(BadInput(error.what, where=where, expected=error.expected))
    return str(error)
