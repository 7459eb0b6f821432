"""A page that leads on by itself: the next request then comes from this site and carries its cookies.

A browser does not send a cookie with SameSite=Strict along with a link, or a redirect, that another site began.
"""

from __future__ import annotations

import html

from fastapi.responses import HTMLResponse


def bounce(address: str) -> HTMLResponse:
    """A page that leads to an address of ours."""
    target = html.escape(address, quote=True)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={target}">'
        f'<title>Watchline</title><p><a href="{target}">Watchline</a></p></html>',
        headers={"Cache-Control": "no-store", "Referrer-Policy": "same-origin"},
    )
