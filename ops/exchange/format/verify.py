"""Verification of a package against the agreements, before anything of it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ops.accounts.person import ROLES
from ops.exchange.agreements import Agreement, Agreements
from ops.exchange.fields import COVERAGE
from ops.exchange.format.geopackage import rows_of
from ops.exchange.format.manifest import DrillResult, DrillTerms, Manifest, is_signed_by
from ops.exchange.format.package import OpenedPackage
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.received import refuse_replay
from ops.releasability.decision import UNMARKED, Markings

MOST_TITLE: Final = 120
AHEAD: Final = timedelta(minutes=5)
"""How far the clock of a partner may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A package that may be stored: its rows by layer, its marking here, when it must be erased, and the answer key."""

    manifest: Manifest
    rows: dict[str, list[dict[str, Any]]]
    marking: str
    expires_at: datetime
    sealed: bytes = b""


def verified(
    package: OpenedPackage, agreements: Agreements, *, newest: int, now: datetime, markings: Markings
) -> Verified:
    """Verify a package and read its records; PackageRefused names the reason.

    ``newest``: the highest number of its origin so far; ``markings``: those of this installation. A notice of
    withdrawal is accepted also when the agreement has ended, because its records must be removed.
    """
    manifest = package.manifest
    _check_addresses(package, agreements)
    if manifest.kind != "withdrawal":  # one that arrives late removes what it names all the same
        refuse_replay(newest, manifest.number)
    if manifest.made_at > now + AHEAD:
        raise _refused("from_the_future", f"made at {manifest.made_at.isoformat()}", f"a time before {now.isoformat()}")
    if manifest.kind == "withdrawal":
        return Verified(manifest, {}, UNMARKED, manifest.expires_at)
    if manifest.expires_at <= now:
        raise _refused("expired", f"expired at {manifest.expires_at.isoformat()}", f"a time after {now.isoformat()}")
    agreement = _agreement(manifest, agreements, now)
    marking = _marking(manifest, agreement, markings)
    if manifest.score is not None:
        _check_score(manifest.score, agreement)
        return Verified(manifest, {}, marking, manifest.expires_at)
    if manifest.drill is not None:
        _check_drill(manifest, manifest.drill, agreement)
    _check_terms(manifest, agreement)
    rows = rows_of(package.product(), manifest, agreement)
    kept_until = manifest.made_at + timedelta(days=agreement.keep_days)
    return Verified(manifest, rows, marking, min(manifest.expires_at, kept_until), package.sealed())


def _check_addresses(package: OpenedPackage, agreements: Agreements) -> None:
    manifest = package.manifest
    known = {one.name: one for one in agreements.partners}
    if manifest.origin not in known:
        expected = f"one of {', '.join(sorted(known))}"
        raise PackageRefused(
            "unknown_origin", f"{manifest.origin[:64]!r}", where="manifest.json origin", expected=expected
        )
    if not is_signed_by(manifest, package.body, package.signature, known[manifest.origin].public):
        expected = f"that of {manifest.origin} with the key in {agreements.path.name}"
        raise PackageRefused("forged", "another signature", where="signature.json", expected=expected)
    if manifest.recipient != agreements.own:
        raise _refused("wrong_recipient", f"for {manifest.recipient[:64]!r}", f"{agreements.own!r}")


def _agreement(manifest: Manifest, agreements: Agreements, now: datetime) -> Agreement:
    found = [one for one in agreements.with_partner(manifest.origin) if one.id == manifest.agreement and one.receives]
    if not found:
        raise _refused(
            "no_agreement", f"{manifest.agreement[:64]!r}", f"an agreement with {manifest.origin} to receive"
        )
    if not found[0].runs_at(now):
        until = f"{found[0].start.isoformat()} to {found[0].until.isoformat()}"
        raise _refused("no_agreement", f"{manifest.agreement!r} is not in force", until)
    return found[0]


def _marking(manifest: Manifest, agreement: Agreement, markings: Markings) -> str:
    if manifest.marking == UNMARKED:
        return UNMARKED
    own = agreement.markings.get(manifest.marking)
    if own is None or (own != UNMARKED and own not in markings.levels):
        expected = f"one that `markings` of {agreement.id!r} maps to a level of [releasability]"
        raise _refused("unknown_marking", f"{manifest.marking[:64]!r}", expected)
    return own


def _check_terms(manifest: Manifest, agreement: Agreement) -> None:
    grid = manifest.grid
    terms = (grid.epsg, grid.cell_m, grid.time_step_s)
    agreed = (agreement.grid_epsg, agreement.grid_m, agreement.time_step_s)
    if terms != agreed:
        raise _refused("not_agreed", f"grid {terms}", f"{agreed}")
    for layer, entry in manifest.layers.items():
        fields = agreement.layers.get(layer, ())
        extra = sorted(set(entry.fields) - set(fields))
        if layer not in agreement.layers or extra or len(set(entry.fields)) < len(entry.fields):
            raise _refused("not_agreed", f"{layer[:40]!r} with {extra or 'no agreed field'}", f"{', '.join(fields)}")
    if COVERAGE in manifest.layers:
        case = (*manifest.case, grid.probability_step)
        own = (agreement.target, agreement.conditions, agreement.probability_step)
        if case != own:
            raise _refused("not_agreed", f"coverage of {case}", f"{own}")


def _check_drill(manifest: Manifest, drill: DrillTerms, agreement: Agreement) -> None:
    if "incidents" not in manifest.layers or COVERAGE in manifest.layers:
        raise _refused("not_agreed", f"a drill with {sorted(manifest.layers)}", "incidents, and no coverage")
    if not agreement.drills:
        raise _refused("not_agreed", "a drill", "no drill, as `drills` of the agreement is not true")
    if not (0 < len(drill.title) <= MOST_TITLE and drill.title.isprintable()) or not 1.0 <= drill.limit_s <= 86_400.0:
        raise _refused(
            "malformed", "title or limit of the drill", f"1 to {MOST_TITLE} visible characters, 1 to 86,400 s"
        )


def _check_score(score: DrillResult, agreement: Agreement) -> None:
    """PackageRefused for numbers that no shift can have."""
    if not agreement.drills:
        raise _refused("not_agreed", "a score", "no score, as `drills` of the agreement is not true")
    parts = ((score.in_time, score.incidents), (score.right, score.closed), (score.closed, score.incidents),
             (score.undetected, score.crossings), (score.missed, score.crossings - score.undetected))  # fmt: skip
    within = 1 <= score.drill < 2**53 and max(score.incidents, score.crossings) < 2**31
    numbers = within and all(0 <= part <= all_ for part, all_ in parts)
    times = 1.0 <= score.limit_s <= 86_400.0 and (score.median_s is None or 0.0 <= score.median_s < 1e9)
    texts = score.role in ROLES and len(score.shift) <= MOST_TITLE and (score.shift == "" or score.shift.isprintable())
    if not (numbers and times and texts):
        raise _refused("malformed", "the score", "parts that are not above their wholes, a role and a shift")


def _refused(reason: Any, what: str, expected: str) -> PackageRefused:
    return PackageRefused(reason, what, where="manifest.json", expected=expected)
