"""Picture files and references for the tests of pictures."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Any

from PIL import Image

from ops.services.media.book import NewPicture

AT_NS = 1_774_000_000 * 10**9
SECOND = 10**9


def picture_file(form: str = "JPEG", size: tuple[int, int] = (64, 48), shade: int = 90) -> bytes:
    """A small picture with a bright square in the middle."""
    picture = Image.new("L", size, shade)
    picture.paste(250, (size[0] * 3 // 8, size[1] * 3 // 8, size[0] * 5 // 8, size[1] * 5 // 8))
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def reference(data: bytes, seq: int = 1, **more: Any) -> NewPicture:
    """The reference of a message to a file."""
    fields: dict[str, Any] = {
        "scan": ("cam-1", 1, seq), "item": 0, "observed_ns": AT_NS + seq * SECOND, "uri": f"drop:{seq}.jpg",
        "sha256": sha256(data).hexdigest(), "media_type": "image/jpeg", "size": len(data), "azimuth_deg": 12.5,
        "range_m": None, "reported": "person", "box": (0.375, 0.375, 0.25, 0.25),
    }  # fmt: skip
    return NewPicture(**fields | more)


def mp4_file(frames: bytes = b"frames") -> bytes:
    """The outside of an MP4 file, by hand from ISO/IEC 14496-12, 4.2: boxes ftyp, moov and mdat."""
    boxes = ((b"ftyp", b"isom\0\0\2\0isomiso2"), (b"moov", b"\0\0\0\x08mvhd"), (b"mdat", frames))
    return b"".join((8 + len(body)).to_bytes(4) + kind + body for kind, body in boxes)


def webm_file(document: bytes = b"webm") -> bytes:
    """The outside of a WebM file, by hand from RFC 8794: an EBML header with its document type, and a segment."""
    header = b"\x42\x86\x81\x01" + b"\x42\x82" + bytes([0x80 | len(document)]) + document
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(header)]) + header + b"\x18\x53\x80\x67\x81\0"
