"""Versions on both sides of a connection to a dask cluster: tasks are pickled, so they must be the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from geo.errors import BadInput

SAME_EVERYWHERE: Final = ("python", "dask", "distributed")
SAME_ON_WORKERS: Final = (*SAME_EVERYWHERE, "cloudpickle", "numpy", "watchline")
"""Packages whose version there must be that of this side; of Python the first two numbers."""


def refuse_other_scheduler(address: str, security: Any = None, *, timeout_s: float) -> None:
    """Raise BadInput if a scheduler is of another version. A client of a much older one fails and then waits a minute.

    Parameters
    ----------
    address : str
        Of the scheduler.
    security : distributed.Security, optional
        Certificates; by default those of dask's configuration.
    timeout_s : float
        Longest wait for its answer; OSError after that.
    """
    from distributed.utils import LoopRunner, sync
    from distributed.versions import get_versions

    runner = LoopRunner(asynchronous=False)
    runner.start()  # type: ignore[no-untyped-call]
    try:
        found = sync(runner.loop, _stated, address, security, timeout_s, callback_timeout=timeout_s)
    finally:
        runner.stop()  # type: ignore[no-untyped-call]
    _refuse(address, get_versions(), [("scheduler", found, SAME_EVERYWHERE)])


async def _stated(address: str, security: Any, timeout_s: float) -> Any:
    from distributed.core import rpc
    from distributed.security import Security

    arguments = (security or Security()).get_connection_args("client")  # type: ignore[no-untyped-call]
    async with rpc(address, timeout=timeout_s, connection_args=arguments) as scheduler:  # type: ignore[no-untyped-call]
        return await scheduler.versions()


def refuse_other_versions(client: Any, address: str) -> None:
    """Raise BadInput if the scheduler, or a worker that it has at present, is of another version; nothing is submitted.

    Parameters
    ----------
    client : distributed.Client
        A connection.
    address : str
        Of the scheduler, for the sentence.
    """
    found = client.get_versions(packages=["watchline"])
    sides: list[tuple[str, Any, tuple[str, ...]]] = [("scheduler", found["scheduler"], SAME_EVERYWHERE)]
    sides += [(f"worker {name}", side, SAME_ON_WORKERS) for name, side in sorted(found["workers"].items())]
    _refuse(address, found["client"], sides)


def _refuse(address: str, here: Mapping[str, Any], sides: Iterable[tuple[str, Any, Iterable[str]]]) -> None:
    """Raise BadInput for the first of ``sides`` (who, what it states, packages) with another version than ``here``."""
    own = _packages(here)
    for who, side, names in sides:
        if not isinstance(side, Mapping) or "packages" not in side:  # a worker that has just ended
            continue
        there = _packages(side)
        for name in names:
            if (other := there.get(name)) != own.get(name):
                what = f"the {who} has no {name}" if other is None else f"the {who} has {name} {other}"
                raise BadInput(
                    what, where=address, expected=f"{name} {own.get(name)} on all machines, such as one image"
                )


def _packages(side: Mapping[str, Any]) -> dict[str, str | None]:
    packages = dict(side["packages"])
    packages["python"] = ".".join(str(packages.get("python")).split(".")[:2])
    return packages
