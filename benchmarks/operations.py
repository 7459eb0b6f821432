"""The operations centre: how long a login takes, what rights, sessions and audit log add, how fast the past scrubs.

Targets of the issue: a login ≤ 500 ms with argon2id at OWASP parameters; rights, sessions and log ≤ 10 % of the API's
CPU; a moment of 24 h at 2,000 detections/s ≤ 1 s (``scrubbing.py``).

A login is measured at the running server, from the request to the answer with the session (the wall clock, so that it
depends on what else the machine does; the CPU time is stated beside it). The overhead is the CPU time of the serving
process per request with accounts, less that without, both for the same requests over the same store in turns. The
audit log is measured the same way, with accounts in both, on a disk, and with one request at a time, so that no two
entries share a write: the most expensive case.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI
from machine import report, table
from scrubbing import MOMENT_MS, scrubbing

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.store.writer import Store

PASSWORD = "a quiet ridge at dawn"
PATHS = ("/api/tracks", "/api/sensors", "/api/alerts", "/api/alerts/A1")
LOGIN_MS, OVERHEAD = 500.0, 0.10


def filled(folder: Path, tracks: int) -> Store:
    """A store with a picture of ``tracks`` tracks and 100 alerts."""
    store = Store(folder / "store.db")
    one = {"lon": -84.2, "lat": 36.6, "status": "confirmed", "speed_mps": 1.4, "existence": 0.98, "label": "person"}
    alert = {"revision": 0, "status": "active", "priority": "high", "raised_at": "2026-03-01T22:00:00Z"}
    store.commit(
        1,
        stamp_ns=time.time_ns(),
        tracks_live=[{"track": f"T{number}", **one} for number in range(tracks)],
        sensors=[{"sensor": f"radar-{number}", "state": "ok"} for number in range(20)],
        counts={},
        alerts=[{"id": f"A{number}", **alert} for number in range(100)],
    )
    return store


def application(store: Store, accounts: Accounts | None, log: AuditLog | None = None) -> FastAPI:
    """The API over ``store``."""
    settings = ApiSettings("bench", guard=GuardSettings(bearer=True))
    return create_app(store.path, settings, act=print, now_ns=time.time_ns, accounts=accounts, access_log=log)


@contextmanager
def client_of(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of a running server."""
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        headers = {"Origin": address, "Accept-Encoding": "identity"}  # compression would hide what is added
        with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
            yield client


def log_in(client: httpx.Client) -> tuple[float, float]:
    """Log in by the form; wall and CPU milliseconds from the request to the answer."""
    client.cookies.clear()
    token = re.search(r'form_token" value="(\w+)"', client.get("/login").text)
    assert token is not None
    form = {"form_token": token[1], "name": "keller", "password": PASSWORD}
    began, cpu = time.perf_counter(), time.process_time()
    answer = client.post("/login", data=form)
    assert answer.status_code == 303, answer.text
    return 1e3 * (time.perf_counter() - began), 1e3 * (time.process_time() - cpu)


def cpu_ms(client: httpx.Client, requests: int) -> float:
    """CPU milliseconds of the server per request: those of this process less those of the client's thread."""
    began = time.process_time() - time.thread_time()
    for number in range(requests):
        answer = client.get(PATHS[number % len(PATHS)])
        assert answer.status_code == 200, answer.text
    return 1e3 * (time.process_time() - time.thread_time() - began) / requests


def main() -> None:
    """Measure and print; exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logins", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--requests", type=int, default=24, help="requests per round and server")
    parser.add_argument("--tracks", type=int, default=100, help="tracks in the picture")
    parser.add_argument("--scrub-hours", type=float, default=24.0, help="hours in the store that is looked back at")
    parser.add_argument("--scrub-tracks", type=int, default=500, help="tracks in each of its pictures")
    parser.add_argument("--only-scrubbing", action="store_true")
    parser.add_argument("--without-scrubbing", action="store_true")
    arguments = parser.parse_args()
    figures = {} if arguments.only_scrubbing else logins_and_rights(arguments)
    if arguments.without_scrubbing:
        table(["operations centre", "figure"], [[name, str(value)] for name, value in figures.items()])
        report("operations", figures)
        return
    with tempfile.TemporaryDirectory() as folder:
        hours, tracks = arguments.scrub_hours, arguments.scrub_tracks
        figures |= scrubbing(Path(folder), hours=hours, tracks=tracks, moments=100)
    table(["operations centre", "figure"], [[name, str(value)] for name, value in figures.items()])
    report("operations", figures)
    late = figures["moment_p99_ms"] > MOMENT_MS
    if (
        late
        or figures.get("login_p50_ms", 0) > LOGIN_MS
        or figures.get("overhead_of_rights_and_sessions", 0) > OVERHEAD
    ):
        raise SystemExit(1)


def logins_and_rights(arguments: argparse.Namespace) -> dict[str, Any]:
    """Figures of a login, and of requests with and without accounts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = filled(folder, arguments.tracks)
        stack.callback(store.close)
        accounts = Accounts(AccountStore(folder / "accounts.db"))
        stack.callback(accounts.store.close)
        secret = accounts.add("keller", "M. Keller", {"*": "operator"})
        first = accounts.log_in("keller", secret, LoginOrigin())
        accounts.set_password(first.person, "", PASSWORD, LoginOrigin())
        guarded = stack.enter_context(client_of(application(store, accounts)))
        plain = stack.enter_context(client_of(application(store, None)))
        log = AuditLog(folder / "audit")
        stack.callback(log.close)
        logged = stack.enter_context(client_of(application(store, accounts, log)))
        log_in(guarded)  # the first one loads the page's templates and words
        walls, cpus = np.array([log_in(guarded) for _ in range(arguments.logins)]).T
        log_in(logged)  # after the others: a person has at most 20 sessions
        servers = (plain, guarded, logged)
        for client in servers:
            cpu_ms(client, arguments.requests)
        # In turns, so that whatever else the machine does meets both alike.
        pairs = np.array([[cpu_ms(one, arguments.requests) for one in servers] for _ in range(arguments.rounds)])
    # The least disturbed tenth of the rounds: other processes on the machine add CPU time (cold caches), never take it.
    without, with_accounts, with_log = np.quantile(pairs, 0.1, axis=0)
    overhead = float(with_accounts / without) - 1.0
    return {
        "login_p50_ms": round(float(np.median(walls))),
        "login_p95_ms": round(float(np.quantile(walls, 0.95))),
        "login_cpu_p50_ms": round(float(np.median(cpus))),
        "request_without_accounts_cpu_ms": round(float(without), 3),
        "request_with_accounts_cpu_ms": round(float(with_accounts), 3),
        "request_with_log_cpu_ms": round(float(with_log), 3),
        "overhead_of_rights_and_sessions": round(overhead, 3),
        "overhead_of_audit_log": round(float(with_log / with_accounts) - 1.0, 3),
        "load_average": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
