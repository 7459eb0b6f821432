"""``watchline share``: packages for partners and from partners."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rich.console import Console

from geo.errors import BadInput
from geo.unfinished import unfinished_folder
from ingest.security.key_bundle import SIGNING_KEY
from ops.exchange.agreements import AgreementsNow, read_agreements
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.keys import signer_in
from ops.exchange.received import ReceivedStore
from ops.exchange.sent import SentStore
from ops.exchange.take import PackageReceiver, joint_coverage_with, read_package
from ops.releasability.decision import EVERYTHING
from ops.releasability.settings import ReleasabilitySettings
from ops.runtime.output import checked_out, say, show, write_private
from ops.runtime.tables import show_table, table_of
from ops.sector.settings import load_settings
from ops.store.connections import store_exists
from ops.store.rows import rfc3339
from sensors.timestamps import nanoseconds

if TYPE_CHECKING:
    from ops.exchange.make import PackageSender, SharingConditions
    from ops.exchange.sent import MadePackage

DEFAULT_PERIOD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ShareOptions:
    """A package to make. ``origin``: pass on what this origin sent; None: own records. ``limit``: of the person."""

    sector: str
    partner: str
    agreements: Path
    identity: Path
    data: Path
    purpose: str
    agreement: str | None = None
    layout: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    origin: str | None = None
    settings: Path | None = None
    limit: str = EVERYTHING
    out: Path | None = None


def make_package(options: ShareOptions, screen: Console) -> dict[str, Any]:
    """Make, sign and log a package; it is put into the outbox of the data folder, and copied to ``out``."""
    from ops.exchange.make import PackageSender, own_product, passed_on, request_for, share

    if options.out is not None:
        checked_out(options.out, options.data)
    sender = PackageSender.of(options.data, options.agreements, options.partner, options.identity, options.purpose)
    agreement = sender.sending(options.agreement)
    release = load_settings(options.settings).releasability
    check_limit(options.limit, release)
    conditions: SharingConditions | None = None
    if options.origin is not None:
        layers, conditions = passed_on(sender, agreement, options.origin, release, options.limit)
    else:
        from ops.sector.open_sector import open_sector

        ground = open_sector(options.sector, options.layout)
        period = _period(options.start, options.end, sender.now_ns)
        request = request_for(sender, ground, agreement, period, release, options.limit)
        has_store = store_exists(options.data / "store.db")
        if not has_store and request.layers:
            expected = "the data folder of `watchline run`, or an agreement on coverage only"
            raise BadInput("has no store.db", where=str(options.data), expected=expected)
        layers = own_product(sender, agreement, ground, request if request.layers else None)
    made = share(sender, agreement, layers, conditions)
    return answer_of(made, sender, options.out, screen)


def withdraw_packages(
    sender: PackageSender, packages: list[int], records: list[str], reason: str, out: Path | None, screen: Console
) -> dict[str, Any]:
    """Make a notice of withdrawal."""
    from ops.exchange.make import withdraw

    if out is not None:
        checked_out(out, sender.data)
    made, concerned = withdraw(sender, packages=packages, records=records, reason=reason)
    answer = answer_of(made, sender, out, screen)
    store = SentStore(sender.data)
    try:
        known = store.packages(sender.partner)
    finally:
        store.close()
    held = {one.number for one in known if one.state_at(sender.now_ns) == "partly_withdrawn"}
    again = [number for number in concerned if number in held]
    if again:
        numbers = ", ".join(map(str, again))
        show(screen, "exchange-again", count=len(again), numbers=numbers, partner=sender.partner)
    return answer | {"concerned": concerned, "no_longer_sent": again}


def receive_package(path: Path, agreements: Path, data: Path, settings: Path | None, screen: Console) -> dict[str, Any]:
    """Verify and import a package, or remove what a notice withdraws; PackageRefused with the reason."""
    receiver = PackageReceiver(data, read_agreements(agreements), load_settings(settings).releasability)
    try:
        manifest, done = receiver.receive(read_package(path), datetime.now(UTC))
    except PackageRefused as error:
        where = f"{path.name} ({error.where})"
        raise PackageRefused(error.reason, error.what, where=where, expected=error.expected) from None
    if manifest.kind == "withdrawal":
        show(screen, "exchange-withdrawn", number=manifest.number, origin=manifest.origin, count=done.removed)
    else:
        show(screen, "exchange-received", number=manifest.number, origin=manifest.origin, count=done.stored)
    store = ReceivedStore(data)
    try:
        missing = store.missing_before(manifest.origin, manifest.number)
    finally:
        store.close()
    if missing:
        show(screen, "exchange-missing", count=len(missing), first=missing[0], last=missing[-1], origin=manifest.origin)
    return {
        "origin": manifest.origin,
        "number": manifest.number,
        "kind": manifest.kind,
        "stored": done.stored,
        "left_out": done.left_out,
        "removed": done.removed,
        "missing": [missing[0], missing[-1]] if missing else [],
    }


def list_packages(data: Path, partner: str | None, screen: Console) -> dict[str, Any]:
    """Print what was sent and received."""
    sent, received = SentStore(data), ReceivedStore(data)
    try:
        now_ns = time.time_ns()
        received.forget_expired(now_ns)
        out: list[dict[str, Any]] = [
            {
                "partner": one.partner, "number": one.number, "kind": one.kind, "agreement": one.agreement,
                "made_at": rfc3339(one.made_ns), "expires_at": rfc3339(one.expires_ns), "person": one.person,
                "purpose": one.purpose, "records": one.records, "sha256": one.sha256, "withdrawn_by": one.withdrawn_by,
                "state": one.state_at(now_ns),
            }
            for one in sent.packages(partner)
        ]  # fmt: skip
        into: list[dict[str, Any]] = [
            {
                "origin": one.origin, "number": one.number, "kind": one.kind, "agreement": one.agreement,
                "received_at": rfc3339(one.received_ns), "expires_at": rfc3339(one.expires_ns), "state": one.state,
                "marking": one.marking, "records": one.records, "sha256": one.sha256,
                "onward": list(one.manifest.onward), "origin_control": one.manifest.origin_control,
            }
            for one in received.packages(partner)
        ]  # fmt: skip
    finally:
        sent.close()
        received.close()
    table = table_of("partner", "number", "direction", "kind", "at", "records", "state", right=("number", "records"))
    for line in out:
        table.add_row(*_cells(line, line["partner"], "sent", line["made_at"], line["state"]))
    for line in into:
        table.add_row(*_cells(line, line["origin"], "received", line["received_at"], line["state"]))
    show_table(screen, table)
    show(screen, "exchange-listed", sent=len(out), received=len(into))
    return {"sent": out, "received": into}


def joint_coverage(
    sector: str, partner: str, agreements: Path, data: Path, agreement: str | None, layout: str | None, out: Path,
    screen: Console,
) -> dict[str, Any]:  # fmt: skip
    """Write what both sides cover, by cell of the agreed grid, as GeoPackage."""
    from ops.sector.open_sector import open_sector

    checked_out(out, data)
    agreed = read_agreements(agreements).agreement(partner, agreement)
    table, number = joint_coverage_with(open_sector(sector, layout), agreed, data, datetime.now(UTC))
    with unfinished_folder(".watchline-share-", out.absolute().parent) as folder:
        table.to_file(folder / "joint.gpkg", layer="joint_coverage", driver="GPKG")
        (folder / "joint.gpkg").replace(out)
    known = table["probability_partner"].notna()
    means = {
        name: round(float(np.mean(table.loc[known, name])), 6) if known.any() else None
        for name in ("probability", "probability_partner", "joint_independent", "joint_low", "joint_high")
    }
    show(screen, "exchange-joint", cells=len(table), shared=int(known.sum()), partner=partner)
    show(screen, "exchange-joint-assumption")
    return {"file": str(out), "package": number, "cells": len(table), "shared_cells": int(known.sum()), "means": means}


def create_key(folder: Path, screen: Console) -> dict[str, Any]:
    """Create the signing key of a folder, unless it has one, and print the public key for partners."""
    if not (folder / SIGNING_KEY).exists():
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(folder / SIGNING_KEY, pem)
    public = b64encode(signer_in(folder).public).decode()
    show(screen, "exchange-key", key=public)
    return {"folder": str(folder), "public_base64": public}


def serve_packages(
    data: Path, agreements: Path, host: str, port: int, tls: tuple[Path, Path], screen: Console
) -> dict[str, Any]:
    """Serve the outbox to partners over HTTPS until Ctrl-C."""
    from ops.exchange.pull import Outbox, serve

    served: list[str] = []

    def behind(partner: str, number: int) -> None:
        show(screen, "exchange-behind", partner=partner, number=number)

    def ready(address: str) -> None:
        served.append(address)
        show(screen, "exchange-serving", address=address)

    read_agreements(agreements)
    now = AgreementsNow(agreements, lambda reason: show(screen, "exchange-no-agreements", reason=reason))
    serve(Outbox(data, now, time.time_ns, behind), host, port, tls, ready)
    return {"address": served[0]}


def pull_packages(
    address: str, partner: str, agreements: Path, identity: Path, data: Path, authority: Path | None,
    settings: Path | None, every_s: float | None, screen: Console,
) -> dict[str, Any]:  # fmt: skip
    """Fetch what a partner has for us: once, or every so many seconds until Ctrl-C, also while the partner is away."""
    from ops.exchange.pull import NoAnswer, pull

    receiver = PackageReceiver(data, read_agreements(agreements), load_settings(settings).releasability)
    receiver.agreements.partner(partner)
    signer = signer_in(identity)
    problem = ""
    while True:
        try:
            packages, records = pull(receiver, partner, address, signer, authority)
        except NoAnswer as error:
            if every_s is None:
                raise
            if str(error) != problem:
                show(screen, "exchange-no-answer", reason=str(error), seconds=every_s)
            problem = str(error)
        else:
            problem = ""
            if packages or every_s is None:
                show(screen, "exchange-pulled", packages=packages, records=records, partner=partner)
            if every_s is None:
                return {"packages": packages, "records": records}
        time.sleep(every_s)


def answer_of(made: MadePackage, sender: PackageSender, out: Path | None, screen: Console) -> dict[str, Any]:
    """Copy a package to ``out``, print where it is, and return what the command states of it."""
    manifest = made.manifest
    store = SentStore(sender.data)
    try:
        outbox = store.path_of(sender.partner, manifest.number)
    finally:
        store.close()
    if out is not None:
        write_private(out, made.content)
    count = sum(entry.records for entry in manifest.layers.values())
    show(screen, "exchange-made", number=manifest.number, partner=sender.partner, count=count, file=str(out or outbox))
    return {
        "file": str(out or outbox),
        "number": manifest.number,
        "kind": manifest.kind,
        "sha256": made.sha256,
        "layers": {name: entry.records for name, entry in manifest.layers.items()},
        "expires_at": rfc3339(nanoseconds(manifest.expires_at)),
    }


def _cells(line: Mapping[str, Any], partner: str, direction: str, at: str, state: str) -> tuple[str, ...]:
    """A row of the table of packages; notices of withdrawal and scores stay, and are complete."""
    done = line["kind"] in ("withdrawal", "score")
    return (
        partner, str(line["number"]), say("exchange-direction", direction=direction),
        say("partners-kind", kind=line["kind"]), at, str(line["records"]),
        say("partners-state", state="done" if done else state),
    )  # fmt: skip


def _period(start: datetime | None, end: datetime | None, now_ns: int) -> tuple[int, int]:
    end_ns = now_ns if end is None else nanoseconds(end)
    day = int(DEFAULT_PERIOD.total_seconds()) * 10**9
    start_ns = end_ns - day if start is None else nanoseconds(start)
    if not start_ns < end_ns:
        raise BadInput("starts after its end", where="--from", expected="a time before --to")
    return start_ns, end_ns


def check_limit(limit: str, release: ReleasabilitySettings) -> None:
    """Raise BadInput for a limit that is not a marking of the settings."""
    if limit not in (EVERYTHING, "", *release.levels):
        expected = f"*, or one of {', '.join(release.levels)}" if release.levels else "*"
        raise BadInput(f"unknown marking {limit!r}", where="--releasability", expected=expected)


__all__ = [
    "answer_of",
    "check_limit",
    "create_key",
    "joint_coverage",
    "list_packages",
    "make_package",
    "pull_packages",
    "receive_package",
    "serve_packages",
    "withdraw_packages",
]
