"""The manifest of a package: what it holds, for whom, from whom, and what the recipient may do with it; signed."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ingest.security.signature import Signer, verifies
from ops.exchange.format.refusal import PackageRefused

FORM: Final = "watchline/1/exchange"
CONTENT_TYPE: Final = "application/vnd.watchline.exchange+json"
PackageKind = Literal["product", "withdrawal", "drill", "score"]
YEARS: Final = (1971, 2200)
"""Of the times of a manifest: their nanoseconds since 1970 are stored."""
MOST_MANIFEST_BYTES: Final = 1_000_000


class LayerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A layer of the product: its fields, in order, and its number of records."""

    fields: tuple[str, ...]
    records: int


class Grid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The agreed grid: EPSG code, side of a cell [m], step of times [s] and of probabilities."""

    epsg: int
    cell_m: float
    time_step_s: float
    probability_step: float


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a notice takes back: whole packages by number, and records by pseudonym; and why."""

    packages: tuple[int, ...] = ()
    records: tuple[str, ...] = ()
    reason: str = ""


class DrillTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A drill: its title, the time in which to acknowledge an incident [s], and the sealed answer key."""

    title: str
    limit_s: float
    sha256: str
    bytes: int


class DrillResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The score of a shift on a drill that the recipient of the package sent as package ``drill``; it names no person.

    The numbers are those of ``ops.governance.drills``. ``median_s`` None: nothing was acknowledged.
    """

    drill: int
    role: str
    shift: str
    limit_s: float
    incidents: int
    in_time: int
    closed: int
    right: int
    crossings: int
    undetected: int
    missed: int
    median_s: float | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signed part of a package. Times are RFC 3339.

    ``number`` counts the packages of the origin for this recipient, from 1. ``case``: target class, and light and
    weather, of shared coverage. ``sources``: the origins of records that are passed on; empty: they are the sender's
    own. ``sha256`` and ``bytes``: of the product, empty and 0 in a withdrawal and a score. A kind other than
    ``product`` has the part of its name.
    """

    form: str
    kind: PackageKind
    origin: str
    recipient: str
    agreement: str
    number: int
    made_at: datetime
    expires_at: datetime
    purpose: str
    marking: str
    onward: tuple[str, ...]
    origin_control: bool
    area: tuple[float, float, float, float]
    grid: Grid
    case: tuple[str, str]
    layers: dict[str, LayerEntry]
    sha256: str
    bytes: int
    withdraws: Withdrawal | None = None
    drill: DrillTerms | None = None
    score: DrillResult | None = None
    sources: tuple[str, ...] = ()


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signature of a manifest: id of the key, and Ed25519 in unpadded base64url."""

    key: str
    sig: str


def encoded(manifest: Manifest) -> bytes:
    """Return the bytes of a manifest, which are signed."""
    return msgspec.json.encode(manifest)


def signature_of(manifest: Manifest, body: bytes, signer: Signer) -> bytes:
    """Sign the bytes of a manifest, by the form of messages (docs/security.md) with a topic of its own."""
    properties = dict(signer.sign(_topic(manifest.origin, manifest.recipient), CONTENT_TYPE, (), body))
    return msgspec.json.encode(Signed(properties["key"], properties["sig"]))


def is_signed_by(manifest: Manifest, body: bytes, signature: bytes, public: Ed25519PublicKey) -> bool:
    """Return whether the signature of a manifest is that of the key."""
    try:
        signed = msgspec.json.decode(signature, type=Signed)
    except (msgspec.MsgspecError, UnicodeError):
        return False
    properties = {"key": signed.key, "sig": signed.sig}
    return verifies(public, _topic(manifest.origin, manifest.recipient), CONTENT_TYPE, properties, body)


def decoded(body: bytes) -> Manifest:
    """Return the manifest of the bytes. PackageRefused for anything else."""
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        what = f"is not a manifest ({str(error)[:200]})"
        raise PackageRefused("malformed", what, where="manifest.json", expected=FORM) from None
    if manifest.form != FORM:
        raise PackageRefused("malformed", "another form", where="manifest.json", expected=FORM)
    for name in ("made_at", "expires_at"):
        if getattr(manifest, name).tzinfo is None:
            expected = "a time with an offset from UTC"
            raise PackageRefused("malformed", "no offset from UTC", where=f"manifest.json {name}", expected=expected)
        if not YEARS[0] <= (year := getattr(manifest, name).year) <= YEARS[1]:
            expected = f"a year from {YEARS[0]} to {YEARS[1]}"
            raise PackageRefused("malformed", f"year {year}", where=f"manifest.json {name}", expected=expected)
    parts = {"withdrawal": manifest.withdraws, "drill": manifest.drill, "score": manifest.score}
    fits = all((manifest.kind == kind) == (part is not None) for kind, part in parts.items())
    if not 1 <= manifest.number < 2**53 or not fits:
        raise PackageRefused("malformed", "number or kind", where="manifest.json", expected="a number from 1")
    return manifest


def _topic(origin: str, recipient: str) -> str:
    """The topic of the signature: no MQTT topic of Watchline begins like it."""
    return f"exchange/1/{origin}/{recipient}"
