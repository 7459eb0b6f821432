"""``watchline store migrate`` and ``grant``: the tables of a store in PostgreSQL, and who may read them."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from ops.postgres.address import StoreAddress, postgres_packages
from ops.runtime.output import show


def migrate_store(text: str, screen: Console) -> dict[str, Any]:
    """Bring a store to this version; return the versions before and after. PostgresError if that is not possible."""
    address = StoreAddress(text, where="ADDRESS")
    with postgres_packages():
        from ops.postgres.migration import migrate
    before, after = migrate(address)
    change = "created" if not before else "unchanged" if before == after else "upgraded"
    show(screen, "console-store-migrated", change=change, before=before, after=after, store=address.shown)
    return {"store": address.shown, "before": before or None, "after": after}


def grant_sector(
    text: str, role: str, sector: str, screen: Console, *, revoked: bool, audit: bool = False
) -> dict[str, Any]:
    """Let a role read a sector, with its audit log or without, or no longer; return its sectors. PostgresError."""
    address = StoreAddress(text, where="ADDRESS")
    with postgres_packages():
        from ops.postgres.readers import grant, revoke
    sectors = revoke(address, role, sector) if revoked else grant(address, role, sector, audit=audit)
    show(
        screen, "console-store-granted", role=role, store=address.shown, count=len(sectors), sectors=", ".join(sectors)
    )
    return {"store": address.shown, "role": role, "sectors": sectors}
