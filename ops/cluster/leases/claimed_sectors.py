"""Refusal of ``watchline run`` for a sector that a cluster runs: by the cluster's folder or its claim in the store.

The locks of folder and writers are free for some seconds while a sector changes its worker; the claim of the cluster is
not.
"""

from __future__ import annotations

from pathlib import Path

from geo.errors import BadInput
from ops.cluster.leases.lease_book import CLUSTER_LOCK, LOST_AFTER_S
from ops.postgres.address import StoreAddress, missing_packages
from ops.runtime.files.lock import is_locked


def refuse_claimed(sector: str, data: Path, store: str | None) -> None:
    """Raise BadInput if a cluster runs ``sector`` in this data folder or in this store; nothing is written.

    PostgresError for a store that cannot be used.
    """
    named, real = data.absolute(), data.resolve()  # the folder of a sector may be a link to one on another disk
    for one in (real, real.parent, named.parent.resolve()):
        if is_locked(one / CLUSTER_LOCK):
            raise BadInput(f"a cluster runs in {one}", where="--data", expected="a folder outside of it")
    if store is not None:
        _refuse_claimed_in_store(sector, data, StoreAddress(store))


def _refuse_claimed_in_store(sector: str, data: Path, address: StoreAddress) -> None:
    try:
        from ops.cluster.leases.store_leases import StoreLeases
        from ops.cluster.supervisor.store_claim import is_claimed
    except ImportError:
        raise missing_packages() from None
    taken = is_claimed(address, sector)
    if not taken:  # a supervisor that has ended; its workers on other machines continue
        with StoreLeases(address, data) as leases:
            lease = leases.lease(sector)
            taken = lease is not None and bool(lease.holder) and lease.silent_s < LOST_AFTER_S
    if taken:
        raise BadInput(
            f"a cluster runs the sector {sector} in {address.shown}",
            where="--store",
            expected="a sector that no cluster runs",
        )
