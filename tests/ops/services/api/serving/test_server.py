"""A web server that does not start: one that ends meanwhile is named at once, one that is slow is waited for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from fastapi import FastAPI

from ops.services.api.serving import server
from ops.services.api.serving.server import ServerFailed, serving
from tests.patience import PATIENT_S


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # of its thread
def test_a_server_that_ends_while_it_starts_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STARTS_WITHIN_S", PATIENT_S)

    @asynccontextmanager
    async def broken(_: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("no store")
        yield

    app = FastAPI(lifespan=broken)
    app.state.hub = SimpleNamespace(stop=lambda: None)
    with pytest.raises(ServerFailed, match=r"^The web server ended while it started; the log states the reason\.$"):
        serving(app).__enter__()


def test_a_server_that_does_not_start_in_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STARTS_WITHIN_S", 1.0)
    released = threading.Event()

    @asynccontextmanager
    async def slow(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(released.wait, PATIENT_S)
        yield

    app = FastAPI(lifespan=slow)
    app.state.hub = SimpleNamespace(stop=released.set)
    with pytest.raises(ServerFailed, match=r"^The web server did not start within 1 s\.$"):
        serving(app).__enter__()
    assert released.is_set(), "it was asked to end"
