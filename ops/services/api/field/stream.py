"""The event stream of a field unit's device: one short event when its list has changed, so that it reads it again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ops.field.devices import DeviceStoreError
from ops.services.api.event_stream import frame
from ops.services.api.serving.connections import streaming
from ops.store.connections import StoreError

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
HEARTBEAT_S: Final = 15.0
STALL_S: Final = 30.0
"""Maximum time of one write: a radio link is slow, but a device that is gone must not hold its connection."""


class Pulse(NamedTuple):
    """What makes a unit's list different: the number of alerts and incidents, and a digest of all else."""

    number: int
    digest: str

    @property
    def event_id(self) -> str:
        """The id of the event that states it: a device that connects again with it missed nothing."""
        return f"{self.number}-{self.digest}"


class FieldStream(Response):
    """The response of ``GET /v1/field/stream``. ``look`` reads the pulse in a thread; None ends the stream.

    ``after``: the id of the event that the device has seen. It gets an event at once unless it is that of the pulse.
    """

    media_type = "text/event-stream"

    def __init__(self, look: Callable[[], Pulse | None], after: str, stopped: Callable[[], bool]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._look, self._after, self._stopped = look, after, stopped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers, then events until the device disconnects, is revoked, or is too slow."""
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        gone = asyncio.create_task(_disconnected(receive))
        try:
            with streaming(scope, may_be_displaced=True):
                await self._serve(gone, send)
        except TimeoutError:
            log.warning("Disconnected a field unit's stream that was too slow.")
        finally:
            gone.cancel()

    async def _serve(self, gone: asyncio.Task[None], send: Send) -> None:
        loop, seen = asyncio.get_running_loop(), self._after
        await _write(send, b"retry: 3000\n\n")
        beat_due = loop.time() + HEARTBEAT_S
        while not (gone.done() or self._stopped()):
            with suppress(StoreError):  # fusion has not written it, or replaces it: the device keeps what it has
                try:
                    pulse = await asyncio.to_thread(self._look)
                except DeviceStoreError as error:
                    log.warning("%s", error)
                    break
                if pulse is None:
                    break
                if pulse.event_id != seen:
                    await _write(send, frame("change", b'{"number":%d}' % pulse.number, pulse.event_id))
                seen = pulse.event_id
            if loop.time() >= beat_due:
                beat_due = loop.time() + HEARTBEAT_S
                await _write(send, b": \n\n")
            await asyncio.wait({gone}, timeout=LOOK_EVERY_S)
        if not gone.done():
            await _write(send, b"", more=False)


async def _write(send: Send, chunk: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(STALL_S):
        await send({"type": "http.response.body", "body": chunk, "more_body": more})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
