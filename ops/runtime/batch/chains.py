"""Chains of work: each link continues from the result of the one before; chains are independent of each other.

A chain is the work on one sector. Its links are executed on the worker that executed the one before, which has the
sector open; a worker that ends costs the link that it was at, which starts again on another. The results do not depend
on the scheduler, nor on the number of its workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from geo.errors import WatchlineError
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import catalogue, speaking
from ops.words import MessageCatalogue

RETRIES: Final = 2
"""How often a link that failed by an error of its machine, such as a full disk, is tried again."""

ChainLink = Callable[[Any], Any]
"""Takes the result of the link before, None at the first, and returns its own. Both can be pickled."""
ChainDone = Callable[[str], None]
"""Called with the name of a chain after each of its links."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A chain that ended with an error, in one sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class _Linked:
    """The result of a link on a worker, and the worker's address."""

    value: Any
    worker: str | None


def run_chains(
    chains: Mapping[str, Sequence[ChainLink]], scheduler: Scheduler, *, done: ChainDone = lambda _: None
) -> dict[str, Any]:
    """Execute all chains; return the result of each one's last link, or ``Failed``, in the order of ``chains``.

    Parameters
    ----------
    chains : mapping of str to sequence of ChainLink
        By name; each has at least one link.
    scheduler : Scheduler
        In this process one chain is executed after the other.
    done : callable
        Called with the name of the chain after each link.

    Returns
    -------
    dict of str to Any
        ``Failed`` for a chain of which a link raised WatchlineError or OSError, or ended several workers.

    Raises
    ------
    BadInput
        If no scheduler answers.
    """
    if scheduler.here:
        results = {name: _here(name, links, done) for name, links in chains.items()}
    else:
        with scheduler.client() as client:
            results = _Workers(client, chains, done).run()
    return {name: results[name] for name in chains}


def _here(name: str, links: Sequence[ChainLink], done: ChainDone) -> Any:
    value: Any = None
    for link in links:
        for attempt in range(RETRIES + 1):
            try:
                value = _executed(link, value)
                break
            except OSError as error:
                value = Failed(_sentence(error)) if attempt == RETRIES else value
        done(name)
        if isinstance(value, Failed):
            break
    return value


class _Workers:
    """Chains in work on the workers of a client."""

    def __init__(self, client: Any, chains: Mapping[str, Sequence[ChainLink]], done: ChainDone) -> None:
        self._client, self._chains, self._done = client, chains, done
        self._order = {name: number for number, name in enumerate(chains)}

    def run(self) -> dict[str, Any]:
        """Return the results, by name."""
        from distributed import as_completed

        results: dict[str, Any] = {}
        at = {self._submit(name, 0, _Linked(None, None)): (name, 0) for name in self._chains}
        waiting: Any = as_completed(list(at), loop=self._client.loop)  # type: ignore[no-untyped-call]
        for future in waiting:
            name, number = at.pop(future)
            found = _result(future)
            self._done(name)
            if isinstance(found.value, Failed) or number + 1 == len(self._chains[name]):
                results[name] = found.value
                continue
            following = self._submit(name, number + 1, found)
            at[following] = (name, number + 1)
            waiting.add(following)
        return results

    def _submit(self, name: str, number: int, before: _Linked) -> Any:
        return self._client.submit(
            _on_worker,
            self._chains[name][number],
            before.value,
            _spoken(),
            pure=False,
            retries=RETRIES,
            priority=-self._order[name],
            workers=None if before.worker is None else [before.worker],
            allow_other_workers=before.worker is not None,
        )


def _result(future: Any) -> _Linked:
    """Return what a worker returned, or the sentence why none did."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        found: _Linked = future.result()
    except (KilledWorker, CancelledError, CommClosedError):
        return _Linked(Failed("Workers ended over it again and again, or the cluster has ended."), None)
    except OSError as error:
        return _Linked(Failed(_sentence(error)), None)
    return found


def _on_worker(link: ChainLink, before: Any, spoken: tuple[str, str, str]) -> _Linked:
    """Execute a link on a worker, in the language of the process that submitted it, its files private to its user."""
    from distributed import get_worker

    language, units, wanted = spoken
    if _version() != wanted:
        why = f"A worker has Watchline {_version()}; expected {wanted}."
        return _Linked(Failed(why), None)
    os.umask(0o077)
    with speaking(MessageCatalogue.of(language, units)):
        return _Linked(_executed(link, before), str(get_worker().address))


def _executed(link: ChainLink, before: Any) -> Any:
    try:
        return link(before)
    except WatchlineError as error:
        return Failed(str(error))


def _spoken() -> tuple[str, str, str]:
    """Language and units of this process, and its version."""
    words = catalogue()
    return words.language, words.formats.units, _version()


def _version() -> str:
    from importlib.metadata import version

    return version("watchline")


def _sentence(error: OSError) -> str:
    return f"{error.filename or 'A file'}: {error.strerror or error}."
