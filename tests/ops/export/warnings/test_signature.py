"""Signatures of CAP documents: a changed, foreign or unsigned document is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from capvalidator.validate import Validator
from lxml import etree

from geo.errors import BadInput
from ingest.security.key_register import Identity, TlsFiles
from ops.broker.certificates import Authority, Pair
from ops.export.warnings.cap import CapIssuer, cap_bytes, cap_document
from ops.export.warnings.published import read_alert
from ops.export.warnings.signature import LARGEST_DOCUMENT, signed, signing_pair, verified

ALERT = read_alert(b'{"id": "A1", "rule": "crossing", "lon": -84.2, "lat": 36.6, "raised_at": "2026-03-01T22:00:00Z"}')


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), name="authority of cumberland")


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.client("feed", 30)


def document(pair: Pair) -> bytes:
    return cap_bytes(signed(cap_document(ALERT, CapIssuer("cumberland")), pair))


def test_a_signed_document_is_valid_by_schema_and_by_an_independent_verifier(pair: Pair) -> None:
    body = document(pair)
    assert Validator(body).schema()[0]
    assert Validator(body).signature()[0]


def test_a_receiver_gets_the_signed_alert_with_the_certificate_of_the_authority(
    authority: Authority, pair: Pair
) -> None:
    root = verified(document(pair), authority.folder / "ca.pem")
    assert root.findtext("{*}identifier") == "cumberland.A1.0"
    assert root.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is None


def test_what_was_changed_or_is_not_signed_is_refused(authority: Authority, pair: Pair) -> None:
    body, trusted = document(pair), authority.folder / "ca.pem"
    entity = b"<!DOCTYPE alert [<!ENTITY x 'y'>]>" + body.partition(b"?>")[2].strip()
    for changed in (
        body.replace(b"36.6000000", b"36.7000000"),
        body.replace(b"<scope>Restricted", b"<scope>Public"),
        cap_bytes(cap_document(ALERT, CapIssuer("cumberland"))),
        body[:-30],
        b"",
        entity,
        b"<a>" * 100_000,
        body + b" " * LARGEST_DOCUMENT,
    ):
        assert changed != body
        with pytest.raises(BadInput, match="CAP document"):
            verified(changed, trusted)


def test_a_signature_around_a_wrapped_copy_does_not_count_for_another_alert(authority: Authority, pair: Pair) -> None:
    """XML signature wrapping (McIntosh and Austel, 2005)."""
    inner = etree.fromstring(document(pair))
    forged = cap_document(read_alert(b'{"id": "FORGED"}'), CapIssuer("cumberland"))
    forged.append(inner)
    with pytest.raises(BadInput, match="CAP document"):
        verified(cap_bytes(forged), authority.folder / "ca.pem")


def test_a_certificate_of_another_authority_or_of_a_sensor_does_not_count(
    authority: Authority, pair: Pair, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other", name="authority of cumberland")
    with pytest.raises(BadInput, match="not validly signed"):
        verified(document(pair), other.folder / "ca.pem")
    with pytest.raises(BadInput, match="another name"):
        verified(document(authority.client("radar-1", 30)), authority.folder / "ca.pem")
    with pytest.raises(BadInput, match="not validly signed"):
        verified(document(authority.client("feed", -1)), authority.folder / "ca.pem")


def test_the_key_is_that_of_the_feeds_bundle(authority: Authority, pair: Pair, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "certificate.key"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.key)
    assert signing_pair(Identity(None, None, TlsFiles(tmp_path / "ca.pem", certificate, key))) == pair
    assert signing_pair(Identity()) is None
    assert signing_pair(Identity(None, None, TlsFiles(tmp_path / "ca.pem"))) is None
