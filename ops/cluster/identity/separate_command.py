"""``watchline cluster separate``: separates what was joined across sectors, for who administers the data folder."""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput
from ops.audit.command import record_command
from ops.cluster.identity.nation_store import NationReader
from ops.cluster.identity.separation import rejoin, separate
from ops.runtime.output import show


def separate_incidents(data: Path, sector: str, incident: str, *, again: bool, screen: Console) -> dict[str, Any]:
    """Separate an incident of a sector from the one that it continues, or with ``again`` join them again; print it.

    The audit logs of both sectors record it before it is done.

    Raises
    ------
    BadInput
        If the incident continues none of another sector.
    NationError
        If that cannot be read or written.
    """
    with NationReader(data) as nation:
        found = nation.continued_of(sector, [incident])
    if not found:
        where, expected = f"{incident} of {sector}", "an incident that `watchline cluster status` states under joins"
        raise BadInput("continues no incident of another sector", where=where, expected=expected)
    [one] = found
    action = "rejoin" if again else "separate"
    pair = f"incident {one.incident} ({one.sector}), {one.before_incident} ({one.before_sector})"
    for name in (one.sector, one.before_sector):
        record_command(
            data / name, f"cluster separate{' --rejoin' if again else ''}", f"{pair}: {action}",
            operation="alteration", begin=True,
        )  # fmt: skip
    key = one.sector, one.incident
    done = rejoin(data, key) if again else separate(data, key, getpass.getuser(), time.time_ns())
    show(screen, "cluster-separated", action=action, done=done, incident=one.incident, sector=one.sector,
         before=one.before_incident, other=one.before_sector)  # fmt: skip
    return {"action": action, "done": done, **dict(zip(one._fields[:4], one[:4], strict=True))}
