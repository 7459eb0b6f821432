"""CAP 1.2: every document is valid by the OASIS schema, and states by rule what the alert states."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from capvalidator.validate import Validator
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from geo.errors import BadInput
from ops.export.warnings.cap import (
    MOST_REFERENCES,
    NAMESPACE,
    SIGMA_95,
    CapIssuer,
    EarlierRevision,
    cap_bytes,
    cap_document,
    identifier_of,
    named_revision,
)
from ops.export.warnings.classification import classify
from ops.export.warnings.published import PublishedAlert, read_alert
from tests.drills.sizes import sized
from tests.ops.export.warnings.generated import alert as generated_alert
from tests.ops.export.warnings.generated import bodies

ISSUER = CapIssuer("cumberland", title="Cumberland")
AT = datetime(2026, 3, 1, 22, 0, 10, 500_000, tzinfo=UTC)
CAP = {"c": NAMESPACE}


def alert(**more: Any) -> PublishedAlert:
    given = {"id": "A1", "rule": "crossing", "priority": "high", "updated_at": AT, "raised_at": AT, "revision": 2}
    return read_alert(msgspec.json.encode(given | more))


def text(root: etree._Element, path: str) -> str:
    found = root.findtext("/".join(f"c:{part}" for part in path.split("/")), namespaces=CAP)
    assert found is not None, path
    return found


def texts(root: etree._Element, path: str) -> list[str | None]:
    return [one.text for one in root.iterfind("/".join(f"c:{part}" for part in path.split("/")), CAP)]


def checked(document: bytes, schema: etree.XMLParser) -> etree._Element:
    return etree.fromstring(document, schema)  # raises XMLSyntaxError for a document that breaks the schema


def test_thousands_of_generated_alerts_are_valid_by_the_oasis_schema() -> None:
    schema, kinds = Validator(b"").get_schema_parser(), set()
    for number, body in enumerate(bodies(sized(2_000, 10_000), seed=18)):
        one = read_alert(body)
        earlier = [EarlierRevision(n, AT) for n in range(number % 4)]
        root = checked(cap_bytes(cap_document(one, ISSUER, earlier=earlier)), schema)
        kinds.add(text(root, "msgType"))
        assert named_revision(text(root, "identifier"), "cumberland") == (one.id, one.revision)
        assert not set(" ,<&") & set(text(root, "identifier") + text(root, "sender"))
        assert texts(root, "info/language") == ["en", "fr"]
        assert all(_fits_the_globe(circle) for circle in texts(root, "info/area/circle"))
    assert kinds == {"Alert", "Update", "Cancel"}


def _fits_the_globe(circle: str | None) -> bool:
    position, radius_km = str(circle).split(" ")
    lat, lon = (float(part) for part in position.split(","))
    return abs(lat) <= 90 and abs(lon) <= 180 and 0 <= float(radius_km) <= 20_000


@given(st.text(), st.text(), st.integers(0, 10**17), st.randoms(use_true_random=False))
def test_any_text_makes_a_valid_document_whose_identifier_names_the_alert(
    sector: str, identity: str, revision: int, chance: random.Random
) -> None:
    body = generated_alert(chance) | {"id": identity or "A", "revision": revision, "reason": sector, "track": identity}
    one, schema = read_alert(msgspec.json.encode(body)), Validator(b"").get_schema_parser()
    root = checked(cap_bytes(cap_document(one, CapIssuer(sector or "s", title=identity))), schema)
    assert named_revision(text(root, "identifier"), sector or "s") == (one.id, one.revision)


def test_the_schema_refuses_a_document_with_an_element_too_many() -> None:
    root = cap_document(alert(), ISSUER)
    etree.SubElement(root, f"{{{NAMESPACE}}}sender")
    with pytest.raises(etree.XMLSyntaxError):
        checked(cap_bytes(root), Validator(b"").get_schema_parser())


def test_a_revision_is_an_alert_an_update_or_a_cancellation_that_refers_to_the_earlier_ones() -> None:
    earlier = [EarlierRevision(1, AT), EarlierRevision(0, AT - timedelta(seconds=10)), EarlierRevision(3, AT)]
    first, update = cap_document(alert(), ISSUER), cap_document(alert(), ISSUER, earlier=earlier)
    cancel = cap_document(alert(status="rejected", reason="a cow"), ISSUER, earlier=earlier)
    assert [text(one, "msgType") for one in (first, update, cancel)] == ["Alert", "Update", "Cancel"]
    assert texts(first, "references") == []
    references = (
        "watchline.cumberland,cumberland.A1.0,2026-03-01T22:00:00-00:00"
        " watchline.cumberland,cumberland.A1.1,2026-03-01T22:00:10-00:00"
    )
    assert text(update, "references") == text(cancel, "references") == references
    assert text(cancel, "note") == "Rejected as false: a cow"
    assert (text(update, "identifier"), text(update, "sent")) == ("cumberland.A1.2", "2026-03-01T22:00:10-00:00")


def test_an_update_refers_to_the_latest_revisions_if_there_are_very_many() -> None:
    earlier = [EarlierRevision(n, AT) for n in range(5 * MOST_REFERENCES)]
    references = text(cap_document(alert(revision=10**6), ISSUER, earlier=earlier), "references").split(" ")
    assert len(references) == MOST_REFERENCES
    assert identifier_of("cumberland", "A1", 5 * MOST_REFERENCES - 1) in references[-1]


def test_the_scope_is_restricted_and_states_the_marking() -> None:
    plain, marked = cap_document(alert(), ISSUER), cap_document(alert(marking="EU ONLY"), ISSUER)
    assert text(plain, "scope") == text(marked, "scope") == "Restricted"
    assert text(plain, "restriction").endswith("Not for release to the public.")
    assert text(marked, "restriction") == f"Releasability marking: EU ONLY. {text(plain, 'restriction')}"


def test_the_language_of_the_sector_stands_first_and_each_has_its_own_sentences() -> None:
    body = alert(
        message={"id": "alert-crossing", "parameters": {"class": "person", "track": "T1", "direction": "inbound",
                                                        "segment": 7}}
    )  # fmt: skip
    root = cap_document(body, CapIssuer("cumberland", language="fr"))
    assert texts(root, "info/language") == ["fr", "en"]
    assert texts(root, "info/event") == ["Franchissement", "Crossing"]
    assert texts(root, "info/headline")[1] == "Probable person on foot, track T1, crossed inbound at segment 7"
    assert text(root, "restriction").startswith("Réservé aux utilisateurs autorisés")


def test_the_area_is_the_circle_that_holds_the_position_with_95_percent() -> None:
    root = cap_document(alert(lon=-84.2, lat=36.6, position_sd_m=100.0, segment=7), ISSUER)
    assert text(root, "info/area/circle") == f"36.6000000,-84.2000000 {SIGMA_95 / 10:.3f}"
    assert text(root, "info/area/areaDesc") == "Border segment 7. Position error 245 m (95%)"
    assert text(root, "info/area/geocode/value") == "7"
    unknown = cap_document(alert(lon=-84.2, lat=36.6), CapIssuer("cumberland", assumed_error_m=1500.0))
    assert text(unknown, "info/area/circle") == "36.6000000,-84.2000000 1.500"
    assert "unknown" in text(unknown, "info/area/areaDesc")


@given(st.floats(0.0, 1e5), st.floats(0.0, 1e5))
@settings(deadline=None)
def test_the_circle_is_never_smaller_than_the_error_and_at_most_a_metre_larger(sd_m: float, assumed_m: float) -> None:
    """Rounding to the metre must not shrink the area that holds the position with 95%."""
    for stated, radius_m in ((sd_m, SIGMA_95 * sd_m), (None, assumed_m)):
        issuer = CapIssuer("cumberland", assumed_error_m=assumed_m)
        root = cap_document(alert(lon=-84.0, lat=36.0, position_sd_m=stated), issuer)
        radius_km = float(text(root, "info/area/circle").split()[1])
        assert radius_m - 1e-3 <= 1000.0 * radius_km <= radius_m + 1.001


def test_hidden_characters_of_a_sentence_without_a_message_are_shown() -> None:
    root = cap_document(alert(sentence="Call \u202efrom the\nvalley"), ISSUER)
    assert set(texts(root, "info/headline")) == {"Call \ufffdfrom the\ufffdvalley"}


def test_a_longitude_beyond_the_antimeridian_is_brought_onto_the_globe() -> None:
    assert text(cap_document(alert(lon=190.0, lat=1.0), ISSUER), "info/area/circle").startswith(
        "1.0000000,-170.0000000"
    )


def test_an_alert_without_a_position_names_its_sensor_or_the_sector() -> None:
    offline = cap_document(alert(rule="sensor_offline", sensor="radar-1"), ISSUER)
    assert text(offline, "info/area/areaDesc") == "Coverage of sensor radar-1"
    assert text(cap_document(alert(), ISSUER), "info/area/areaDesc") == "Sector Cumberland"
    assert texts(offline, "info/area/circle") == []


def test_the_circle_holds_95_percent_of_a_gaussian_error() -> None:
    """A radius in two dimensions is Rayleigh distributed: P(r < R) = 1 − exp(−R²/2)."""
    chance = random.Random(7)
    inside = sum(chance.gauss(0, 1) ** 2 + chance.gauss(0, 1) ** 2 < SIGMA_95**2 for _ in range(40_000))
    assert abs(inside / 40_000 - 0.95) < 5 * (0.05 * 0.95 / 40_000) ** 0.5


@pytest.mark.parametrize(
    ("stated", "categories", "urgency", "severity", "certainty", "response"),
    [
        ({"rule": "distress", "priority": "distress"}, ("Rescue", "Safety"), "Immediate", "Extreme", "Observed",
         "Assess"),
        ({"rule": "crossing", "priority": "high", "existence": 0.97}, ("Security",), "Immediate", "Severe", "Observed",
         "Assess"),
        ({"rule": "approaching", "priority": "low", "existence": 0.97, "time_to_border_s": 900}, ("Security",),
         "Immediate", "Minor", "Likely", "Assess"),
        ({"rule": "approaching", "priority": "low", "existence": 0.4, "time_to_border_s": 901}, ("Security",),
         "Expected", "Minor", "Possible", "Assess"),
        ({"rule": "loitering", "priority": "low", "existence": 0.9}, ("Security",), "Future", "Minor", "Observed",
         "Assess"),
        ({"rule": "sensor_offline", "priority": "medium"}, ("Infra", "Security"), "Expected", "Moderate", "Observed",
         "Assess"),
        ({"rule": "activity_below_baseline", "priority": "low"}, ("Security",), "Future", "Minor", "Possible",
         "Assess"),
        ({"rule": "crossing", "priority": "high", "status": "rejected", "existence": 0.97}, ("Security",), "Past",
         "Severe", "Unlikely", "AllClear"),
        ({"rule": "crossing", "priority": "high", "status": "cleared", "existence": 0.97}, ("Security",), "Past",
         "Severe", "Observed", "AllClear"),
        ({"rule": "of a later version", "priority": "of a later version"}, ("Security",), "Unknown", "Unknown",
         "Possible", "Assess"),
    ],
)  # fmt: skip
def test_the_classification_follows_the_stated_rules(
    stated: dict[str, Any], categories: tuple[str, ...], urgency: str, severity: str, certainty: str, response: str
) -> None:
    found = classify(alert(**stated))
    assert (found.categories, found.urgency, found.severity, found.certainty, found.response_type) == (
        categories, urgency, severity, certainty, response
    )  # fmt: skip


def test_simulated_movements_are_an_exercise() -> None:
    assert text(cap_document(alert(), ISSUER), "status") == "Actual"
    assert text(cap_document(alert(), CapIssuer("cumberland", exercise=True)), "status") == "Exercise"


@pytest.mark.parametrize("sender", ["a b", "a,b", "a<b", "a&b", "a\nb"])
def test_a_sender_that_cap_does_not_allow_is_refused(sender: str) -> None:
    with pytest.raises(BadInput, match="sender"):
        CapIssuer("cumberland", sender=sender)


@pytest.mark.parametrize(
    "other",
    ["", "cumberland.A1", "other.A1.2", "cumberland.A1.-2", "cumberland.A1.02", "cumberland.A1.²", "cumberland..2",
     "cumberland.A1.2.", "cumberland.A%31.2"],
)  # fmt: skip
def test_any_other_text_names_no_revision(other: str) -> None:
    assert named_revision(other, "cumberland") is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 5}', b'{"id": "A1", "lon": "x"}', b"\xff"])
def test_what_is_not_an_alert_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="alert"):
        read_alert(body)
