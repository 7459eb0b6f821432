"""Template of an adapter: one file that converts a vendor's messages to scans. Copy it, then follow docs/adapters.md.

The example vendor sends one line per target: ``T;1773522453.25;12.8;3120.4;0.25;5.0;17`` is a target's time (seconds
since 1970), azimuth [degrees from true north], range [m], their standard deviations, and the radar's track number.
``E;1773522455.0`` ends a turn of the antenna. All targets of a turn are one scan, and a turn without targets is an
empty scan: that the radar looked and detected nothing is information, too.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
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
MAX_BYTES: Final = 60_000
TURN_S: Final = 2.5
"""Time of one turn: the ``period_s`` of this radar in the layout."""


def decode(payload: bytes, envelope: Envelope) -> WireScan:
    """The lines of one turn as a scan. Raises only MalformedMessage, which names the field as the vendor does."""
    sensor = envelope.require_sensor("radar")  # the lines do not name their sender
    lines = payload.decode("ascii", "replace").split() if len(payload) <= MAX_BYTES else []
    if not lines:
        raise MalformedMessage("wrong_type", "line", f"{len(payload)} bytes", "T;time;azimuth;range;sd;sd;track")
    at_s, plots = 0.0, []
    for line in lines:
        columns = line.split(";")
        if columns[0] == "E" and len(columns) == 2 and line is lines[-1]:
            at_s = _time(columns[1])
            continue
        if len(columns) != len(FIELDS) + 2 or columns[0] != "T":
            raise MalformedMessage("wrong_type", "line", ascii(line)[1:-1][:40], "T;time;azimuth;range;sd;sd;track")
        azimuth, reach, azimuth_sd, range_sd = (
            _number(name, text) for name, text in zip(FIELDS[1:], columns[2:], strict=False)
        )
        at_s = max(at_s, _time(columns[1]))
        plot = WirePlot(
            range_m=reach,
            range_sd_m=range_sd or None,  # 0 means not reported: the layout's value is used
            azimuth_deg=azimuth % 360.0,
            azimuth_sd_deg=azimuth_sd or None,
            source_id=columns[-1][:64] or None,
        )
        plots.append(plot)
    boot, seq = envelope.numbered(payload)  # the sender's numbers, else one made of the bytes
    observed_at = datetime.fromtimestamp(at_s, UTC)
    return WireScan(
        sensor=sensor, boot=boot, seq=seq, scan=seq, observed_at=observed_at, kind="radar", plots=tuple(plots)
    )


def _time(text: str) -> float:
    at_s = _number("time", text)
    if not 0.0 <= at_s < 9e9:
        raise MalformedMessage("out_of_range", "time", f"{at_s:g}", "seconds since 1970")
    return at_s


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise MalformedMessage("wrong_type", name, ascii(text)[1:-1][:20], "a number") from None
    if not math.isfinite(value):
        raise MalformedMessage("not_finite", name, text[:20], "a finite number")
    return value


def turns(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines of each turn together: up to the line that ends it, or until a target is a turn later than the first,
    or earlier, where the radar's clock was set back."""
    turn, first_s = list[str](), math.nan
    for line in lines:
        later_s = _starts(line) - first_s
        if later_s >= 0.9 * TURN_S or later_s <= -TURN_S:
            yield "".join(turn).encode()
            turn, first_s = [], math.nan
        if line.strip():
            turn.append(line)
        if math.isnan(first_s):
            first_s = _starts(line)
        if line.startswith("E;"):
            yield "".join(turn).encode()
            turn, first_s = [], math.nan
    if turn:
        yield "".join(turn).encode()


def _starts(line: str) -> float:
    """Time of a target's line; NaN for any other line, which stays in its turn."""
    try:
        return _number("time", line.split(";")[1]) if line.startswith("T;") else math.nan
    except (IndexError, MalformedMessage):
        return math.nan


def main(sector: str, sensor: str, broker: str, spool: str, identity: str = "") -> None:
    """The alternative: a program beside the radar that reads its lines from stdin and sends scans without loss.

    A scan is on disk when ``put`` returns, is sent when there is a broker, and is kept until ingest has journaled it.
    ``broker``: the file with the broker's URL, or a URL without a password, because every user of a machine can read
    the arguments of its programs. ``identity``: the folder with this sensor's keys and certificates; without one
    nothing is signed.
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
    url = BrokerUrl.parse(broker if "://" in broker else Path(broker).read_text(encoding="utf-8"))
    if "://" in broker and url.password is not None:
        sys.exit("broker: a password among the arguments; expected the file with the URL, such as DATA/broker.url.")
    with Spool(Path(spool)) as queue:
        link = Sender(
            queue, sector=sector, sensor=sensor, url=url, now_ns=time.time_ns, kind="radar", settings=settings
        )
        link.start()
        for number, turn in enumerate(turns(sys.stdin)):
            try:
                message = decode(turn, Envelope(datetime.now(UTC), topic))
                plots = tuple(Plot(**asdict(plot)) for plot in message.plots)
                link.put(Scan(sensor, 0, 0, number, message.observed_at, message.observed_at, message.kind, plots))
            except MalformedMessage as error:  # a person can read it among the dead letters
                link.refuse(turn, error, CONTENT_TYPE)
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
