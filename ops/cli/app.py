"""The command line. Each command parses its options here and calls a separate module; an error is one sentence."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import sys
from typing import Annotated, Any, Final

import typer

from geo.errors import WatchlineError
from ops.cli import administrators, analysts, integrators, operations_centre, planners
from ops.cli.administrators.installation import COMPLETION_VARIABLE
from ops.cli.command_tree import LONGEST_SUMMARY, Command, CommandGroup, Commands, show_help
from ops.cli.options import fail, say_stopped
from ops.cli.wrong_values import UsageError, WrongValue, sentence_of
from ops.runtime.compile_kernels import forget_outdated
from ops.runtime.memory import has_address_limit, save_addresses
from ops.runtime.output import LANGUAGE, UNITS
from ops.runtime.processes.safe_path import keep_to_safe_path
from ops.runtime.processes.stopping import SIGNALS, CommandStopped, exit_code_of, raise_stopped

COLLECT_EVERY: Final = (50_000, 10, 100)
"""Thresholds of Python's search for unused cycles. Imported libraries are hundreds of thousands of objects that stay;
with the default (700, 10, 10) a command spends up to a second searching them while it imports."""

BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"
"""Variable that numpy's OpenBLAS reads when it is loaded. Where the system refuses one of its threads, it sends SIGINT
to its own process, which is not to be taken for Ctrl-C; with one thread it starts none."""

UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE)
"""Errors of a write; Python does not name its file."""

GROUPS: Final[tuple[Commands, ...]] = tuple(
    package.COMMANDS for package in (operations_centre, analysts, planners, integrators, administrators)
)
"""The commands by the people who use them, in the order of the help."""


class RootGroup(CommandGroup):
    """The root command, which lists its commands by the people who use them."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; CommandStopped after Ctrl-C or SIGTERM."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            raise CommandStopped(stopped) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the signature of Click
        longest = max(map(len, self.commands))
        for title, by_name in GROUPS:
            with formatter.section(title):
                formatter.write_dl(
                    [(name.ljust(longest), self.commands[name].get_short_help_str(LONGEST_SUMMARY)) for name in by_name]
                )


app = typer.Typer(
    name="watchline",
    cls=RootGroup,
    help="Fuse radar, camera and ground-sensor detections along a land border into tracks and alerts, and show where "
    "coverage is missing.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    suggest_commands=False,
)


def _log_to_stderr(level: int) -> None:
    """Log what is at least of this level, also where a library's own loggers let more through, as dask's do."""
    handler = logging.StreamHandler()
    handler.setLevel(level)
    logging.basicConfig(level=level, format="%(levelname)s %(message)s", handlers=[handler])


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more, to stderr.")] = False,
    language: Annotated[
        str | None,
        typer.Option("--language", metavar="en|fr", envvar=LANGUAGE, help="Language of the output."),
    ] = None,
    units: Annotated[
        str | None,
        typer.Option("--units", metavar="metric|nautical|imperial", envvar=UNITS, help="Units of the output."),
    ] = None,
) -> None:
    _log_to_stderr(logging.INFO if verbose else logging.WARNING)
    if version:
        from importlib.metadata import version as installed

        sys.stdout.write(f"watchline {installed('watchline')}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        show_help(context)
    # the processes that a command starts inherit them
    os.environ.update({variable: value for variable, value in ((LANGUAGE, language), (UNITS, units)) if value})


for group in GROUPS:
    for name, command in group.by_name.items():
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name, cls=Command)(command)


def main() -> None:
    """Entry point of ``watchline``: an expected error becomes one sentence on stderr and an exit code.

    Output concerns persons, so files are private to this user; SIGTERM from a service manager acts as Ctrl-C, with its
    own exit code. So does SIGINT, even where it was ignored at the start, as in a job that a script runs in the
    background. No Python that is started from here, such as the workers of a pool, searches the working folder for
    modules.
    """
    gc.set_threshold(*COLLECT_EVERY)
    os.umask(0o077)
    keep_to_safe_path()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own reserves 1 GB of address space
    if has_address_limit():
        os.environ.setdefault(BLAS_THREADS, "1")
        save_addresses()
    os.environ.setdefault("DASK_SCHEDULER", "threads")  # its default, but without a search for a cluster to connect to
    for number in SIGNALS:
        signal.signal(number, raise_stopped)
    try:
        forget_outdated()
        if COMPLETION_VARIABLE in os.environ:
            from typer.completion import completion_init  # type: ignore[attr-defined]

            completion_init()
        code = app(standalone_mode=False, prog_name="watchline", complete_var=COMPLETION_VARIABLE)
    except WrongValue as error:
        fail(str(error), 2)
    except WatchlineError as error:
        fail(str(error), 1)
    except UsageError as error:
        fail(sentence_of(error), 2)
    except CommandStopped as stopped:
        say_stopped()
        raise SystemExit(stopped.exit_code) from None
    except (typer.Abort, KeyboardInterrupt) as stopped:
        say_stopped()
        raise SystemExit(exit_code_of(stopped)) from None
    except OSError as error:
        if error.filename is None and error.errno not in UNWRITABLE:
            raise
        if error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or what stdout still holds fails once more at the end
            fail(f"{error.strerror}; expected an output that can be written.", 1)
        fail(f"{error.filename}: {error.strerror}; expected a path that can be read and written.", 1)
    raise SystemExit(code if isinstance(code, int) else 0)
