"""Making packages: products of own records, records of others passed on, and notices of withdrawal."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geo.errors import BadInput
from ingest.security.signature import Signer
from ops.audit.command import record_command
from ops.audit.purposes import is_purpose
from ops.exchange.agreements import Agreement, Agreements, read_agreements
from ops.exchange.fields import COVERAGE, FIELDS, IDENTIFIERS
from ops.exchange.format.geopackage import MOST_RECORDS, written
from ops.exchange.format.manifest import (
    FORM,
    DrillResult,
    DrillTerms,
    Grid,
    LayerEntry,
    Manifest,
    PackageKind,
    Withdrawal,
)
from ops.exchange.format.package import MOST_PRODUCT_BYTES, packed
from ops.exchange.keys import signer_in
from ops.exchange.products import coarse_layer, expiry, lower_limit, pseudonym, records_to_share
from ops.exchange.received import ReceivedPackage, ReceivedStore
from ops.exchange.sent import MadePackage, SentStore
from ops.export.request import LAYERS, ExportRequest
from ops.releasability.decision import UNMARKED, Markings
from ops.releasability.settings import ReleasabilitySettings
from ops.runtime.account import account_name
from ops.sector.open_sector import OpenSector
from sensors.timestamps import utc_datetime

_KIND_OF: Final[Mapping[str, PackageKind]] = {"withdraws": "withdrawal", "drill": "drill", "score": "score"}
WITHDRAWAL_DAYS = 3_650
"""A notice of withdrawal is served to the partner for so long."""


@dataclass(frozen=True, slots=True)
class PackageSender:
    """This installation as the sender of packages to one partner.

    ``secret`` makes pseudonyms; ``purpose`` is why the person shares, for the log; ``now_ns`` the time of the package.
    ``role``: of a person of the operations centre; empty: the command line.
    """

    data: Path
    agreements: Agreements
    partner: str
    signer: Signer
    purpose: str
    person: str
    now_ns: int
    role: str = ""

    @classmethod
    def of(cls, data: Path, agreements: Path, partner: str, identity: Path, purpose: str) -> PackageSender:
        """Read the agreements file and the signing key. BadInput, also for a purpose that cannot be logged."""
        if not is_purpose(purpose):
            raise BadInput("cannot be logged", where="--purpose", expected="3 to 200 visible characters on one line")
        read = read_agreements(agreements)
        read.partner(partner)
        return cls(data, read, partner, signer_in(identity), purpose, account_name(), time.time_ns())

    @property
    def secret(self) -> bytes:
        """The secret of pseudonyms: it stays the same as long as the key does."""
        return self.signer.private.private_bytes_raw()

    def sending(self, identity: str | None) -> Agreement:
        """Return an agreement under which a package may be sent now. BadInput."""
        agreement = self.agreements.agreement(self.partner, identity)
        if not agreement.sends:
            raise BadInput(f"{agreement.id!r} is to receive only", where="--agreement", expected="one to send")
        if not agreement.runs_at(utc_datetime(self.now_ns)):
            expected = f"a time from {agreement.start.isoformat()} to {agreement.until.isoformat()}"
            raise BadInput(f"{agreement.id!r} is not in force", where="--agreement", expected=expected)
        return agreement


def own_product(
    sender: PackageSender, agreement: Agreement, ground: OpenSector, request: ExportRequest | None
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of own records and coverage; ``request`` None: coverage only, without a store."""
    withdrawn = _withdrawn_from(sender)
    layers: dict[str, gpd.GeoDataFrame] = {}
    if request is not None:
        layers |= records_to_share(
            request, agreement, own=sender.agreements.own, secret=sender.secret, withdrawn=withdrawn
        )
    if COVERAGE in agreement.layers:
        from ops.exchange.joint_coverage import coverage_of  # compiled kernels, which only this needs

        coverage = coverage_of(ground, agreement)
        coverage.insert(1, "source", sender.agreements.own)
        layers[COVERAGE] = coverage
    return layers


