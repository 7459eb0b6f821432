"""Pictures by reference on the wire: what a scan may state of them, and what is refused by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ingest.decode import decode, encode, envelope_of, read_wire_scan
from ingest.errors import MalformedMessage
from ingest.wire import MAX_MEDIA, WireMedia
from sensors.scan import Plot, Scan

NOW = datetime(2026, 3, 14, 21, tzinfo=UTC)
SHA = "ab" * 32
ONE: dict[str, Any] = {"uri": "https://cam-1.example/still/7.jpg", "sha256": SHA, "type": "image/jpeg", "size": 1234}


def message(*media: dict[str, Any], plots: int = 1) -> bytes:
    return json.dumps(
        {
            "sensor": "cam-1", "boot": 1, "seq": 7, "scan": 7, "observed_at": "2026-03-14T21:00:00Z", "kind": "camera",
            "plots": [{"azimuth_deg": 12.5}] * plots, "media": list(media),
        }
    ).encode()  # fmt: skip


def read(payload: bytes) -> Any:
    return read_wire_scan(payload, envelope_of(NOW, None, None, None))


def test_a_picture_keeps_what_the_sensor_stated() -> None:
    box = {"left": 0.4, "top": 0.25, "width": 0.2, "height": 0.75}
    (picture,) = read(message(ONE | {"plot": 0, "box": box, "observed_at": "2026-03-14T20:59:59.5Z"})).media
    assert (picture.uri, picture.sha256, picture.media_type, picture.size) == tuple(ONE.values())
    assert (picture.plot, msgspec.to_builtins(picture.box)) == (0, box)
    assert picture.observed_at == datetime(2026, 3, 14, 20, 59, 59, 500_000, tzinfo=UTC)


def test_fusion_gets_the_same_scan_with_and_without_pictures() -> None:
    with_one = decode(message(ONE), received_at=NOW)
    assert with_one == decode(message(), received_at=NOW)
    assert with_one.plots == (Plot(azimuth_deg=12.5),)


def test_a_scan_without_pictures_is_encoded_as_before_and_one_with_pictures_keeps_them() -> None:
    scan = Scan("cam-1", 1, 7, 7, NOW, NOW, "camera", (Plot(azimuth_deg=12.5),))
    assert b"media" not in encode(scan)
    picture = WireMedia("drop:a.png", "image/png", SHA, 9, plot=0)
    assert read(encode(scan, [picture])).media == (picture,)
    assert decode(encode(scan, [picture]), received_at=NOW) == scan


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"uri": "ftp://cam-1/a.jpg"}, "media"),
        ({"uri": "file:///etc/passwd"}, "media"),
        ({"uri": "https://"}, "media"),
        ({"uri": "https://cam-1/a b.jpg"}, "media"),
        ({"uri": "https://cam-1/" + "a" * 500}, "media"),
        ({"sha256": SHA[:-1]}, "media"),
        ({"sha256": SHA.upper()}, "media"),
        ({"type": "image/svg+xml"}, "media"),
        ({"size": 0}, "media"),
        ({"size": 2**40}, "media"),
        ({"plot": -1}, "media"),
        ({"plot": 1}, "media[0].plot"),
        ({"observed_at": "2026-03-14T22:00:00+01:00"}, "media[0].observed_at"),
        ({"box": {"left": 0.5, "top": 0, "width": 0.6, "height": 0.1}}, "media[0].box"),
        ({"box": {"left": 0.5, "top": 0, "width": 0, "height": 0.1}}, "media"),
        ({"box": {"left": 0.5, "top": 0}}, "media"),
        ({"camera": "x"}, "media"),
    ],
)
def test_a_picture_that_breaks_a_rule_is_refused_with_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        decode(message(ONE | change), received_at=NOW)
    assert refused.value.field.startswith(field)


def test_a_scan_has_a_limited_number_of_pictures() -> None:
    assert len(read(message(*[ONE] * MAX_MEDIA)).media) == MAX_MEDIA
    with pytest.raises(MalformedMessage):
        decode(message(*[ONE] * (MAX_MEDIA + 1)), received_at=NOW)
