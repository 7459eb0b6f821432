"""An alert as a CAP 1.2 document (OASIS Common Alerting Protocol, 2010), one per revision.

The identifier names sector, alert and revision, so the same revision always has the same one. A later revision is an
update that refers to the earlier ones, and the one that closes the alert cancels them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, isfinite, log, sqrt
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote, unquote

from lxml import etree

from geo.errors import BadInput
from geo.names import readable
from ops.export.warnings.classification import Classification, classify
from ops.export.warnings.published import PublishedAlert, said
from ops.runtime.safe_text import xml_text

if TYPE_CHECKING:
    from ops.words import MessageCatalogue

Element: TypeAlias = etree._Element
NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"
SIGMA_95: Final = sqrt(-2.0 * log(0.05))
"""Radius of the circle that holds a position error of two dimensions with 95%, in standard deviations."""
MOST_REFERENCES: Final = 100
"""An update refers to so many of the latest earlier revisions."""
_HALF_ROUND_M: Final = 20_000_000.0
_ROUNDING_M: Final = 1e-6


@dataclass(frozen=True, slots=True)
class CapIssuer:
    """The elements that are the same in every document of an installation.

    ``sector`` is its name in topics, ``title`` that for people. ``sender``: unique name of the issuer, empty:
    ``watchline.SECTOR``; without spaces, commas, ``<`` and ``&``. ``exercise``: movements are simulated.
    ``expires_s`` [s]: until when a revision counts that no other one follows. ``assumed_error_m`` [m]: radius of the
    area of a position whose error is not known. ``language``: that of the sector, which stands first.
    """

    sector: str
    title: str = ""
    sender: str = ""
    exercise: bool = False
    expires_s: float = 86_400.0
    assumed_error_m: float = 500.0
    language: str = "en"

    def __post_init__(self) -> None:
        if any(character in self.sender for character in " ,<&") or not self.sender.isprintable():
            raise BadInput(f"{self.sender!r}", where="sender", expected="a name without spaces, commas, '<' and '&'")

    @property
    def sent_by(self) -> str:
        """The element ``sender``."""
        return self.sender or f"watchline.{quote(self.sector, safe='')}"

    @property
    def catalogues(self) -> list[MessageCatalogue]:
        """The message catalogues of all languages, that of the sector first."""
        from ops.words import LANGUAGES, MessageCatalogue  # Babel is slow to import

        return [MessageCatalogue.of(one) for one in dict.fromkeys((self.language, *LANGUAGES))]


class EarlierRevision(NamedTuple):
    """A revision of the same alert that was published before, and when it was made."""

    revision: int
    made_at: datetime


def identifier_of(sector: str, alert: str, revision: int) -> str:
    """The identifier of a revision: ``SECTOR.ALERT.REVISION``, percent-encoded where CAP does not allow a character."""
    return ".".join((quote(sector, safe=""), quote(alert, safe="").replace(".", "%2E"), str(revision)))


def named_revision(identifier: str, sector: str) -> tuple[str, int] | None:
    """The alert and the revision that an identifier of this sector names; None for any other text."""
    rest, _, revision = identifier.rpartition(".")
    head, _, alert = rest.rpartition(".")
    if not (head == quote(sector, safe="") and alert and revision.isdecimal() and revision.isascii()):
        return None
    named = unquote(alert), int(revision[:18])
    return named if identifier_of(sector, *named) == identifier else None


def cap_document(alert: PublishedAlert, issuer: CapIssuer, *, earlier: Iterable[EarlierRevision] = ()) -> Element:
    """The CAP 1.2 document of one revision of an alert.

    Parameters
    ----------
    alert : PublishedAlert
        The revision.
    issuer : CapIssuer
        Elements that are the same in every document.
    earlier : iterable of EarlierRevision
        Revisions of the alert that were published before; others are left out.

    Returns
    -------
    Element
        The element ``alert``, not signed.
    """
    before = [one for one in sorted(earlier) if one.revision < alert.revision]
    kind = "Alert" if not before else "Cancel" if alert.is_closed else "Update"
    words = issuer.catalogues
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    _add(root, "identifier", identifier_of(issuer.sector, alert.id, alert.revision))
    _add(root, "sender", issuer.sent_by)
    _add(root, "sent", cap_time(alert.changed_at))
    _add(root, "status", "Exercise" if issuer.exercise else "Actual")
    _add(root, "msgType", kind)
    _add(root, "source", "Watchline")
    _add(root, "scope", "Restricted")
    _add(root, "restriction", _restriction(alert, words[0]))
    if note := _note(alert, words[0]):
        _add(root, "note", note)
    if before:
        _add(root, "references", _references(before, alert, issuer))
    classification = classify(alert)
    for catalogue in words:
        _add_info(root, alert, issuer, catalogue, classification)
    return root


def cap_bytes(root: Element) -> bytes:
    """The document as UTF-8 XML. Nothing is indented: the signature covers every character."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def cap_time(at: datetime) -> str:
    """A time as CAP 1.2 writes it: whole seconds, UTC as ``-00:00``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00").rjust(25, "0")


def _restriction(alert: PublishedAlert, words: MessageCatalogue) -> str:
    if alert.marking:
        return words.say("cap-restriction-marked", marking=alert.marking)
    return words.say("cap-restriction")


def _note(alert: PublishedAlert, words: MessageCatalogue) -> str:
    """Why the alert was closed; empty for an open one."""
    if not alert.is_closed:
        return ""
    reason = said(words, alert.reason_message) if alert.reason_message is not None else readable(alert.reason)
    return words.say("cap-closed", status=alert.status, reason=reason)


def _references(before: Sequence[EarlierRevision], alert: PublishedAlert, issuer: CapIssuer) -> str:
    return " ".join(
        f"{issuer.sent_by},{identifier_of(issuer.sector, alert.id, one.revision)},{cap_time(one.made_at)}"
        for one in before[-MOST_REFERENCES:]
    )


def _add_info(
    root: Element,
    alert: PublishedAlert,
    issuer: CapIssuer,
    words: MessageCatalogue,
    classification: Classification,
) -> None:
    info = _add(root, "info")
    _add(info, "language", words.language)
    for category in classification.categories:
        _add(info, "category", category)
    _add(info, "event", words.say("alert-rule", rule=alert.rule or "alert"))
    _add(info, "responseType", classification.response_type)
    _add(info, "urgency", classification.urgency)
    _add(info, "severity", classification.severity)
    _add(info, "certainty", classification.certainty)
    _add_pair(info, "eventCode", "watchline:rule", alert.rule)
    if alert.raised_at is not None:
        _add(info, "onset", cap_time(alert.raised_at))
    _add(info, "expires", cap_time(_later(alert.changed_at, issuer.expires_s)))
    _add(info, "senderName", issuer.title or issuer.sector)
    _add(info, "headline", alert.headline(words))
    if described := alert.summary(words):
        _add(info, "description", described)
    if alert.response is not None:
        _add(info, "instruction", said(words, alert.response))
    for name, value in _parameters(alert):
        _add_pair(info, "parameter", f"watchline:{name}", value)
    _add_area(info, alert, issuer, words)


def _parameters(alert: PublishedAlert) -> Iterator[tuple[str, str]]:
    """Facts for programs, in SI units; what is not known is left out."""
    facts: dict[str, Any] = {
        "alert": alert.id,
        "revision": alert.revision,
        "priority": alert.priority,
        "status": alert.status,
        "track": alert.track,
        "sensor": alert.sensor,
        "unit": alert.unit,
        "class": alert.class_label,
        "class_probability": alert.class_probability,
        "existence": alert.existence,
        "position_sd_m": alert.position_sd_m,
        "time_to_border_s": alert.time_to_border_s,
    }
    for name, value in facts.items():
        if value is not None and value != "":
            yield name, f"{value:.4g}" if isinstance(value, float) else f"{value}"


def _add_area(info: Element, alert: PublishedAlert, issuer: CapIssuer, words: MessageCatalogue) -> None:
    """One area: a circle of the position error (95%) if there is a position, and the segments as geocodes."""
    segments = _segments(alert)
    stated = [words.say("cap-area-segments", count=len(segments), segments=segments)] if segments else []
    radius_m = radius_95_m(alert, issuer)
    if alert.position is not None:
        known = "known" if alert.position_sd_m is not None else "assumed"
        stated.append(words.say("cap-area-position", error=known, radius_m=radius_m))
    elif alert.sensor:
        stated.append(words.say("cap-area-sensor", sensor=alert.sensor))
    area = _add(info, "area")
    _add(area, "areaDesc", ". ".join(stated) or words.say("cap-area-sector", sector=issuer.title or issuer.sector))
    if alert.position is not None:
        lon, lat = alert.position
        whole_m = ceil(min(radius_m, _HALF_ROUND_M) - _ROUNDING_M)  # up: a smaller circle would hold it less often
        _add(area, "circle", f"{lat:.7f},{lon:.7f} {whole_m / 1000.0:.3f}")
    for segment in segments:
        _add_pair(area, "geocode", "watchline:segment", str(segment))


def radius_95_m(alert: PublishedAlert, issuer: CapIssuer) -> float:
    """Radius of the circle that holds the position with 95%, or the assumed one where its error is not known."""
    known = alert.position_sd_m
    return issuer.assumed_error_m if known is None or not isfinite(known) else SIGMA_95 * abs(known)


def _segments(alert: PublishedAlert) -> list[int]:
    """The border segments of the alert, in order; negative numbers stand for none."""
    gaps = [one["segment"] for one in alert.coverage_gaps if isinstance(one.get("segment"), int)]
    own = [] if alert.segment is None else [alert.segment]
    return sorted({segment for segment in gaps or own if segment >= 0})


def _later(at: datetime, seconds: float) -> datetime:
    try:
        return at + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text is not None:
        child.text = xml_text(text)
    return child


def _add_pair(parent: Element, name: str, value_name: str, value: str) -> None:
    pair = _add(parent, name)
    _add(pair, "valueName", value_name)
    _add(pair, "value", readable(value))
