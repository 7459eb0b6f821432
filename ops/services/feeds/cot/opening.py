"""Opens the Cursor-on-Target feed for the feeds process."""

from __future__ import annotations

from ops.broker.identities import FIELD_FEEDS, identity_of
from ops.journal.unit_spool import UnitSpool
from ops.services.feeds.cot.feed import CotFeed, CotSources
from ops.services.feeds.cot.memory import CotMemory
from ops.services.feeds.feed import FeedContext
from ops.store.feed_release import FeedRelease
from ops.store.incidents import IncidentReader
from ops.store.markings import MarkingReader
from ops.words import MessageCatalogue


def open_feed(context: FeedContext) -> CotFeed | None:
    """The feed to the servers of the settings; None without a server."""
    settings = context.settings.feeds.cot
    if not settings.servers:
        return None
    sources = CotSources(
        IncidentReader(context.store),
        FeedRelease(MarkingReader(context.store), context.settings.releasability),
        context.border,
        context.areas,
    )
    units = UnitSpool(
        context.url,
        context.sector_id,
        context.folder / "cot-spool.db",
        part="cot",
        now_ns=context.clock.now_ns,
        identity=identity_of(FIELD_FEEDS),
    ).start()
    return CotFeed(
        context.sector_id,
        settings,
        sources,
        CotMemory(context.folder),
        units,
        clock=context.clock,
        words=MessageCatalogue.of(context.language),
        refused=context.refused,
    )