def request_for(
    sender: PackageSender,
    ground: OpenSector,
    agreement: Agreement,
    period: tuple[int, int],
    release: ReleasabilitySettings,
    limit: str,
) -> ExportRequest:
    """Return the request of own records: no record above the limit of the person or that of the agreement."""
    markings = Markings(release.levels)
    if agreement.marking != UNMARKED and agreement.marking not in release.levels:
        expected = f"one of {', '.join(release.levels)}" if release.levels else "none, as [releasability] has no levels"
        raise BadInput(f"marking {agreement.marking!r}", where=agreement.id, expected=expected)
    return ExportRequest(
        store=str((sender.data / "store.db").absolute()),
        out="",
        format="gpkg",
        layers=tuple(layer for layer in LAYERS if layer in agreement.layers),
        start_ns=period[0],
        end_ns=period[1],
        made_ns=sender.now_ns,
        sector=ground.sector.name,
        made_by=sender.person,
        purpose=sender.purpose,
        frame=ground.frame.wkt,
        release=release,
        limit=lower_limit(markings, limit, agreement.marking),
    )


@dataclass(frozen=True, slots=True)
class SharingConditions:
    """What the recipient may do: marking, onward recipients, end, and the origins of records that are passed on.

    ``origin_control``: whether an origin must be asked before another use; it holds beside that of the agreement.
    """

    marking: str
    onward: tuple[str, ...]
    expires_ns: int
    sources: tuple[str, ...] = ()
    origin_control: bool = False


def share(
    sender: PackageSender,
    agreement: Agreement,
    layers: Mapping[str, gpd.GeoDataFrame],
    conditions: SharingConditions | None = None,
    drill: tuple[DrillTerms, bytes] | None = None,
) -> MadePackage:
    """Sign the layers as the next package, log it and put it into the outbox; BadInput for more than one may hold.

    ``drill``: they are those of a drill, with its terms and its sealed answer key.
    """
    conditions = conditions or SharingConditions(agreement.marking, agreement.onward, expiry(sender.now_ns, agreement))
    for name, layer in layers.items():
        if len(layer) > MOST_RECORDS:
            expected = f"at most {MOST_RECORDS:,}; select a shorter period"
            raise BadInput(f"{len(layer):,} records", where=name, expected=expected)
    product = written(layers, utc_datetime(sender.now_ns))
    if len(product) > MOST_PRODUCT_BYTES:
        raise BadInput(f"{len(product):,} bytes", where="product", expected=f"at most {MOST_PRODUCT_BYTES:,}")
    entries = {name: LayerEntry(agreement.layers[name], len(layer)) for name, layer in sorted(layers.items())}
    terms, sealed = drill or (None, None)

    def made(number: int) -> MadePackage:
        manifest = _manifest(sender, agreement, number, conditions, entries, product, drill=terms)
        return _made(manifest, product, sender, number, sealed)

    return _added(sender, made, {name: layer["id"] for name, layer in layers.items()})


def share_score(sender: PackageSender, agreement: Agreement, score: DrillResult) -> MadePackage:
    """Sign the score of a drill as the next package, log it and put it into the outbox."""
    conditions = SharingConditions(UNMARKED, (), expiry(sender.now_ns, agreement))

    def made(number: int) -> MadePackage:
        manifest = _manifest(sender, agreement, number, conditions, {}, None, score=score)
        return _made(manifest, None, sender, number)

    return _added(sender, made, {})


def passed_on(
    sender: PackageSender, agreement: Agreement, origin: str, release: ReleasabilitySettings, limit: str
) -> tuple[dict[str, gpd.GeoDataFrame], SharingConditions]:
    """Return the records of an origin that the partner may have, and the strictest of their conditions.

    BadInput where the origin allows none of its packages to be passed on to the partner.
    """
    received = ReceivedStore(sender.data)
    try:
        received.forget_expired(sender.now_ns)
        every = [one for one in received.packages(origin) if one.kind == "product" and one.state == "in_force"]
        if not every:
            raise BadInput(f"nothing of {origin!r} is in force", where="--from", expected="an origin of packages")
        markings = Markings(release.levels)
        most = lower_limit(markings, limit, agreement.marking)
        allowed = [one for one in every if sender.partner in one.manifest.onward]
        if not allowed:
            expected = f"a partner that {origin} allows"
            raise BadInput(f"{origin} bans onward sharing to {sender.partner}", where="--from", expected=expected)
        allowed = [one for one in allowed if markings.may_see(most, one.marking)]
        if not allowed:
            raise BadInput("every package is above the marking", where="--from", expected="a lower marking")
        made_before = utc_datetime(sender.now_ns) - timedelta(seconds=agreement.delay_s)
        allowed = [one for one in allowed if one.manifest.made_at <= made_before]
        if not allowed:
            expected = f"a package of {origin} that is older than the agreed delay"
            raise BadInput("every package is too recent", where="--from", expected=expected)
        gone = _withdrawn_from(sender)
        layers = {
            layer: _again_coarse(received, allowed, layer, sender, agreement, gone)
            for layer in sorted(agreement.layers)
            if layer in IDENTIFIERS
        }
    finally:
        received.close()
    onward = [set(one.manifest.onward) - {sender.partner} for one in allowed]
    own = set(agreement.onward)
    expires = min(expiry(sender.now_ns, agreement), *(one.expires_ns for one in allowed))
    sources = sorted({str(one) for layer in layers.values() for one in layer["source"]} | {origin})
    marking = markings.most_restrictive(one.marking for one in allowed)
    control = any(one.manifest.origin_control for one in allowed)
    return layers, SharingConditions(
        marking, tuple(sorted(own.intersection(*onward))), expires, tuple(sources), origin_control=control
    )


