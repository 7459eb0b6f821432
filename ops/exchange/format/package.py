"""A package as a file: a ZIP archive with the manifest, its signature and the product, and nothing else.

Nothing is ever extracted to a path that the archive names, and no more is read than the signed manifest states.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ingest.security.signature import Signer
from ops.exchange.format.manifest import MOST_MANIFEST_BYTES, Manifest, decoded, encoded, signature_of
from ops.exchange.format.refusal import PackageRefused

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"
PRODUCT: Final = "product.gpkg"
SEALED: Final = "answers.sealed"
"""The answer key of a drill, which only the scorer can open."""
ENDING: Final = ".watchline-exchange.zip"
MOST_PACKAGE_BYTES: Final = 64_000_000
MOST_PRODUCT_BYTES: Final = 256_000_000
MOST_SEALED_BYTES: Final = 1_000_000
_MOST_SIGNATURE_BYTES: Final = 1_000
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_END: Final = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_MOST_DIRECTORY_BYTES: Final = 1_000


def packed(manifest: Manifest, product: bytes | None, signer: Signer, sealed: bytes | None = None) -> bytes:
    """Return the bytes of a package: the same manifest, product, answer key and signing key give the same bytes."""
    body = encoded(manifest)
    parts = {MANIFEST: body, SIGNATURE: signature_of(manifest, body, signer)}
    if product is not None:
        parts[PRODUCT] = product
    if sealed is not None:
        parts[SEALED] = sealed
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, part)
    return content.getvalue()


@dataclass(frozen=True, slots=True)
class OpenedPackage:
    """A package whose manifest was read, but not verified."""

    manifest: Manifest
    body: bytes
    signature: bytes
    sha256: str
    archive: zipfile.ZipFile

    def product(self) -> bytes:
        """Return the product as the manifest states it; call it for a verified manifest only. PackageRefused."""
        wanted = self.manifest.bytes
        if not 0 <= wanted <= MOST_PRODUCT_BYTES:
            raise PackageRefused(
                "too_large", f"{wanted} bytes", where=PRODUCT, expected=f"at most {MOST_PRODUCT_BYTES:,}"
            )
        if PRODUCT not in self.archive.namelist():
            raise PackageRefused("malformed", "is missing", where=PRODUCT, expected="the product")
        content = _read(self.archive, PRODUCT, wanted)
        if len(content) != wanted or sha256(content).hexdigest() != self.manifest.sha256:
            raise PackageRefused("forged", "is not the signed product", where=PRODUCT, expected="its size and SHA-256")
        return content

    def sealed(self) -> bytes:
        """Return the sealed answer key of a drill as the manifest states it, else nothing. PackageRefused."""
        drill = self.manifest.drill
        if drill is None:
            return b""
        if not 0 <= drill.bytes <= MOST_SEALED_BYTES:
            raise PackageRefused(
                "too_large", f"{drill.bytes} bytes", where=SEALED, expected=f"at most {MOST_SEALED_BYTES:,}"
            )
        content = _read(self.archive, SEALED, drill.bytes)
        if len(content) != drill.bytes or sha256(content).hexdigest() != drill.sha256:
            raise PackageRefused(
                "forged", "is not the signed answer key", where=SEALED, expected="its size and SHA-256"
            )
        return content


def opened(content: bytes) -> OpenedPackage:
    """Read the manifest of a package. PackageRefused for what is not a package of exactly the known files."""
    if len(content) > MOST_PACKAGE_BYTES:
        raise PackageRefused(
            "too_large", f"{len(content):,} bytes", where="package", expected=f"at most {MOST_PACKAGE_BYTES:,}"
        )
    _check_end(content)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error) as error:
        raise _not_a_package(str(error)[:100]) from None
    names = archive.namelist()
    known = ([MANIFEST, SIGNATURE], [MANIFEST, SIGNATURE, PRODUCT], [MANIFEST, SIGNATURE, PRODUCT, SEALED])
    if sorted(names) not in map(sorted, known):
        shown = ", ".join(repr(name[:60]) for name in names[:4])
        raise _not_a_package(f"it holds {shown}")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in archive.infolist()):
        raise _not_a_package("another compression than deflate")
    body = _read(archive, MANIFEST, MOST_MANIFEST_BYTES)
    signature = _read(archive, SIGNATURE, _MOST_SIGNATURE_BYTES)
    manifest = decoded(body)
    if (SEALED in names) != (manifest.kind == "drill"):
        raise _not_a_package("a drill has an answer key, and nothing else has one")
    return OpenedPackage(manifest, body, signature, sha256(content).hexdigest(), archive)


def _check_end(content: bytes) -> None:
    """Refuse a directory that is larger than four entries need, before it is read."""
    if len(content) < _END.size:
        raise _not_a_package("it is too short")
    mark, disk, first, here, entries, size, _, comment = _END.unpack(content[-_END.size :])
    if mark != b"PK\x05\x06" or disk or first or comment or here != entries:
        raise _not_a_package("its end is not that of an archive in one piece")
    if entries > 4 or size > _MOST_DIRECTORY_BYTES or content[-_END.size - 20 :].startswith(_ZIP64_LOCATOR):
        raise _not_a_package(f"its directory has {entries} entries")


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return a file of the archive; PackageRefused where it is larger than ``most``, whatever the archive states."""
    try:
        with archive.open(name) as file:
            content = file.read(most + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError, zlib.error) as error:
        raise PackageRefused("malformed", f"cannot be read ({error})", where=name, expected="a whole file") from None
    if len(content) > most:
        raise PackageRefused("too_large", "is larger than stated", where=name, expected=f"at most {most:,} bytes")
    return content


def _not_a_package(why: str) -> PackageRefused:
    expected = f"{MANIFEST}, {SIGNATURE} and {PRODUCT} in a ZIP archive"
    return PackageRefused("malformed", f"is not an exchange package ({why})", where="package", expected=expected)
