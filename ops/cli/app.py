"""The command line. Each command parses its options here and calls a separate module; an error is one sentence."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from geo.errors import WatchlineError
from ops.analysis.coverage.options import CoverageOptions
from ops.analysis.terrain.options import SitesOptions
from ops.cli.action_plan import action_plan_app
from ops.cli.archive import archive_app
from ops.cli.audit import audit_app
from ops.cli.broker import broker_app, dead_letters_app
from ops.cli.catalogue import catalogue_app
from ops.cli.challenge import challenge
from ops.cli.cluster import cluster_app, top
from ops.cli.command_tree import Command, RootGroup, show_help
from ops.cli.compare import compare
from ops.cli.confidential import confidential_app
from ops.cli.drill import drill_app
from ops.cli.eurosur import eurosur_app
from ops.cli.feeds import feeds_app
from ops.cli.indicators import indicators_app
from ops.cli.journal import journal_app
from ops.cli.lanes import lanes
from ops.cli.operations import demo, record, replay, run, serve, simulate
from ops.cli.options import (
    BrokerOption,
    IdentityOption,
    JsonOption,
    answer,
    broker_url,
    command_of,
    fail,
    refuse_failed,
    say_stopped,
    screen,
)
from ops.cli.patrols import patrols
from ops.cli.plan import plan
from ops.cli.reports import export, handover
from ops.cli.risk import risk
from ops.cli.score import score
from ops.cli.screening import screening
from ops.cli.sector import sector_app
from ops.cli.sensor import sensor_app
from ops.cli.share import share_app
from ops.cli.store import store_app
from ops.cli.terrain import terrain_app
from ops.cli.threats import threats_app
from ops.cli.unit import unit_app
from ops.cli.user import user_app
from ops.cli.wrong_values import UsageError, WrongValue, sentence_of
from ops.runtime.compile_kernels import forget_outdated
from ops.runtime.memory import has_address_limit, save_addresses
from ops.runtime.output import LANGUAGE, UNITS
from ops.runtime.stopping import SIGNALS, CommandStopped, exit_code_of, raise_stopped

COLLECT_EVERY: Final = (50_000, 10, 100)
"""Thresholds of Python's search for unused cycles. Imported libraries are hundreds of thousands of objects that stay;
with the default (700, 10, 10) a command spends up to a second searching them while it imports."""

BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"
"""Variable that numpy's OpenBLAS reads when it is loaded. Where the system refuses one of its threads, it sends SIGINT
to its own process, which is not to be taken for Ctrl-C; with one thread it starts none."""

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


@command_of(CoverageOptions)
def coverage(options: CoverageOptions, *, as_json: JsonOption = False) -> None:
    """Compute detection coverage of a layout.

    For one target class and one weather condition: rasters, tables by segment,
    maps and a summary. With a nation file, every sector is computed, and the
    worst segments of all are listed.

    Examples
    --------
    watchline coverage cumberland --out out/coverage
    watchline coverage cumberland --layout hightech \\
        --conditions night,fog --out out/fog
    watchline coverage nation.toml --scheduler processes --out out/nation
    """
    from ops.cluster.batch.command import of_sector_or_nation

    figures = of_sector_or_nation("coverage", options, screen)
    answer(figures, as_json=as_json)
    refuse_failed(options.sector, figures)


@command_of(SitesOptions)
def sites(options: SitesOptions, *, as_json: JsonOption = False) -> None:
    """Compute what candidate sites can see.

    Computes the viewshed of each candidate and of all together, and selects
    the sites with the largest combined coverage. With a nation file,
    every sector is computed, with the candidates on its terrain.

    Examples
    --------
    watchline sites cumberland candidates.geojson --choose 5 --out out/sites
    watchline sites nation.toml candidates.geojson --out out/sites
    """
    from ops.analysis.terrain.sites_command import look_from_sites
    from ops.cluster.batch.command import of_sector_or_nation
    from ops.cluster.nation_file import is_nation

    if not is_nation(Path(options.sector)):
        answer(look_from_sites(options, screen), as_json=as_json)
        return
    figures = of_sector_or_nation("sites", options, screen)
    answer(figures, as_json=as_json)
    refuse_failed(options.sector, figures)


def doctor(
    broker: BrokerOption = None,
    identity: IdentityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation and its requirements.

    Lists components that are installed, reachable or missing, with a remedy
    for each fault. With --identity, also lists keys and certificates that
    expire soon. The exit code is 1 if a required component is missing.

    Examples
    --------
    watchline doctor
    watchline doctor --broker mqtts://broker.example --identity broker
    """
    from ops.admin.doctor import examine, show

    if broker is not None:
        broker_url(broker)
    findings = examine(broker, identity)
    show(findings, screen)
    answer(
        {"ok": all(f.ok or not f.needed for f in findings), "findings": [f.as_dict() for f in findings]},
        as_json=as_json,
    )
    if any(f.needed and not f.ok for f in findings):
        raise typer.Exit(1)


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="Your shell: bash, zsh or fish.")
    ],
) -> None:
    """Print a shell completion script.

    Examples
    --------
    eval "$(watchline completion bash)"
    watchline completion fish > ~/.config/fish/completions/watchline.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    script = get_completion_script(prog_name="watchline", complete_var=COMPLETION_VARIABLE, shell=shell)
    sys.stdout.write(script + "\n")


COMPLETION_VARIABLE = "_WATCHLINE_COMPLETE"
for function in (
    *(demo, run, serve, replay),
    *(coverage, challenge, sites, score, risk, lanes, screening),
    *(handover, export),
    *(plan, compare, patrols, simulate, record, top, doctor, completion),
):
    app.command(cls=Command)(function)
app.add_typer(sector_app, name="sector")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(share_app, name="share")
app.add_typer(eurosur_app, name="eurosur")
app.add_typer(indicators_app, name="indicators")
app.add_typer(action_plan_app, name="action-plan")
app.add_typer(threats_app, name="threats")
app.add_typer(terrain_app, name="terrain")
app.add_typer(sensor_app, name="sensor")
app.add_typer(journal_app, name="journal")
app.add_typer(archive_app, name="archive")
app.add_typer(broker_app, name="broker")
app.add_typer(audit_app, name="audit")
app.add_typer(drill_app, name="drill")
app.add_typer(confidential_app, name="confidential")
app.add_typer(store_app, name="store")
app.add_typer(cluster_app, name="cluster")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(feeds_app, name="feeds")
app.add_typer(user_app, name="user")
app.add_typer(unit_app, name="unit")


def main() -> None:
    """Entry point of ``watchline``: an expected error becomes one sentence on stderr and an exit code.

    Output concerns persons, so files are private to this user; SIGTERM from a service manager acts as Ctrl-C, with its
    own exit code. So does SIGINT, even where it was ignored at the start, as in a job that a script runs in the
    background. No Python that is started from here, such as the workers of a pool, searches the working folder for
    modules.
    """
    gc.set_threshold(*COLLECT_EVERY)
    os.umask(0o077)
    os.environ["PYTHONSAFEPATH"] = "1"
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
        if error.filename is None:
            raise
        fail(f"{error.filename}: {error.strerror}; expected a path that can be read and written.", 1)
    raise SystemExit(code if isinstance(code, int) else 0)
