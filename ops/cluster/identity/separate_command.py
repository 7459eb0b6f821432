"""``watchline cluster separate``: separates what was joined across sectors, for who administers the data folder."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ops.audit.command import record_command
from ops.cluster.identity.nation_store import NationReader
from ops.cluster.identity.separation import rejoin, separate
from ops.runtime.account import account_name
from ops.runtime.output import show

_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")
_EXPECTED: Final = "one that `cluster status --json` states under joins"


def separate_incidents(data: Path, sector: str, incident: str, *, again: bool, screen: Console) -> dict[str, Any]:
    """Separate an incident of a sector from the one that it continues, or with ``again`` join them again; print it.

    The audit logs of both sectors record it before it is done.

    Raises
    ------
    BadInput
        If there is no such sector, or the incident continues none of another one.
    NationError
        If that cannot be read or written.
    """
    if not _ID.fullmatch(incident):
        raise BadInput(f"{incident!r} is not the id of an incident", where="INCIDENT", expected=_EXPECTED)
    if sector not in (folder.name for folder in data.iterdir() if folder.is_dir()):
        raise BadInput(f"{data} has no sector {sector!r}", where="NAME", expected="a sector's name")
    with NationReader(data) as nation:
        found = nation.continued_of(sector, [incident])
    if not found:
        what = f"{incident} of {sector} continues no incident of another sector"
        raise BadInput(what, where="INCIDENT", expected=_EXPECTED)
    [one] = found
    action = "rejoin" if again else "separate"
    pair = f"incident {one.incident} ({one.sector}), {one.before_incident} ({one.before_sector})"
    for name in (one.sector, one.before_sector):
        record_command(
            data / name, f"cluster separate{' --rejoin' if again else ''}", f"{pair}: {action}",
            operation="alteration", begin=True,
        )  # fmt: skip
    key = one.sector, one.incident
    done = rejoin(data, key) if again else separate(data, key, account_name(), time.time_ns())
    show(screen, "cluster-separated", action=action, done=done, incident=one.incident, sector=one.sector,
         before=one.before_incident, other=one.before_sector)  # fmt: skip
    return {"action": action, "done": done, **dict(zip(one._fields[:4], one[:4], strict=True))}
