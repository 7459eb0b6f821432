"""Pages whose every later step comes later still: what a test reads too early is then wrong each time, not once in
ten thousand. ``WATCHLINE_SLOW_PAGES=1`` slows all pages of the browser tests."""

from __future__ import annotations

import os
from typing import Final

SLOW: Final = bool(os.environ.get("WATCHLINE_SLOW_PAGES"))
SLOWER_MS: Final = 700
"""Longer than a test takes from one step to the next."""
SHORT_MS: Final = 1_000
"""Longer pauses of a page are what it promises, such as the time after which a stream counts as lost."""

SLOW_DOWN: Final = f"""(() => {{
  const {{ setTimeout: later, fetch: ask }} = globalThis;
  globalThis.setTimeout = (run, ms = 0, ...more) => later(run, ms < {SHORT_MS} ? ms + {SLOWER_MS} : ms, ...more);
  globalThis.fetch = (...asked) => ask(...asked).finally(() => new Promise((go) => later(go, {SLOWER_MS})));
  const hear = EventTarget.prototype.addEventListener;
  const kept = globalThis.IDBTransaction?.prototype;
  if (kept !== undefined) kept.addEventListener = function (name, listener, ...more) {{
    hear.call(this, name, name === "complete" ? (event) => later(listener, {SLOWER_MS}, event) : listener, ...more);
  }};
}})();"""
"""Timers of less than a second, answers to requests, and the word that something is on the disk."""
