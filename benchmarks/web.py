"""The live map: 200 streams of which 20 are stalled, and 5,000 tracks in a browser without a GPU.

Streams: age of a picture when a reader has it whole, from the moment at which fusion began to commit it. A bare
Starlette application that sends the same bytes from memory runs in the same run. Page: frames and updates a second,
first paint, heap; a bare MapLibre page with as many symbols runs in the same run. Both want a quiet machine.
"""

from __future__ import annotations

import argparse
from typing import Any

from machine import report, table
from web_page import bundle, page_figures
from web_streams import HZ, READERS, STALLED, Load, streams


def show(title: str, found: dict[str, dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for figures in found.values() for name in figures))
    table([title, *found], [[name, *(figures.get(name) for figures in found.values())] for name in names])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", choices=["streams", "page"], help="default: both")
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds of each measurement (default 20)")
    parser.add_argument("--stream-tracks", type=int, default=100, help="tracks in a picture that streams (default 100)")
    parser.add_argument("--tracks", type=int, default=5000, help="tracks on the page (default 5000)")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    if "streams" in (options.part or ["streams"]):
        found = streams(Load(options.stream_tracks, options.seconds))
        figures["streams"] = {
            "readers": READERS,
            "stalled": STALLED,
            "hz": HZ,
            "tracks": options.stream_tracks,
            **found,
        }
        show("streams", found)
    if "page" in (options.part or ["page"]):
        found = page_figures(options.tracks, options.seconds)
        figures |= {"page": {"tracks": options.tracks, **found}, "bundle": bundle()}
        show("page", found)
        show("bundle", {"built": figures["bundle"]})
    report("web", figures)


if __name__ == "__main__":
    main()
