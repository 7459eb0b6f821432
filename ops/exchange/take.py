"""Receiving packages: verified, recorded in the audit log, and imported as a whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from geo.errors import BadInput
from ops.audit.command import printable, record_command
from ops.audit.entry import Operation
from ops.exchange.agreements import Agreement, Agreements
from ops.exchange.fields import COVERAGE
from ops.exchange.format.manifest import Manifest
from ops.exchange.format.package import MOST_PACKAGE_BYTES, OpenedPackage, opened
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.format.verify import verified
from ops.exchange.received import Imported, ReceivedStore, RefusedPackage
from ops.exchange.sent import SentStore
from ops.releasability.decision import Markings
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.open_sector import OpenSector
from sensors.timestamps import nanoseconds

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, slots=True)
class PackageReceiver:
    """This installation as the recipient of packages."""

    data: Path
    agreements: Agreements
    release: ReleasabilitySettings

    def receive(self, content: bytes, now: datetime, *, origin: str | None = None) -> tuple[Manifest, Imported]:
        """Import a package. PackageRefused, and nothing stored, for one that is not as agreed.

        ``origin``: the partner that was asked for it; a package of another one would let this partner leave out what
        the other withdrew before it.
        """
        store, package = ReceivedStore(self.data), None
        try:
            store.forget_expired(nanoseconds(now))
            package = opened(content)
            if origin not in (None, package.manifest.origin):
                what = f"{package.manifest.origin[:64]!r}"
                expected = f"{origin!r}, who was asked"
                raise PackageRefused("unknown_origin", what, where="manifest.json origin", expected=expected)
            return package.manifest, self._imported(package, store, now)
        except PackageRefused as refused:
            manifest = None if package is None else package.manifest
            with suppress(sqlite3.Error):  # the refusal is what has to be known
                store.note_refused(_noted(refused, manifest, content, asked=origin, now=now))
            raise
        finally:
            store.close()

    def _imported(self, package: OpenedPackage, store: ReceivedStore, now: datetime) -> Imported:
        manifest = package.manifest
        markings = Markings(self.release.levels)
        found = verified(package, self.agreements, newest=store.newest(manifest.origin), now=now, markings=markings)
        if manifest.score is not None:
            self._check_drill_is_ours(manifest)

        def audited() -> None:
            counts = ", ".join(f"{len(rows)} {name}" for name, rows in found.rows.items()) or manifest.kind
            subject = f"package {manifest.number} of {manifest.origin}: {counts}, SHA-256 {package.sha256}"
            operation: Operation = "erasure" if manifest.kind == "withdrawal" else "collection"
            record_command(
                self.data, f"share receive {manifest.origin}", subject, purpose=manifest.purpose, operation=operation
            )

        return store.add(
            manifest, package.body, found.rows,
            sha256=package.sha256, marking=found.marking, received_ns=nanoseconds(now),
            expires_ns=nanoseconds(found.expires_at), sealed=found.sealed, audited=audited,
        )  # fmt: skip

    def _check_drill_is_ours(self, manifest: Manifest) -> None:
        """PackageRefused for the score of a drill that was never sent to its origin."""
        score = manifest.score
        assert score is not None
        sent = SentStore(self.data)
        try:
            known = {one.number for one in sent.packages(manifest.origin) if one.kind == "drill"}
        finally:
            sent.close()
        if score.drill not in known:
            expected = "the number of a drill that was sent to its origin"
            raise PackageRefused("not_agreed", f"drill {score.drill}", where="manifest.json score", expected=expected)


def _noted(
    refused: PackageRefused, manifest: Manifest | None, content: bytes, *, asked: str | None, now: datetime
) -> RefusedPackage:
    stated = asked or "" if manifest is None else manifest.origin
    number = None if manifest is None else manifest.number
    what, place = (printable(text, 300) for text in (refused.what, refused.where))
    digest = sha256(content).hexdigest()
    return RefusedPackage(nanoseconds(now), printable(stated, 64), number, refused.reason, what, place, digest)


def read_package(path: Path) -> bytes:
    """Return the bytes of a package file. PackageRefused for one that is too large, before it is read."""
    with path.open("rb") as file:
        content = file.read(MOST_PACKAGE_BYTES + 1)
    if len(content) > MOST_PACKAGE_BYTES:
        raise PackageRefused(
            "too_large", "is too large", where=str(path), expected=f"at most {MOST_PACKAGE_BYTES:,} bytes"
        )
    return content


def joint_coverage_with(
    ground: OpenSector, agreement: Agreement, data: Path, now: datetime
) -> tuple[gpd.GeoDataFrame, int]:
    """Return own coverage, that of the partner's newest package, and what both cover; and the number of the package.

    BadInput where the agreement has no coverage, or no package of the partner with coverage is in force.
    """
    import pandas as pd

    from ops.exchange.joint_coverage import coverage_of, joint_table  # compiled kernels, which only this needs

    if COVERAGE not in agreement.layers:
        raise BadInput("coverage is not agreed", where=agreement.id, expected="a layer `coverage`")
    store = ReceivedStore(data)
    try:
        store.forget_expired(nanoseconds(now))
        found = [
            one
            for one in store.packages(agreement.partner)
            if (one.kind, one.state, one.agreement) == ("product", "in_force", agreement.id)
            and COVERAGE in one.manifest.layers
        ]
        if not found:
            raise BadInput("no coverage in force", where=agreement.partner, expected="a package of the partner with it")
        rows = list(store.records(agreement.partner, found[-1].number, COVERAGE))
    finally:
        store.close()
    other = pd.DataFrame(rows, columns=["id", "probability"])
    return joint_table(coverage_of(ground, agreement), other, agreement), found[-1].number
