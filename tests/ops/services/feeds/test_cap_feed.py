"""The CAP feed: each receiver gets valid, signed documents of what it may have, in order of their revisions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from capvalidator.validate import Validator

from ingest.security.key_bundle import AUTHORITY, CERTIFICATE, CERTIFICATE_KEY
from ops.broker.certificates import Authority
from ops.broker.identities import FEED, IDENTITY_VARIABLE, IdentityFolder
from ops.export.warnings.cap import CapIssuer, cap_bytes, cap_document
from ops.export.warnings.issuer import FeedSignature
from ops.export.warnings.published import read_alert
from ops.export.warnings.signature import verified
from ops.releasability.settings import ReleasabilitySettings
from ops.runtime.output import write_private
from ops.sector.setting_tables.feeds import FeedsSettings
from ops.sector.setting_tables.push import CapSettings, PushReceiver
from ops.services.feeds.cap import CapFeed, open_feed
from ops.services.feeds.dispatch import Dispatcher, RetryPolicy
from ops.services.feeds.ledger import DeliveryLedger
from ops.store.feed_release import FeedRelease
from ops.store.markings import MarkingReader
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.services.api.test_app import T0, T0_NS, alert
from tests.ops.services.feeds.push.receiving import Receiver, receiver
from tests.patience import PATIENT_S

RELEASABILITY = ReleasabilitySettings(levels=("restricted", "national"), units={"partner": "restricted"})


@pytest.fixture
def signed_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, with the certificate of the feed in the folder of keys; returns that of the authority."""
    authority = Authority(tmp_path / "authority", name="hills")
    pair, bundle = authority.client(FEED, 30), IdentityFolder(tmp_path / "keys").bundle(FEED)
    bundle.mkdir(parents=True)
    for name, content in ((CERTIFICATE, pair.certificate), (CERTIFICATE_KEY, pair.key),
                          (AUTHORITY, authority.certificate_pem)):  # fmt: skip
        (bundle / name).write_bytes(content)
    monkeypatch.setenv(IDENTITY_VARIABLE, str(tmp_path / "keys"))
    return tmp_path / "authority" / "ca.pem"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path / "store.db")
    yield one
    one.close()


def opened(store: Store, **receivers: str) -> CapFeed:
    cap = CapSettings({name: PushReceiver(url) for name, url in receivers.items()}, ("127.0.0.0/8",), sender="hills@x")
    context: Any = SimpleNamespace(
        sector_id="hills", settings=SimpleNamespace(feeds=FeedsSettings(cap=cap)), store=store.path, title="Hills",
        exercise=True, language="fr",
    )  # fmt: skip
    feed = open_feed(context)
    assert feed is not None
    return feed


def delivered(store: Store, feed: CapFeed, receivers: dict[str, tuple[Receiver, int]]) -> None:
    """Send until each receiver has so many posts and nothing waits."""
    ledger = DeliveryLedger(store.path.with_name("feeds.db"))
    release = FeedRelease(MarkingReader(store.path), RELEASABILITY)
    dispatcher = Dispatcher(
        Reader(store.path), ledger, [feed], now_ns=time.time_ns, monotonic_s=time.monotonic, release=release,
        policy=RetryPolicy(retry_s=0.01),
    )  # fmt: skip
    limit = time.monotonic() + PATIENT_S
    while dispatcher.pump() or dispatcher.waiting or any(len(one.posts) < n for one, n in receivers.values()):
        assert time.monotonic() < limit
        time.sleep(0.005)
    feed.close()
    ledger.close()


def test_every_revision_arrives_as_a_valid_signed_document(store: Store, signed_room: Path) -> None:
    for revision, status in enumerate(("active", "acknowledged", "cleared")):
        at = (T0 + timedelta(seconds=revision)).isoformat()
        store.commit(revision + 1, stamp_ns=T0_NS, alerts=[alert(1, revision, status=status, updated_at=at)])
    with receiver() as there:
        delivered(store, opened(store, partner=there.url), {"partner": (there, 3)})
        posts = there.posts
    roots = [verified(post.body, signed_room) for post in posts]
    assert all(Validator(post.body).schema()[0] for post in posts)
    assert {post.headers["content-type"] for post in posts} == {"application/cap+xml"}
    found = {
        root.findtext("{*}identifier"): (
            root.findtext("{*}msgType"), len((root.findtext("{*}references") or "").split()),
            root.findtext("{*}status"), root.findtext("{*}sender"), root.findtext("{*}info/{*}language"),
        )
        for root in roots
    }  # fmt: skip
    same = ("Exercise", "hills@x", "fr")
    assert found == {
        "hills.A1.0": ("Alert", 0, *same),
        "hills.A1.1": ("Update", 1, *same),
        "hills.A1.2": ("Cancel", 2, *same),
    }


def test_a_receiver_gets_what_its_marking_allows_and_the_document_states_it(store: Store, signed_room: Path) -> None:
    marks = [("alert", "A2", "restricted"), ("alert", "A3", "national")]
    store.commit(1, stamp_ns=T0_NS, alerts=[alert(1), alert(2), alert(3)], markings=marks)
    with receiver() as partner, receiver() as other:
        feed = opened(store, partner=partner.url, other=other.url)
        delivered(store, feed, {"partner": (partner, 2), "other": (other, 1)})
    restrictions = {
        root.findtext("{*}identifier"): root.findtext("{*}restriction") or ""
        for root in (verified(post.body, signed_room) for post in partner.posts)
    }
    assert restrictions.keys() == {"hills.A1.0", "hills.A2.0"}
    assert "restricted" in restrictions["hills.A2.0"]
    assert "restricted" not in restrictions["hills.A1.0"]
    assert [verified(post.body, signed_room).findtext("{*}identifier") for post in other.posts] == ["hills.A1.0"]


def test_documents_have_the_renewed_certificate_without_a_restart(signed_room: Path) -> None:
    alert = read_alert(b'{"id": "A1", "rule": "crossing", "lon": -84.2, "lat": 36.6}')
    bundle, sign = IdentityFolder(signed_room.parent.parent / "keys").bundle(FEED), FeedSignature()

    def certificate() -> str:
        """That of a document, after its signature was verified."""
        root = sign(cap_document(alert, CapIssuer("hills")))
        verified(cap_bytes(root), signed_room)
        return "".join((root.findtext(".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate") or "").split())

    first = certificate()
    assert certificate() == first
    renewed = Authority(signed_room.parent).client(FEED, 60)
    (bundle / CERTIFICATE).unlink()
    assert certificate() == first
    write_private(bundle / CERTIFICATE, renewed.certificate)
    assert certificate() == first, "amid the change, the earlier one with its key"
    write_private(bundle / CERTIFICATE_KEY, renewed.key)
    assert certificate() == "".join(renewed.certificate.decode().split("-----")[2].split()) != first


def test_without_a_certificate_documents_are_valid_and_not_signed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(IDENTITY_VARIABLE, raising=False)
    store.commit(1, stamp_ns=T0_NS, alerts=[alert(1)])
    with receiver() as there:
        delivered(store, opened(store, partner=there.url), {"partner": (there, 1)})
    (post,) = there.posts
    assert Validator(post.body).schema()[0]
    assert b"Signature" not in post.body


def test_without_receivers_there_is_no_feed() -> None:
    context: Any = SimpleNamespace(settings=SimpleNamespace(feeds=FeedsSettings()))
    assert open_feed(context) is None