def withdraw(
    sender: PackageSender, *, packages: Iterable[int], records: Collection[str], reason: str
) -> tuple[MadePackage, list[int]]:
    """Sign a notice that takes packages back, and records by their own ids; return it with the packages concerned.

    BadInput for a package that was not sent to the partner, and for a record that is in none.
    """
    sent = SentStore(sender.data)
    try:
        known = {one.number: one for one in sent.packages(sender.partner)}
        numbers = sorted(set(packages))
        for number in numbers:
            if number not in known or known[number].kind not in ("product", "drill"):
                expected = f"a package to {sender.partner}, as `watchline share list` shows them"
                raise BadInput(f"no package {number}", where="--package", expected=expected)
        concerned, pseudonyms = set(numbers), []
        for identity in records:
            name = pseudonym(sender.secret, sender.partner, identity)
            found = sent.packages_with(sender.partner, name)
            if not found:
                expected = "the id of a record; one of another origin as ORIGIN/ID"
                raise BadInput(f"{identity!r} is in no package", where="--record", expected=expected)
            concerned |= set(found)
            pseudonyms.append(name)
    finally:
        sent.close()
    if not concerned:
        raise BadInput("nothing to withdraw", where="--package", expected="--package or --record")
    name = known[max(concerned)].agreement
    agreement = next((one for one in sender.agreements.with_partner(sender.partner) if one.id == name), None)
    if agreement is None:
        expected = "the agreement of the package, which stays in the file as long as a package may be withdrawn"
        raise BadInput(f"no agreement {name!r}", where=str(sender.agreements.path), expected=expected)
    notice = Withdrawal(tuple(numbers), tuple(sorted(pseudonyms)), reason)
    conditions = SharingConditions(UNMARKED, (), sender.now_ns + WITHDRAWAL_DAYS * 86_400 * 10**9)

    def made(number: int) -> MadePackage:
        manifest = _manifest(sender, agreement, number, conditions, {}, None, withdraws=notice)
        return _made(manifest, None, sender, number)

    return _added(sender, made, {}, records), sorted(concerned)


def _withdrawn_from(sender: PackageSender) -> set[str]:
    """Pseudonyms of the records that were withdrawn, also by those of another key."""
    sent = SentStore(sender.data)
    try:
        by_own_id = {pseudonym(sender.secret, sender.partner, one) for one in sent.withdrawn_records(sender.partner)}
        return sent.withdrawn(sender.partner) | by_own_id
    finally:
        sent.close()


def _added(
    sender: PackageSender,
    made: Callable[[int], MadePackage],
    items: Mapping[str, Iterable[str]],
    withdrawn: Iterable[str] = (),
) -> MadePackage:
    """Log a package as a disclosure and put it into the outbox; ``withdrawn``: own ids of records it takes back."""

    def audited(package: MadePackage) -> None:
        manifest = package.manifest
        counts = ", ".join(f"{entry.records} {name}" for name, entry in manifest.layers.items()) or manifest.kind
        subject = (
            f"package {manifest.number} for {sender.partner} ({sender.agreements.partner(sender.partner).agency}) under"
            f" {manifest.agreement}: {counts}, SHA-256 {package.sha256}"
        )
        by = (sender.person, sender.role) if sender.role else None
        what = f"share {manifest.kind} {sender.partner}"
        record_command(sender.data, what, subject, purpose=sender.purpose, by=by, begin=True)

    sent = SentStore(sender.data)
    try:
        sent.forget_expired(sender.now_ns)
        return sent.add(
            sender.partner, made, person=sender.person, purpose=sender.purpose, items=items, audited=audited,
            withdrawn=withdrawn,
        )  # fmt: skip
    finally:
        sent.close()


