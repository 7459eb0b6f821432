"""The work on the sectors of a nation: which parts there are, what each depends on, and its execution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from geo.vector_files import LAYER_MARK, file_and_layer
from ops.cluster.batch.commands import command_named
from ops.cluster.nation_file import read_nation
from ops.runtime.batch.chains import ChainLink, Failed, run_chains
from ops.runtime.batch.parts import FinishedPart, PartMarks, key_of
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import catalogue
from ops.sector.input_files import input_files
from ops.sector.sector_file import Sector, load_sector, sector_path

SECTORS: Final = "sectors"
"""Folder of the results of the sectors, by name."""
PARTS: Final = "parts"
"""Folder of the marks of finished sectors."""
PLACE: Final = ("scheduler", "workers", "tls_ca", "tls_certificate", "tls_key")
"""Options that state where a command is executed, and change no result."""


@dataclass(frozen=True, slots=True)
class SectorFile:
    """A sector of a nation: its entry in the nation file, and the sector, or the sentence why it cannot be read."""

    entry: str
    sector: Sector | str

    @property
    def name(self) -> str:
        """Name of the sector; its entry where it cannot be read."""
        return self.entry if isinstance(self.sector, str) else self.sector.name


def sectors_of(nation: Path) -> list[SectorFile]:
    """Return the sectors of a nation file in its order.

    Raises ConfigError for a nation file that cannot be used, BadInput for two sectors of one name.
    """
    path, file = read_nation(nation)
    found: list[SectorFile] = []
    for entry in file.sectors:
        try:
            sector = load_sector(sector_path(path.parent / entry))
        except WatchlineError as error:
            found.append(SectorFile(entry, str(error)))
            continue
        other = next((one for one in found if one.name == sector.name), None)
        if other is not None:
            what = f"{other.entry} and {entry} have the same name {sector.name!r}"
            raise BadInput(what, where=f"{path}: sectors", expected="a name of its own for each sector")
        found.append(SectorFile(entry, sector))
    return found


def run_sectors(
    name: str, options: Any, sectors: list[SectorFile], scheduler: Scheduler, *, done: Callable[[str], None]
) -> dict[str, FinishedPart | Failed]:
    """Execute a command for each sector; finished ones of an earlier run with the same input are kept.

    Parameters
    ----------
    name : str
        Of the command, as in ``ops.cluster.batch.commands``.
    options : Any
        Its options, of which ``sector`` and ``out`` are replaced for each sector.
    sectors : list of SectorFile
        The sectors.
    scheduler : Scheduler
        Where to execute it. Workers read and write the same folders under the same paths.
    done : callable
        Called with the name of each sector that is finished.

    Returns
    -------
    dict of str to FinishedPart or Failed
        By sector.
    """
    marks = PartMarks((options.out / PARTS).resolve(), (options.out / SECTORS).resolve())
    chains: dict[str, list[ChainLink]] = {}
    unread: dict[str, Failed] = {}
    given = {field.name: getattr(options, field.name) for field in fields(options) if field.name not in (*PLACE, "out")}
    files = {key: value.resolve() for key, value in given.items() if isinstance(value, Path) and value.exists()}
    for one in sectors:
        if isinstance(one.sector, str):
            unread[one.name] = Failed(one.sector)
            continue
        own = replace(options, sector=str(one.sector.path), out=marks.out / one.name, **elsewhere(options), **files)
        chains[one.name] = [partial(compute_sector, name, one.name, own, marks)]
    with marks.held():
        results = run_chains(chains, scheduler, done=done)
    return {one.name: unread.get(one.name) or results[one.name] for one in sectors}


def elsewhere(options: Any) -> dict[str, Any]:
    """Return the options of ``PLACE`` with which a worker executes its part itself."""
    defaults = {field.name: field.default for field in fields(options)}
    return {name: defaults[name] for name in PLACE}


def compute_sector(name: str, sector_name: str, options: Any, marks: PartMarks, _: object = None) -> FinishedPart:
    """Compute one sector, or keep what was computed; executed on a worker, which prints nothing."""
    command = command_named(name)
    sector = load_sector(options.sector)
    own = {field.name: getattr(options, field.name) for field in fields(options) if field.name not in ("sector", "out")}
    words = catalogue()
    key = key_of(command.kind, _version(), words.language, words.formats.units, sorted(own.items()), files=(
        *input_files(sector), *(one for value in own.values() for one in _named_files(value)),
    ))  # fmt: skip
    screen = Console(file=StringIO(), width=200)
    return marks.part(sector_name, key, lambda: _without_paths(command.work(options, screen)))


def compute_alone(name: str, options: Any, _: object = None) -> tuple[dict[str, Any], str]:
    """Compute one sector on a worker; return the figures, and what the command printed."""
    printed = StringIO()
    figures = command_named(name).work(replace(options, **elsewhere(options)), Console(file=printed, width=200))
    return figures, printed.getvalue()


def _without_paths(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures without the list of files, whose paths are those of one machine."""
    return {name: value for name, value in figures.items() if name != "files"}


def _named_files(value: Any) -> list[Path]:
    """Return the files that the value of an option names: a path, a text, or several."""
    if isinstance(value, Path):
        return [value]
    if isinstance(value, str):
        names = value, value.rpartition("=")[2] if LAYER_MARK not in value else ""
        return [Path(name) for name in names if name and file_and_layer(name)[0].is_file()]
    return [one for item in value for one in _named_files(item)] if isinstance(value, tuple) else []


def _version() -> str:
    from importlib.metadata import version

    return version("watchline")
