"""The live map: 200 streams of which 20 are stalled, and 5,000 tracks in a browser without a GPU.

Streams: age of a picture when a reader has received it completely, from the start of its commit by fusion. A bare
Starlette application that sends the same bytes from memory runs in the same run. Page: frames and updates per second,
first paint, heap; a bare MapLibre page with as many symbols runs in the same run. Ground: seconds to the first useful
map over terrain of 3601² cells. All need an idle machine.
"""

from __future__ import annotations

import argparse
from typing import Any

from machine import report, table
from web_ground import first_maps
from web_page import bundle, page_figures
from web_streams import HZ, READERS, STALLED, Load, streams


def show(title: str, results: dict[str, dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for figures in results.values() for name in figures))
    table([title, *results], [[name, *(figures.get(name) for figures in results.values())] for name in names])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["streams", "page", "ground"], help="default: all")
    parser.add_argument("--seconds", type=float, default=20.0, help="seconds of each measurement (default 20)")
    parser.add_argument("--stream-tracks", type=int, default=100, help="tracks in a picture that streams (default 100)")
    parser.add_argument("--tracks", type=int, default=5000, help="tracks on the page (default 5000)")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    if options.only in (None, "streams"):
        results = streams(Load(options.stream_tracks, options.seconds))
        figures["streams"] = {
            "readers": READERS,
            "stalled": STALLED,
            "hz": HZ,
            "tracks": options.stream_tracks,
            **results,
        }
        show("streams", results)
    if options.only in (None, "page"):
        results = page_figures(options.tracks, options.seconds)
        figures |= {"page": {"tracks": options.tracks, **results}, "bundle": bundle()}
        show("page", results)
        show("bundle", {"built": figures["bundle"]})
    if options.only in (None, "ground"):
        figures["ground"] = first_maps(200)
        show("first useful map, terrain of 3601²", figures["ground"])
    report("web", figures)


if __name__ == "__main__":
    main()
