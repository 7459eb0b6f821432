"""Opens the Cursor-on-Target feed for the feeds process."""

from __future__ import annotations

from contextlib import ExitStack

from ops.broker.identities import FIELD_FEEDS, identity_of
from ops.journal.unit_spool import UnitSpool
from ops.sector.settings import Settings
from ops.services.feeds.cot.feed import CotFeed, receivers_in
from ops.services.feeds.cot.memory import CotMemory
from ops.services.feeds.cot.sources import CotSources
from ops.services.feeds.feed import FeedContext, FeedReceiver
from ops.store.feed_release import FeedRelease
from ops.store.incidents import IncidentReader
from ops.store.markings import MarkingReader
from ops.words import MessageCatalogue


def receivers_of(settings: Settings) -> list[FeedReceiver]:
    """The receivers of the settings."""
    return receivers_in(settings.feeds.cot)


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
    with ExitStack() as unless_open:
        memory = CotMemory(context.folder)
        unless_open.callback(memory.close)
        units = UnitSpool(
            context.url,
            context.sector_id,
            context.folder / "cot-spool.db",
            part="cot",
            now_ns=context.clock.now_ns,
            identity=identity_of(FIELD_FEEDS),
        ).start()
        unless_open.callback(units.close)
        feed = CotFeed(
            context.sector_id,
            settings,
            sources,
            memory,
            units,
            clock=context.clock,
            words=MessageCatalogue.of(context.language),
            refused=context.refused,
        )
        unless_open.pop_all()
    return feed
