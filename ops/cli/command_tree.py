"""How the commands present themselves: groups, examples in the help, hints for what was mistyped."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Annotated, Any, Final, NamedTuple, NoReturn

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from geo.errors import BadInput
from geo.names import did_you_mean
from ops.cli.needs import need_of
from ops.cli.options import PROGRAM, STOPPED, screen
from ops.cli.wrong_values import (
    UsageError,
    WrongValue,
    is_about,
    refuse_empty,
    refuse_unknown_names,
    refuse_unusable,
    sentence_about,
    sentence_of,
)
from ops.runtime.memory import out_of_memory, ran_out_of_memory, refuse_low_limit
from ops.runtime.output import LANGUAGE, UNITS, catalogue
from ops.runtime.processes.stopping import ending_soon

ENDING_IN_ORDER: Final = {
    f"watchline {name}" for name in ("demo", "run", "record", "serve", "cluster run", "cluster worker")
}
"""Commands that wait for Ctrl-C, and then until the processes of the room have stored what they received."""

LONGEST_SUMMARY: Final = 50
"""Characters."""
EXAMPLES: Final = "\n\nExamples\n--------\n"


class Commands(NamedTuple):
    """The commands of a group of people, in the order of the help.

    ``title``: who they are; ``by_name``: functions, and the groups of commands that have commands of their own.
    """

    title: str
    by_name: Mapping[str, Callable[..., None] | typer.Typer]


def examples_of(command: Any) -> list[str]:
    """Return the example command lines of a command's docstring, without their indentation."""
    return [line for line in command.examples.replace("\\\n", "").splitlines() if line.strip()]


class Command(TyperCommand):
    """A command with ``--quiet``, whose help ends with its examples."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.help, _, self.examples = inspect.cleandoc(self.help or "").partition(EXAMPLES)
        self.params.append(_quiet_option())
        for parameter in self.params:
            if parameter.metavar is None and not getattr(parameter, "is_flag", False):
                parameter.metavar = parameter.opts[-1].strip("-").replace("-", "_").upper()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the values, and refuse those that cannot be used: an error names its option or argument."""
        if ctx.resilient_parsing:
            return list(super().parse_args(ctx, args))
        refuse_empty(self.params, args)
        try:
            rest = super().parse_args(ctx, args)
        except UsageError as error:
            error.ctx = error.ctx or ctx
            raise WrongValue(sentence_of(error)) from None
        refuse_unusable(ctx)
        return list(rest)

    def invoke(self, ctx: Any) -> Any:
        """Run the command in the language and units that were chosen, while its memory is enough."""
        check_language(ctx.find_root())
        path = ctx.command_path
        need = need_of(path)
        refuse_low_limit(path, need)
        with nullcontext() if path in ENDING_IN_ORDER else ending_soon(PROGRAM + STOPPED):
            try:
                refuse_unknown_names(ctx)
                return super().invoke(ctx)
            except BadInput as error:
                if is_about(self.params, error):
                    raise WrongValue(sentence_about(ctx, error)) from None
                raise
            except Exception as error:
                if ran_out_of_memory(error):
                    raise out_of_memory(f"`{path}`", f" than the least, {need}") from error
                raise

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments as ``SECTOR``, or ``[SECTOR]`` where it may be left out."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments and options, without the types of the program."""
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            records = [one.get_help_record(ctx) for one in self.get_params(ctx) if one.param_type_name == kind]
            rows = [(record[0].partition(" <")[0], record[1]) for record in records if record is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the signature of Click
        if self.examples:
            with formatter.section("Examples"):
                formatter.write(textwrap.indent(self.examples, " " * formatter.current_indent) + "\n")


class CommandGroup(TyperGroup):
    """A group of commands: without a command it shows its help, and it suggests the closest name for an unknown one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help, on stderr and with exit code 2, where nothing follows the name of the group."""
        if not args and not ctx.resilient_parsing:
            show_help(ctx)
        return list(super().parse_args(ctx, args))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is None and not cmd_name.startswith("-") and not ctx.resilient_parsing:
            raise _UnknownCommand(cmd_name, self, ctx)
        return command


def show_help(ctx: Any) -> NoReturn:
    """Print the help on stderr, as no command was named, and exit with code 2."""
    typer.echo(ctx.get_help(), err=True)
    raise typer.Exit(2)


def check_language(root: Any) -> None:
    """Raise WrongValue naming the option or the variable that holds an unknown language or unknown units."""
    values = {name: root.params.get(name) for name in ("language", "units")}
    if any(values.values()):
        try:
            catalogue()
        except BadInput as error:
            typed = root.get_parameter_source(error.where).name == "COMMANDLINE"
            where = f"--{error.where}" if typed else {"language": LANGUAGE, "units": UNITS}[error.where]
            raise WrongValue(f"{where}: {error.what}; expected {error.expected}.") from None


class _UnknownCommand(typer.BadParameter):
    def __init__(self, name: str, group: CommandGroup, ctx: Any) -> None:
        super().__init__(f"unknown command {name!r}{did_you_mean(name, list(group.commands))}", ctx=ctx)

    def format_message(self) -> str:
        return str(self.message)


def _silence(value: bool) -> bool:
    screen.quiet = value
    return value


QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print errors, one-time secrets and --json only.", callback=_silence, expose_value=False
    ),
]


def _quiet_option() -> Any:
    """Return the option ``--quiet`` as Typer makes it: the screen shows errors only."""
    probe = typer.Typer(add_completion=False)

    @probe.command()
    def only(quiet: QuietOption = False) -> None: ...

    return typer.main.get_command(probe).params[0]
