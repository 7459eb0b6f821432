"""``watchline store migrate``: creates or upgrades the tables of a store in PostgreSQL."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from ops.postgres.address import StoreAddress, missing_packages
from ops.runtime.output import show


def migrate_store(text: str, screen: Console) -> dict[str, Any]:
    """Bring a store to this version; return the versions before and after. PostgresError if that is not possible."""
    address = StoreAddress(text, where="ADDRESS")
    try:
        from ops.postgres.migration import migrate
    except ImportError:
        raise missing_packages() from None
    before, after = migrate(address)
    change = "created" if not before else "unchanged" if before == after else "upgraded"
    show(screen, "console-store-migrated", change=change, before=before, after=after, store=address.shown)
    return {"store": address.shown, "before": before or None, "after": after}
