"""The phone of a field unit in a test: its screen, what is on its disk, and the touch that calls for help."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page, ViewportSize, expect

SMALL: Final[ViewportSize] = {"width": 360, "height": 640}
COUNT_ROWS: Final = """async () => {
  const answer = (request) => new Promise((take, fail) => Object.assign(request, {
    onsuccess() { take(request.result); }, onerror() { fail(request.error); },
  }));
  let rows = 0;
  for (const { name } of await indexedDB.databases()) {
    const database = await answer(indexedDB.open(name));
    const stores = [...database.objectStoreNames];
    const reading = database.transaction(stores);
    for (const count of await Promise.all(stores.map((one) => answer(reading.objectStore(one).count())))) rows += count;
    database.close();
  }
  return rows;
}"""


def rows_on(page: Page) -> int:
    """How many rows the phone holds."""
    return int(page.evaluate(COUNT_ROWS))


def on_disk(page: Page) -> None:
    """Wait until what the page shows as given is on the phone: a page that ends takes with it what it still writes.

    A transaction that reads a store begins once all that write to it, and were there before, have ended.
    """
    rows_on(page)


def hold(page: Page) -> None:
    """Hold the distress button until the call is made."""
    page.get_by_test_id("distress").hover()
    page.mouse.down()
    expect(page.get_by_test_id("own-call")).to_be_visible()
    page.mouse.up()
