"""``watchline simulate`` and ``record`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geo.errors import BadInput
from ops.analysis.option_types import LayoutOption, SectorArgument, SectorNameArgument
from ops.cli.options import (
    IdentityOption,
    JsonOption,
    SeedOption,
    answer,
    broker_url,
    screen,
    store_option,
)


def simulate(
    sector: SectorArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for messages.jsonl and truth.parquet.")],
    layout: LayoutOption = None,
    duration: Annotated[
        float, typer.Option("--duration", metavar="SECONDS", min=1.0, help="Length of the scenario.")
    ] = 600.0,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Simulate sensor messages and their truth.

    Writes the messages that the layout's sensors would send, in wire format,
    and the true paths of the targets.

    Examples
    --------
    watchline simulate cumberland --out out/scenario --duration 120
    """
    from ops.room.offline import simulate_to_files

    answer(simulate_to_files(sector, layout, out, duration_s=duration, seed=seed, screen=screen), as_json=as_json)


def record(
    sector_name: SectorNameArgument,
    broker: Annotated[str, typer.Option("--broker", metavar="URL", envvar="WATCHLINE_BROKER", help="Your broker.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Journal; an existing one is continued.")
    ] = None,
    store: Annotated[str | None, store_option("Record into PostgreSQL")] = None,
    duration: Annotated[
        float | None,
        typer.Option("--duration", metavar="SECONDS", min=1.0, help="Time to record. Default: until Ctrl-C."),
    ] = None,
    identity: IdentityOption = None,
    signed: Annotated[
        bool, typer.Option("--signed", help="Refuse messages without the signature of a registered key.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Record a broker's traffic without fusion.

    SECTOR may also be the sector's name in topics alone, without a sector file.
    Do not record beside `watchline run`: both would acknowledge the messages.
    With --store, prepare the database with `store migrate` first; the log is
    then in out/record.

    Examples
    --------
    watchline record north --broker mqtt://broker.example --out journal.db
    """
    from ops.room.record_command import Recording, record_journal
    from ops.sector.sector_file import topic_name

    if (out is None) == (store is None):
        raise BadInput("give one of them", where="--out, --store", expected="a journal file, or a store in PostgreSQL")
    name = topic_name(sector_name)
    journal = out or Path("out", "record", f"{name}.db")
    recording = Recording(broker_url(broker), name, journal, identity, signed, duration, store)
    answer(record_journal(recording, screen=screen), as_json=as_json)
