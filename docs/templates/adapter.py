"""Template of an adapter: one file that converts a vendor's messages to scans. Copy it, then follow docs/adapters.md.

The example vendor sends one line per target: ``T;1773522453.25;12.8;3120.4;0.25;5.0;17`` is a target's time (seconds
since 1970), azimuth [degrees from true north], range [m], their standard deviations, and the radar's track number.
"""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest.envelope import Envelope
from ingest.errors import MalformedMessage
from ingest.wire import WirePlot, WireScan

if TYPE_CHECKING:
    from ingest.sending import Sender, Spool

CONTENT_TYPE: Final = "text/vnd.example.radar"
FIELDS: Final = ("time", "azimuth", "range", "azimuth_sd", "range_sd")
MAX_BYTES: Final = 200


def decode(payload: bytes, envelope: Envelope) -> WireScan:
    """One line as a scan with one plot. Raises only MalformedMessage, which names the field as the vendor does."""
    sensor = envelope.require_sensor("radar")  # the line does not name its sender
    columns = payload.decode("ascii", "replace").strip().split(";") if len(payload) <= MAX_BYTES else []
    if len(columns) != len(FIELDS) + 2 or columns[0] != "T":
        raise MalformedMessage("wrong_type", "line", f"{len(payload)} bytes", "T;time;azimuth;range;sd;sd;track")
    at, azimuth, reach, azimuth_sd, range_sd = (
        _number(name, text) for name, text in zip(FIELDS, columns[1:], strict=False)
    )
    if not 0.0 <= at < 9e9:
        raise MalformedMessage("out_of_range", "time", f"{at:g}", "seconds since 1970")
    plot = WirePlot(
        range_m=reach,
        range_sd_m=range_sd or None,  # 0 means not reported: the layout's value is used
        azimuth_deg=azimuth % 360.0,
        azimuth_sd_deg=azimuth_sd or None,
        source_id=columns[-1][:64] or None,
    )
    boot, seq = envelope.numbered(payload)  # the sender's numbers, else one made of the bytes
    observed_at = datetime.fromtimestamp(at, UTC)
    return WireScan(sensor=sensor, boot=boot, seq=seq, scan=seq, observed_at=observed_at, kind="radar", plots=(plot,))


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise MalformedMessage("wrong_type", name, ascii(text)[1:-1][:20], "a number") from None
    if not math.isfinite(value):
        raise MalformedMessage("not_finite", name, text[:20], "a finite number")
    return value


def main(sector: str, sensor: str, broker: str, spool: str, identity: str = "") -> None:
    """The alternative: a program beside the radar that reads its lines from stdin and sends scans without loss.

    A scan is on disk when ``put`` returns, is sent when there is a broker, and is kept until ingest has journaled it.
    ``identity``: the folder with this sensor's keys and certificates; without one nothing is signed.
    """
    import time

    from msgspec.structs import asdict

    from ingest.mqtt import BrokerUrl
    from ingest.security import Identity, open_bundle
    from ingest.sending import Sender, SenderSettings, Spool
    from ingest.topics import parse, sensor_topic
    from sensors.scan import Plot, Scan

    topic = parse(sensor_topic(sector, sensor, "detections"))
    settings = SenderSettings(identity=open_bundle(Path(identity)) if identity else Identity())
    url = BrokerUrl.parse(broker)
    with Spool(Path(spool)) as queue:
        link = Sender(
            queue, sector=sector, sensor=sensor, url=url, now_ns=time.time_ns, kind="radar", settings=settings
        )
        link.start()
        for number, line in enumerate(sys.stdin):
            message = decode(line.encode(), Envelope(datetime.now(UTC), topic))
            plots = tuple(Plot(**asdict(plot)) for plot in message.plots)
            link.put(Scan(sensor, 0, 0, number, message.observed_at, message.observed_at, message.kind, plots))
        link.drain(10.0)
        link.stop()
        print(summary(queue, link), file=sys.stderr)


def summary(queue: Spool, link: Sender) -> str:
    """The counts of this spool, how often it was sent again, and how far ingest's clock is ahead of this computer's."""
    counts = f"scans: {queue.put_total} put, {queue.waiting} waiting, {queue.dropped_total} dropped by a full spool"
    offset_s = link.clock_offset_s
    clock = "no acknowledgement" if offset_s is None else f"clock offset to ingest {offset_s:+.1f} s"
    return "; ".join(filter(None, (counts, f"resends: {link.resends}", clock, link.problem)))


if __name__ == "__main__":
    main(*sys.argv[1:6])
