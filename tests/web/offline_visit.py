"""Opens the pages of a server where no network leads out: ``unshare --net python -m tests.web.offline_visit FOLDER``.

Prints what the pages asked for, what failed, and what they showed, as JSON.
"""

from __future__ import annotations

import errno
import fcntl
import json
import socket
import struct
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.web.chromium import chromium, launch_options
from tests.web.conftest import DESKTOP, REPORT_VIOLATIONS, SCALE, SCREENS, world_in
from tests.web.patience import SHOWN_MS, patient

SET_FLAGS, UP_AND_RUNNING = 0x8914, 0x1 | 0x40
"""SIOCSIFFLAGS of Linux, and IFF_UP with IFF_RUNNING."""


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh", b"lo", UP_AND_RUNNING))


def way_out() -> str:
    """Why nothing outside can be reached; empty where it can."""
    try:
        with socket.create_connection(("192.0.2.1", 80), timeout=5.0):
            return ""
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))


def main() -> int:
    folder = Path(sys.argv[1])
    raise_loopback()
    found: dict[str, Any] = {"way_out": way_out(), "asked": [], "failed": [], "errors": []}
    with world_in(folder) as world, sync_playwright() as playwright, patient():
        world.start()
        found["home"] = world.address
        browser = playwright.chromium.launch(executable_path=chromium(), args=launch_options())
        context = browser.new_context(viewport=DESKTOP, device_scale_factor=SCALE)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("request", lambda request: found["asked"].append(request.url))
        context.on("requestfailed", lambda request: found["failed"].append(f"{request.url} {request.failure}"))
        context.on("console", lambda message: message.type == "error" and found["errors"].append(message.text))
        for name, visit in (("map", live_map), ("plan", planner), ("docs", docs)):
            page = context.new_page()
            found[name] = visit(page, world.address)
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENS / f"offline-{name}.png")
        browser.close()
    print(json.dumps(found))
    return 0


def live_map(page: Page, home: str) -> str:
    page.goto(home)
    page.wait_for_selector("#map[data-state=ready]", timeout=SHOWN_MS)
    page.wait_for_selector("html[data-stream=live]", timeout=SHOWN_MS)
    page.wait_for_selector("[data-testid=alert]", state="attached", timeout=SHOWN_MS)
    return page.get_by_test_id("alert").inner_text()


def planner(page: Page, home: str) -> str:
    page.goto(f"{home}plan.html")
    page.wait_for_selector("html[data-state=ready]", timeout=SHOWN_MS)
    return page.get_by_test_id("sector").inner_text()


def docs(page: Page, home: str) -> str:
    page.goto(f"{home}api/docs")
    return page.locator("body").inner_text()


if __name__ == "__main__":
    sys.exit(main())
