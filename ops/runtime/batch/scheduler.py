"""Where batch work is executed: in this process, in processes of this machine, or on workers of a dask scheduler."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, Self

from geo.errors import BadInput
from geo.visibility.many_sites.executor import CONNECT_S, Executor, client_of
from geo.visibility.many_sites.versions import refuse_other_scheduler, refuse_other_versions

HERE: Final = "threads"
"""The scheduler that is this process."""


class WithScheduler(Protocol):
    """Options of a command that state where it is executed."""

    @property
    def scheduler(self) -> str: ...
    @property
    def workers(self) -> int | None: ...
    @property
    def tls_ca(self) -> Path | None: ...
    @property
    def tls_certificate(self) -> Path | None: ...
    @property
    def tls_key(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Options of a scheduler, checked.

    Parameters
    ----------
    scheduler : str
        "threads" (this process), "processes" (of this machine, at most ``workers`` at once), or the address of a dask
        scheduler.
    workers : int, optional
        Number of threads or processes; by default one per core. The number of a scheduler's workers is its own.
    tls_ca, tls_certificate, tls_key : path, optional
        Files by which this process and a ``tls://`` scheduler identify themselves.

    Raises
    ------
    BadInput
        For an unknown scheduler, or TLS files that are missing or stated without a ``tls://`` address.
    """

    scheduler: str = HERE
    workers: int | None = None
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        try:
            Executor(self.scheduler, self.workers)
        except BadInput as error:
            raise BadInput(error.what, where=f"--{error.where}", expected=error.expected) from None
        if not any(self.tls_files.values()):
            return
        if not self.scheduler.startswith("tls://"):
            raise BadInput(f"{self.scheduler}", where="--scheduler", expected="tls://host:port beside --tls-ca")
        for name, path in self.tls_files.items():
            if path is None or not path.is_file():
                what = "missing" if path is None else f"no such file: {path}"
                raise BadInput(what, where=name, expected="a PEM file")

    @classmethod
    def of(cls, options: WithScheduler) -> Self:
        """The scheduler that the options of a command name. Raises BadInput as the class."""
        return cls(options.scheduler, options.workers, options.tls_ca, options.tls_certificate, options.tls_key)

    @property
    def tls_files(self) -> dict[str, Path | None]:
        """The TLS files by the name of their option."""
        return {"--tls-ca": self.tls_ca, "--tls-certificate": self.tls_certificate, "--tls-key": self.tls_key}

    @property
    def here(self) -> bool:
        """Whether the work is done in this process."""
        return self.scheduler in (HERE, "synchronous")

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Yield what ``geo.visibility`` takes as scheduler: the name, or with TLS files a client that shows them.

        Raises BadInput where no scheduler accepts the certificate, or one of another version.
        """
        if not any(self.tls_files.values()):
            yield self.scheduler
            return
        from distributed import Client
        from distributed.security import Security

        try:
            security = Security(  # type: ignore[no-untyped-call]
                require_encryption=True,
                tls_ca_file=str(self.tls_ca),
                tls_client_cert=str(self.tls_certificate),
                tls_client_key=str(self.tls_key),
            )
            refuse_other_scheduler(self.scheduler, security, timeout_s=CONNECT_S)
            client = Client(self.scheduler, security=security, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise BadInput(
                "no dask scheduler accepts this certificate",
                where=self.scheduler,
                expected="the address of a running scheduler, and certificates of its authority",
            ) from error
        with client:
            refuse_other_versions(client, self.scheduler)
            yield client

    @contextmanager
    def client(self) -> Iterator[Any]:
        """Yield a client of the workers; those of this machine are as many as there is work for, at most ``workers``.

        Raises BadInput where no scheduler answers, or one of another version.
        """
        with _quiet(), self.opened() as scheduler, client_of(Executor(scheduler, self.workers)) as client:
            if self.scheduler == "processes":
                client.cluster.adapt(minimum=1, maximum=Executor(workers=self.workers).count)
            yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep notes of dask off the screen, such as on processes that take long to end on a busy machine."""
    import distributed

    log = logging.getLogger(distributed.__name__)  # whose import sets its level
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
