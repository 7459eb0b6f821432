"""Ed25519 signatures over topic, boot, seq, time and body, carried in MQTT 5 user properties.

The JSON body is unchanged. A list of byte strings is signed, each preceded by its length (4 bytes, big endian), so that
no two messages give the same bytes:

    "watchline/1/signature", topic, content type, key, boot, seq, by_boot, sent, low, body

A property that is absent is an empty string there. The signature, 64 bytes in unpadded base64url, is the property
``sig``. RFC 8032; docs/security.md has the whole scheme and a worked example.

Messages of a backlog that are sent together may share a signature: it then covers the root of their hash tree (with the
prefixes of RFC 9162), and each carries as ``proof`` its index in the tree and the sibling hashes on its path to the
root. Each can be verified alone, in any order; a verified root need not be verified again.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

FORM: Final = b"watchline/1/signature"
SIGNED: Final = ("key", "boot", "seq", "by_boot", "sent", "low")
"""The user properties that the signature covers, in its order."""

BURST: Final = b"watchline/1/burst"
BURST_SIZES: Final = (16, 8, 4, 2)
"""Messages under one signature; a proof of 16 is 172 characters."""
MOST_ROOTS: Final = 4096

UserProperties = Sequence[tuple[str, str]]
SignedMessage = tuple[str, str, UserProperties, bytes]
"""topic, content type, properties, body."""


def signed_bytes(topic: str, content_type: str, user_properties: Mapping[str, str], payload: bytes) -> bytes:
    """The bytes that are signed. Never fails: surrogates, which UTF-8 cannot encode, are passed through."""
    parts = [
        FORM,
        _bytes(topic),
        _bytes(content_type),
        *(_bytes(user_properties.get(name, "")) for name in SIGNED),
        payload,
    ]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def key_id(public: bytes) -> str:
    """The 16 characters by which a message names its key: base64url of the first 12 bytes of its SHA-256."""
    return urlsafe_b64encode(sha256(public).digest()[:12]).decode()


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that signs the messages of one sender; its ``repr`` does not show the key.

    Parameters
    ----------
    private : Ed25519PrivateKey
        The private key (RFC 8032).
    key : str
        Id by which messages name the key: ``key_id`` of its public key.
    """

    private: Ed25519PrivateKey = field(repr=False)
    key: str = ""

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> Signer:
        """Make the signer of a private key, under the id of its public key."""
        return cls(private, key_id(private.public_key().public_bytes_raw()))

    @classmethod
    def generate(cls) -> Signer:
        """Generate a new key from the system's randomness."""
        return cls.of(Ed25519PrivateKey.generate())

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self.private.public_key().public_bytes_raw()

    def sign(
        self, topic: str, content_type: str, user_properties: UserProperties, payload: bytes
    ) -> list[tuple[str, str]]:
        """Sign one message.

        Parameters
        ----------
        topic : str
            Topic of the message.
        content_type : str
            Content type of the message.
        user_properties : sequence of tuple of str
            Its user properties.
        payload : bytes
            Its payload.

        Returns
        -------
        list of tuple of str
            The user properties to publish: those given, the key's id and the signature.
        """
        properties = [*user_properties, ("key", self.key)]
        signature = self.private.sign(signed_bytes(topic, content_type, dict(properties), payload))
        return [*properties, ("sig", _text(signature))]

    def sign_many(self, messages: Sequence[SignedMessage]) -> list[list[tuple[str, str]]]:
        """Sign messages that are sent together: bursts under one signature, the rest one by one.

        Parameters
        ----------
        messages : sequence of tuple
            (topic, content type, user properties, payload) of each message.

        Returns
        -------
        list of list of tuple of str
            The user properties to publish with each message.
        """
        signed: list[list[tuple[str, str]]] = []
        while size := next((size for size in BURST_SIZES if size <= len(messages) - len(signed)), 0):
            signed += self._burst(messages[len(signed) : len(signed) + size])
        return signed + [self.sign(*message) for message in messages[len(signed) :]]

    def _burst(self, messages: Sequence[SignedMessage]) -> list[list[tuple[str, str]]]:
        property_lists = [[*user_properties, ("key", self.key)] for _, _, user_properties, _ in messages]
        level = [
            _leaf(signed_bytes(topic, content_type, dict(properties), payload))
            for (topic, content_type, _, payload), properties in zip(messages, property_lists, strict=True)
        ]
        proofs = [bytearray([index]) for index in range(len(messages))]
        step = 1
        while len(level) > 1:
            for index, proof in enumerate(proofs):
                proof += level[index // step ^ 1]
            level = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
            step *= 2
        signature = _text(self.private.sign(_signed_root(level[0])))
        return [
            [*properties, ("sig", signature), ("proof", _text(bytes(proof)))]
            for properties, proof in zip(property_lists, proofs, strict=True)
        ]


class Roots:
    """Roots of bursts whose signatures were verified, so that the burst's other messages need not repeat it."""

    def __init__(self) -> None:
        self._verified: dict[bytes, None] = {}

    def __contains__(self, root: bytes) -> bool:
        return root in self._verified

    def add(self, root: bytes) -> None:
        """Add a root; above the maximum number, the oldest is dropped."""
        while len(self._verified) >= MOST_ROOTS:
            del self._verified[next(iter(self._verified))]
        self._verified[root] = None


def verifies(
    public: Ed25519PublicKey,
    topic: str,
    content_type: str,
    user_properties: Mapping[str, str],
    payload: bytes,
    roots: Roots | None = None,
) -> bool:
    """Whether the property ``sig`` is this key's signature of the message; False for text that is not a signature.

    Verified by libsodium: 38 µs against OpenSSL's 61, without holding Python's GIL, and points of small order are
    refused. Only the canonical base64 text of a signature is accepted. ``roots``: roots of bursts that are already
    verified.
    """
    signature = _decoded(user_properties.get("sig", ""))
    if len(signature) != 64:
        return False
    message, verified = signed_bytes(topic, content_type, user_properties, payload), b""
    if "proof" in user_properties:
        root = _root(_leaf(message), _decoded(user_properties["proof"]))
        if root is None:
            return False
        message = _signed_root(root)
        verified = b"".join((public.public_bytes_raw(), signature, root))
        if roots is not None and verified in roots:
            return True
    try:
        crypto_sign_open(signature + message, public.public_bytes_raw())
    except (ValueError, BadSignatureError):
        return False
    if verified and roots is not None:
        roots.add(verified)
    return True


def _root(leaf: bytes, proof: bytes) -> bytes | None:
    """The root that follows from a message's index and sibling hashes; None for an invalid proof."""
    steps, rest = divmod(len(proof) - 1, 32)
    if rest or 2**steps not in BURST_SIZES or proof[0] >= 2**steps:
        return None
    root = leaf
    for step in range(steps):
        sibling = proof[1 + 32 * step : 33 + 32 * step]
        root = _node(sibling, root) if proof[0] >> step & 1 else _node(root, sibling)
    return root


def _leaf(message: bytes) -> bytes:
    return sha256(b"\0" + message).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _signed_root(root: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in (BURST, root))


def _text(signature: bytes) -> str:
    return urlsafe_b64encode(signature).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Decode unpadded base64url; empty for text that ``_text`` does not produce."""
    if not text.isascii() or len(text) > 200:
        return b""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
    return raw if _text(raw) == text else b""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
