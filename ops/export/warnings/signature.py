"""Digital signatures of CAP documents: enveloped XML signatures with the certificate of the feed (ECDSA on P-256).

A receiver verifies with the certificate of the authority (``ca.pem``) that the operations centre gave it, never with
the certificate in the document alone.
"""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from geo.errors import BadInput
from ingest.errors import IdentityError
from ingest.security.key_register import Identity
from ops.broker.certificates import Pair
from ops.broker.identities import FEED

LARGEST_DOCUMENT: Final = 1_000_000
"""Bytes; longer documents are refused before they are parsed."""


def signing_pair(identity: Identity) -> Pair | None:
    """The certificate and key of an identity; None where it has none, and documents are not signed.

    Raises
    ------
    IdentityError
        For files that cannot be read, or do not belong together.
    """
    tls = identity.tls
    if tls is None or tls.certificate is None or tls.key is None:
        return None
    try:
        pair = Pair(Path(tls.certificate).read_bytes(), Path(tls.key).read_bytes())
        certificate = x509.load_pem_x509_certificate(pair.certificate)
        key = load_pem_private_key(pair.key, password=None)
    except (OSError, ValueError, TypeError) as error:
        raise IdentityError(
            f"cannot be read ({getattr(error, 'strerror', None) or error})",
            where=str(tls.certificate),
            expected="a certificate and its key",
        ) from None
    if key.public_key() != certificate.public_key():
        raise IdentityError("is not that of the key", where=str(tls.certificate), expected="a certificate and its key")
    return pair


def signed(root: etree._Element, pair: Pair) -> etree._Element:
    """The document with an enveloped signature as its last element, which holds the certificate."""
    signer = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256, digest_algorithm=DigestAlgorithm.SHA256)
    return signer.sign(root, key=pair.key, cert=pair.certificate.decode())


def verified(document: bytes, authority: Path, *, signer: str = FEED) -> etree._Element:
    """The signed content of a document.

    Parameters
    ----------
    document : bytes
        The XML as received.
    authority : Path
        The certificate of the authority that issued the signer's (PEM).
    signer : str
        The name in the signer's certificate: the authority also issues certificates of sensors and units.

    Returns
    -------
    Element
        The element ``alert`` as it was signed, without anything that the signature does not cover.

    Raises
    ------
    BadInput
        For a document without a signature, changed since it was signed, or signed with another certificate.
    """
    if len(document) > LARGEST_DOCUMENT:
        raise BadInput("is too large", where="CAP document", expected=f"at most {LARGEST_DOCUMENT} bytes")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    expected = SignatureConfiguration(
        location="./",
        signature_methods=frozenset({SignatureMethod.ECDSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
    )
    try:
        root = etree.fromstring(document, parser)
        if root.getroottree().docinfo.doctype:
            raise BadInput("has a document type declaration", where="CAP document", expected="none")
        result = XMLVerifier().verify(root, ca_pem_file=str(authority), expect_config=expected)
    except (SignXMLException, etree.LxmlError, ValueError) as error:
        raise BadInput(f"is not validly signed ({error})", where="CAP document", expected="a signature") from None
    assert not isinstance(result, list)
    if result.signed_xml is None or result.signed_xml.tag != root.tag:
        raise BadInput("is not signed as a whole", where="CAP document", expected="a signature of the whole document")
    if _signer_of(result.signature_xml) != [signer]:
        raise BadInput("is signed by another name", where="CAP document", expected=f"the certificate of {signer}")
    return result.signed_xml


def _signer_of(signature: etree._Element) -> list[str]:
    """The names in the certificates of a signature that was verified."""
    found = signature.findall(".//{http://www.w3.org/2000/09/xmldsig#}X509Certificate")
    certificates = [x509.load_der_x509_certificate(b64decode(one.text or "")) for one in found]
    return [
        str(name.value)
        for one in certificates
        for name in one.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)
    ]
