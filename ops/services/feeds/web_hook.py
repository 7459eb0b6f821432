"""The web-hook feed: alerts and incidents as JSON, posted and signed as Standard Webhooks (standardwebhooks.com)."""

from __future__ import annotations

import hmac
import os
import re
import time
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from hashlib import sha256
from typing import Final

from ops.export.warnings.cap import identifier_of
from ops.sector.setting_tables.push import PushReceiver, PushSettings
from ops.sector.settings import Settings
from ops.services.feeds.feed import FeedContext, FeedReceiver, OutboxDelivery
from ops.services.feeds.mqtt import numbered
from ops.services.feeds.push.client import PushClient, PushFailed
from ops.services.feeds.push.receivers import feed_receiver, targets_of

NAME: Final = "web_hook"
SECRET_VARIABLE: Final = "WATCHLINE_WEB_HOOK_"  # noqa: S105 - a name
"""The environment variable of a receiver's secret: this, and its name in capitals with ``_`` for ``.`` and ``-``."""
_PREFIX: Final = "whsec_"
_LEAST_SECRET: Final = 24
_MOST_SECRET: Final = 64
"""Lengths of a secret in bytes, as Standard Webhooks requires."""


class WebHookFeed:
    """Posts each row to the receivers that want it, with its number and a signature for each of their secrets.

    ``secrets``: of each receiver, the newest first; without one, its rows wait. ``now_s``: seconds since 1970.
    """

    name = NAME

    def __init__(
        self,
        sector: str,
        receivers: Sequence[FeedReceiver],
        client: PushClient,
        secrets: Mapping[str, Sequence[bytes]],
        *,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.receivers, self._sector, self._client = tuple(receivers), sector, client
        self._secrets, self._now_s = secrets, now_s

    @property
    def problem(self) -> str | None:
        """The receivers that have no secret; None where all have one."""
        without = [one.name for one in self.receivers if not self._secrets.get(one.name)]
        return f"web hooks without a secret: {', '.join(without)}" if without else None

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        """Post a row; the future completes when the receiver has answered that it has it."""
        secrets = self._secrets.get(delivery.receiver)
        if not secrets:
            raise PushFailed(f"{variable_of(delivery.receiver)} holds no secret")
        row = delivery.row

        def signed() -> tuple[bytes, dict[str, str]]:
            body = numbered(delivery)
            identity = identifier_of(self._sector, row.alert, row.revision)
            return body, {
                "Content-Type": "application/json",
                "Watchline-Kind": row.kind,
                **signature_headers(identity, int(self._now_s()), body, secrets),
            }

        return self._client.post(delivery.receiver, signed)

    def close(self) -> None:
        """End every connection."""
        self._client.close()


def signature_headers(identity: str, at_s: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """The headers of Standard Webhooks: id, time [s since 1970], and the signature with each secret."""
    content = f"{identity}.{at_s}.".encode() + body
    signatures = (b64encode(hmac.digest(secret, content, sha256)).decode() for secret in secrets)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }


def variable_of(receiver: str) -> str:
    """The environment variable that holds the secrets of a receiver."""
    return SECRET_VARIABLE + re.sub(r"[^A-Z0-9]", "_", receiver.upper())


def secrets_in(text: str) -> list[bytes]:
    """The secrets of a text, each ``whsec_`` and Base64, separated by spaces; what is not usable is left out."""
    found = []
    for part in text.split():
        try:
            secret = b64decode(part.removeprefix(_PREFIX), validate=True)
        except (NotBase64, ValueError):
            continue
        if part.startswith(_PREFIX) and _LEAST_SECRET <= len(secret) <= _MOST_SECRET:
            found.append(secret)
    return found


def receivers_of(settings: Settings) -> list[FeedReceiver]:
    """The receivers of the settings."""
    own = settings.feeds.web_hook
    return [_receiver_of(name, one, own) for name, one in own.receivers.items()]


def open_feed(context: FeedContext) -> WebHookFeed | None:
    """The feed to the web hooks of the settings; None where there are none. Takes the secrets from the environment."""
    settings: PushSettings = context.settings.feeds.web_hook
    if not settings.receivers:
        return None
    receivers, targets = receivers_of(context.settings), targets_of(settings)
    secrets = {one.name: secrets_in(os.environ.pop(variable_of(one.name), "")) for one in receivers}
    client = PushClient(targets, timeout_s=settings.timeout_s)
    return WebHookFeed(context.sector_id, receivers, client, secrets)


def _receiver_of(name: str, one: PushReceiver, settings: PushSettings) -> FeedReceiver:
    return feed_receiver(name, one, settings, kinds=("alert", "incident") if one.incidents else ("alert",))
