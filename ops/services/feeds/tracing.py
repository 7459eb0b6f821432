"""Attempts to deliver an alert, as spans of OpenTelemetry in the trace of the alert (``ops.runtime.traces``)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from ops.runtime.traces.alert_spans import AlertSpans
from ops.store.reader import OutboxRow


class DeliveryTraces:
    """A span ``deliver FEED`` for each attempt to send the first revision of an alert to a receiver.

    It ends with the answer of the receiver, and has the status of an error where the attempt failed. It does not name
    the receiver, which may be one person.
    """

    def __init__(self, spans: AlertSpans, now_ns: Callable[[], int]) -> None:
        self._spans, self._now_ns = spans, now_ns

    def attempt(self, feed: str, row: OutboxRow, answer: Future[Any]) -> None:
        """Follow an attempt that has just been made."""
        if row.kind == "alert" and row.revision == 0:
            answer.add_done_callback(partial(self._ended, feed, row.alert, self._now_ns()))

    def _ended(self, feed: str, alert: str, began_ns: int, answer: Future[Any]) -> None:
        """Runs in the thread of the feed."""
        failed = answer.cancelled() or answer.exception() is not None
        self._spans.add(alert, f"deliver {feed}", began_ns, self._now_ns(), {"watchline.feed": feed}, failed=failed)
