"""The CAP feed: alerts as signed CAP 1.2 documents, posted to agencies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Final

import msgspec

from ops.export.warnings import cap
from ops.export.warnings.cap import CapIssuer, EarlierRevision, Element, cap_bytes, cap_document
from ops.export.warnings.issuer import FeedSignature, issuer_of
from ops.export.warnings.published import read_alert
from ops.sector.settings import Settings
from ops.services.feeds.feed import FeedContext, FeedReceiver, OutboxDelivery
from ops.services.feeds.push.client import PushClient
from ops.services.feeds.push.receivers import feed_receiver, targets_of
from ops.store.markings import MarkingReader
from ops.store.moment_reader import MomentReader
from ops.store.reader import OutboxRow

NAME: Final = "cap"


class CapFeed:
    """Posts each alert as a document to the receivers that want it. ``document`` makes that of a row."""

    name = NAME
    problem = None

    def __init__(
        self, receivers: Sequence[FeedReceiver], client: PushClient, document: Callable[[OutboxRow], bytes]
    ) -> None:
        self.receivers, self._client, self._document = tuple(receivers), client, document

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        """Post a row; the future completes when the receiver has answered that it has it."""
        return self._client.post(delivery.receiver, partial(self._content, delivery.row))

    def _content(self, row: OutboxRow) -> tuple[bytes, dict[str, str]]:
        return self._document(row), {"Content-Type": cap.MEDIA_TYPE}

    def close(self) -> None:
        """End every connection."""
        self._client.close()


class CapDocuments:
    """Makes the documents of outbox rows, with the marking in force and references to the earlier revisions."""

    def __init__(
        self, revisions: MomentReader, markings: MarkingReader, issuer: CapIssuer, sign: Callable[[Element], Element]
    ) -> None:
        self._revisions, self._markings, self._issuer, self._sign = revisions, markings, issuer, sign

    def of(self, row: OutboxRow) -> bytes:
        """The document of a row. BadInput for one that is not an alert."""
        self._markings.refresh()
        marking = self._markings.of("alert", row.alert)
        alert = msgspec.structs.replace(read_alert(row.body), marking=marking)
        earlier = []
        for one in self._revisions.revisions_of(row.alert):
            if one.body is not None and one.n < row.n:
                before = read_alert(one.body)
                earlier.append(EarlierRevision(before.revision, before.changed_at))
        return cap_bytes(self._sign(cap_document(alert, self._issuer, earlier=earlier)))


def receivers_of(settings: Settings) -> list[FeedReceiver]:
    """The receivers of the settings."""
    own = settings.feeds.cap
    return [feed_receiver(name, one, own, kinds=("alert",)) for name, one in own.receivers.items()]


def open_feed(context: FeedContext) -> CapFeed | None:
    """The feed to the receivers of the settings; None where there are none."""
    settings = context.settings.feeds.cap
    if not settings.receivers:
        return None
    receivers = receivers_of(context.settings)
    issuer = issuer_of(
        settings, context.sector_id, title=context.title, exercise=context.exercise, language=context.language
    )
    documents = CapDocuments(MomentReader(context.store), MarkingReader(context.store), issuer, FeedSignature())
    return CapFeed(receivers, PushClient(targets_of(settings), timeout_s=settings.timeout_s), documents.of)
