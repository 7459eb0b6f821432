"""Showing the live map to whoever sits at this machine: a window of their browser, where there is a display."""

from __future__ import annotations

import os
import threading
import webbrowser


def show_page(address: str) -> bool:
    """Open ``address`` in a window beside us; False without a display or a browser that needs one.

    A browser of the terminal is not opened: it would write over what stands there.
    """
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser:  # what the module takes links, lynx and w3m for
        return False
    threading.Thread(target=browser.open, args=(address,), name="browser", daemon=True).start()
    return True