def _made(
    manifest: Manifest, product: bytes | None, sender: PackageSender, number: int, sealed: bytes | None = None
) -> MadePackage:
    content = packed(manifest, product, sender.signer, sealed)
    return MadePackage(manifest, content, sha256(content).hexdigest(), Path(f"{number:09d}"))


def _manifest(
    sender: PackageSender,
    agreement: Agreement,
    number: int,
    conditions: SharingConditions,
    layers: dict[str, LayerEntry],
    product: bytes | None,
    **part: Any,
) -> Manifest:
    """The manifest; ``part``: that which a kind other than ``product`` has, by its name in the manifest."""
    stated = {name: value for name, value in part.items() if value is not None}
    grid = Grid(agreement.grid_epsg, agreement.grid_m, agreement.time_step_s, agreement.probability_step)
    return Manifest(
        form=FORM,
        kind=next((_KIND_OF[name] for name in stated), "product"),
        origin=sender.agreements.own,
        recipient=sender.partner,
        agreement=agreement.id,
        number=number,
        made_at=utc_datetime(sender.now_ns),
        expires_at=utc_datetime(conditions.expires_ns),
        purpose=agreement.purpose,
        marking=conditions.marking,
        onward=conditions.onward,
        origin_control=agreement.origin_control or conditions.origin_control,
        area=agreement.area,
        grid=grid,
        case=(agreement.target, agreement.conditions),
        layers=layers,
        sha256="" if product is None else sha256(product).hexdigest(),
        bytes=0 if product is None else len(product),
        sources=conditions.sources,
        **stated,
    )


def _again_coarse(
    received: ReceivedStore,
    packages: list[ReceivedPackage],
    layer: str,
    sender: PackageSender,
    agreement: Agreement,
    gone: Collection[str],
) -> gpd.GeoDataFrame:
    """The newest statement of each record of a layer, on the grid and with the fields of our agreement.

    A track has one for each time, or without times for each cell, with as many positions as its package has.
    """
    newest: dict[Any, list[dict[str, Any]]] = {}
    for package in packages:
        stated: dict[Any, list[dict[str, Any]]] = {}
        for record in received.records(package.origin, package.number, layer):
            cell = (record["lon"], record["lat"]) if layer == "positions" else None
            at = record.get("time", cell)
            stated.setdefault((record["id"], at), []).append(record | {"from": package.origin})
        newest |= stated
    by_source: dict[str, list[dict[str, Any]]] = {}
    for record in chain.from_iterable(newest.values()):
        by_source.setdefault(str(record["source"]), []).append(record)
    parts = [coarse_layer(_frame([], layer, agreement), layer, agreement, own="", secret=sender.secret)]
    parts += [
        coarse_layer(_frame(rows, layer, agreement), layer, agreement, own=source, secret=sender.secret, withdrawn=gone)
        for source, rows in sorted(by_source.items())
    ]
    full = [part for part in parts if len(part)]
    return gpd.GeoDataFrame(pd.concat(full, ignore_index=True), crs=4326) if full else parts[0]


def _frame(rows: list[dict[str, Any]], layer: str, agreement: Agreement) -> gpd.GeoDataFrame:
    """Received records as an export states own ones; a field that the origin did not send is missing."""
    table: dict[str, Any] = {IDENTIFIERS[layer]: [f"{one['from']}/{one['id']}" for one in rows]}
    for name in agreement.layers[layer]:
        values: Any = [one.get(name) for one in rows]
        is_time = FIELDS[layer][name] == "time"
        table[name] = pd.to_datetime(values, utc=True, format="ISO8601") if is_time else pd.Series(values, dtype=object)
    points = gpd.points_from_xy([one["lon"] for one in rows], [one["lat"] for one in rows])
    return gpd.GeoDataFrame(table, geometry=points, crs=4326)
