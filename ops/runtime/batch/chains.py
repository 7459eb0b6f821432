"""Chains of work: each link continues from the result of the one before; chains are independent of each other.

A chain is the work on one sector. Its links are executed on the worker that executed the one before, which has the
sector open; a worker that ends costs the link that it was at, which starts again on another. The results do not depend
on the scheduler, nor on the number of its workers.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import queue
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from geo.errors import WatchlineError
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import catalogue, speaking
from ops.words import MessageCatalogue

RETRIES: Final = 2
"""How often a link that failed by an error of its machine, such as a full disk, is tried again."""

LOOK_EVERY_S: Final = 5.0
"""Seconds without the end of a link after which it is checked whether one waits for a lost worker."""

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


@dataclass(frozen=True, slots=True)
class _Work:
    """A link in work, with the result of the link before it."""

    name: str
    number: int
    before: _Linked


class _Workers:
    """Chains in work on the workers of a client."""

    def __init__(self, client: Any, chains: Mapping[str, Sequence[ChainLink]], done: ChainDone) -> None:
        self._client, self._chains, self._done = client, chains, done
        self._order = {name: number for number, name in enumerate(chains)}
        self._at: dict[Any, _Work] = {}
        self._ended = queue.SimpleQueue[tuple[Any, concurrent.futures.Future[_Linked]]]()
        self._stranded: set[Any] = set()

    def run(self) -> dict[str, Any]:
        """Return the results, by name."""
        results: dict[str, Any] = {}
        for name in self._chains:
            self._submit(_Work(name, 0, _Linked(None, None)))
        while self._at:
            ended = self._next()
            work = None if ended is None else self._at.pop(ended[0], None)  # None of one that was cancelled
            if ended is None or work is None:
                continue
            found = ended[1].result()
            self._done(work.name)
            if isinstance(found.value, Failed) or work.number + 1 == len(self._chains[work.name]):
                results[work.name] = found.value
            else:
                self._submit(_Work(work.name, work.number + 1, found))
        return results

    def _submit(self, work: _Work) -> None:
        future = self._client.submit(
            _on_worker,
            self._chains[work.name][work.number],
            work.before.value,
            _spoken(),
            pure=False,
            retries=RETRIES,
            priority=-self._order[work.name],
            workers=None if work.before.worker is None else [work.before.worker],
            allow_other_workers=work.before.worker is not None,
        )
        self._at[future] = work
        outcome = asyncio.run_coroutine_threadsafe(_result(future), self._client.loop.asyncio_loop)
        outcome.add_done_callback(lambda ended: self._ended.put((future, ended)))

    def _next(self) -> tuple[Any, concurrent.futures.Future[_Linked]] | None:
        """Return a link that has ended and what it returned, after a wait; where none does for long, look after them
        and return None."""
        try:
            return self._ended.get(timeout=LOOK_EVERY_S)
        except queue.Empty:
            with suppress(OSError):  # the scheduler does not answer now: the next look is soon
                self._free_stranded()
            return None

    def _free_stranded(self) -> None:
        """Submit again, for any worker, what was stranded at this look and at the one before.

        dask gives a link to another worker only if its own had ended before the link was submitted. If it ends
        later, while there is no other, the link is never executed, although others start. The same holds for one whose
        result was lost with its worker before it was fetched.
        """
        workers = self._client.nthreads()
        executing = {key for keys in self._client.processing().values() for key in keys}
        stranded = {
            future
            for future, work in self._at.items()
            if work.before.worker not in {None, *workers} and future.key not in executing and not future.done()
        }
        for future in stranded & self._stranded if workers else ():
            work = self._at.pop(future)
            self._submit(replace(work, before=_Linked(work.before.value, None)))
            future.cancel()
        self._stranded = stranded


async def _result(future: Any) -> _Linked:
    """Wait for what a worker returns, and fetch it; return that, or the sentence why there is none."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        found: _Linked = await future
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
