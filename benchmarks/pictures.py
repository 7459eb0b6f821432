"""Pictures stored durably per second, and the time to decide which camera looks; one JSON line to stdout.

Files are fetched from memory, so that the rate is that of checks, files and rows: ``python benchmarks/pictures.py
[--pictures N] [--cameras N] [--folder F] [--encrypted]``. The folder decides which disk is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

AT_NS = 1_774_000_000 * 10**9


def files(count: int, pixels: tuple[int, int]) -> list[bytes]:
    """Different JPEG files of noise."""
    import io

    from PIL import Image

    chance, found = np.random.default_rng(1), []
    for _ in range(count):
        out = io.BytesIO()
        Image.fromarray(chance.integers(60, 120, pixels[::-1], dtype=np.uint8)).save(out, "JPEG", quality=80)
        found.append(out.getvalue())
    return found


def store(data: Path, contents: list[bytes], *, encrypted: bool) -> dict[str, float]:
    """Enter and store pictures; seconds by the wall and by the CPU."""
    from ops.sector.setting_tables.media import MediaSettings
    from ops.services.media.book import NewPicture
    from ops.services.media.worker import MediaWorker

    known = {f"drop:{n}.jpg": one for n, one in enumerate(contents)}
    nothing: Any = None
    worker = MediaWorker(
        data, MediaSettings(drop="unused"), journal=nothing, live=nothing, now_ns=lambda: AT_NS, encrypted=encrypted,
        fetch=lambda uri, _: known[uri],
    )  # fmt: skip
    worker.book.take(
        (
            NewPicture(("cam-1", 1, n), 0, AT_NS, uri, sha256(one).hexdigest(), "image/jpeg", len(one))
            for n, (uri, one) in enumerate(known.items())
        ),
        1,
        AT_NS,
    )
    began, cpu = time.perf_counter(), time.process_time()
    while worker.fetch_due():
        pass
    spent = {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}
    assert worker.book.counts() == {"stored": len(contents)}
    worker.close()
    return spent


def decide(cameras: int) -> float:
    """Seconds to rank cameras for a moving target, the least of ten."""
    from sensors.cueing import MovingTarget, SteerableCamera, rank_looks

    chance = np.random.default_rng(2)
    posts = [
        SteerableCamera(f"cam-{n}", 12.0 + east, 50.0 + north, azimuth, 20.0)
        for n, (east, north, azimuth) in enumerate(
            zip(*chance.uniform(0, 0.1, (2, cameras)).tolist(), chance.uniform(0, 360, cameras).tolist(), strict=True)
        )
    ]
    target, spent = MovingTarget(12.05, 50.05, 8.0, 45.0), []
    for _ in range(10):
        began = time.perf_counter()
        rank_looks(posts, target)
        spent.append(time.perf_counter() - began)
    return min(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="folder on the disk to be measured")
    parser.add_argument("--encrypted", action="store_true")
    arguments = parser.parse_args()
    contents = files(arguments.pictures, (640, 480))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        spent = store(Path(folder), contents, encrypted=arguments.encrypted)
    decided_s = decide(arguments.cameras)
    print(
        json.dumps(
            {
                "pictures": arguments.pictures,
                "mean_bytes": round(sum(map(len, contents)) / len(contents)),
                "per_s": round(arguments.pictures / spent["wall_s"], 1),
                "cpu_ms_each": round(1e3 * spent["cpu_s"] / arguments.pictures, 2),
                "cameras": arguments.cameras,
                "decided_ms": round(1e3 * decided_s, 2),
                "load_1min": round(os.getloadavg()[0], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
