"""Receivers of posts as the settings state them."""

from __future__ import annotations

import ssl
from collections.abc import Collection

from geo.errors import BadInput
from ops.sector.setting_tables.push import PushReceiver, PushSettings
from ops.services.feeds.feed import FeedReceiver
from ops.services.feeds.push.addresses import AddressRule
from ops.services.feeds.push.client import CONNECTIONS, PushTarget


def targets_of(settings: PushSettings) -> dict[str, PushTarget]:
    """The receivers by name. BadInput for a file of an authority that cannot be read."""
    rule = AddressRule(settings.networks)
    return {name: PushTarget(one.url, rule, _trusted(name, one)) for name, one in settings.receivers.items()}


def feed_receiver(name: str, one: PushReceiver, settings: PushSettings, *, kinds: Collection[str]) -> FeedReceiver:
    """A receiver as the dispatcher knows it."""
    return FeedReceiver(
        name,
        kinds=kinds,
        priorities=one.priorities,
        window=CONNECTIONS,
        given_up_after_s=settings.given_up_after_h * 3600.0,
    )


def _trusted(name: str, one: PushReceiver) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=one.authority or None)
    except OSError as error:
        where = f"receiver {name}"
        raise BadInput(f"authority cannot be read ({error})", where=where, expected="a PEM file") from None
