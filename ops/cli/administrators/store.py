"""``watchline store …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, SettingsOption, answer, screen, sensor_name_of, store_address

store_app = typer.Typer(cls=CommandGroup, help="Manage stores; copy journals to PostgreSQL.", no_args_is_help=True)


def _existing(text: str) -> str:
    """Refuse what is neither an address nor a path that exists."""
    if "://" in text:
        store_address(text)
    elif not Path(text).exists():
        raise typer.BadParameter(f"{text!r} does not exist; expected a journal, a data folder or postgresql://…")
    return text


def _new(text: str) -> str:
    """Refuse what is neither an address nor a path in a folder that exists."""
    if "://" in text:
        store_address(text)
    elif not Path(text).absolute().parent.is_dir():
        raise typer.BadParameter(f"{text!r} is in no folder that exists; expected a new file or postgresql://…")
    return text


def _check_kinds(**kinds: bool) -> None:
    wanted = [f"--{name}" for name, given in kinds.items() if given]
    if len(wanted) > 1:
        raise typer.BadParameter(f"cannot be given with {wanted[0]}: one store at a time", param_hint=wanted[1])


AddressArgument = Annotated[
    str,
    typer.Argument(
        metavar="ADDRESS", help="Store in PostgreSQL: postgresql://user@host:port/database.", callback=store_address
    ),
]
_SIDE = "Journal or store, data folder, or the address of a store in PostgreSQL."
FusionOption = Annotated[
    bool, typer.Option("--fusion", help="The fusion store (tracks, alerts, incidents) instead of the journal.")
]
AuditOption = Annotated[bool, typer.Option("--audit", help="The audit log instead of the journal.")]
AccountsOption = Annotated[bool, typer.Option("--accounts", help="The accounts instead of the journal.")]
StoreSectorOption = Annotated[
    str | None,
    typer.Option("--sector", metavar="NAME", help="Sector in PostgreSQL, as in topics.", callback=sensor_name_of),
]


@store_app.command("purge", cls=Command)
def purge(
    data: Annotated[
        Path,
        typer.Argument(help="Data folder of a stopped `watchline run`, or of a cluster.", exists=True, file_okay=False),
    ],
    settings: SettingsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be erased; erase nothing.")] = False,
    approval: Annotated[
        str | None,
        typer.Option(
            "--approval", metavar="ID", help="Confirmed request of the page /approvals. Needed with accounts."
        ),
    ] = None,
    emergency: Annotated[
        str | None,
        typer.Option("--emergency", metavar="REASON", help="Erase without a second person; flagged in the audit log."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Erase records whose retention has ended.

    Retention periods and legal holds are set in [retention] and [[hold]] of
    the settings. `watchline run` erases daily, by erasing keys; this command
    also overwrites the records. In a room with accounts, a second person has
    to confirm the erasure first: --dry-run states the checksum for it.

    Examples
    --------
    watchline store purge data --settings settings.toml --dry-run
    watchline store purge data --settings settings.toml --approval 3f2a9c01b7de
    """
    from ops.cluster.identity.nation_store import FILE

    if (data / FILE).is_file():
        from ops.cluster.identity.retention import purge_nation_folder as purge_folder
    else:
        from ops.room.purge_command import purge_folder
    answer(
        purge_folder(data, settings, dry_run=dry_run, screen=screen, approval=approval, emergency=emergency),
        as_json=as_json,
    )


@store_app.command("migrate", cls=Command)
def migrate(address: AddressArgument, as_json: JsonOption = False) -> None:
    """Create or upgrade a store in PostgreSQL.

    The tables are in the schema `watchline` of the database, which must exist.
    The upgrade is one transaction. The password is read from PGPASSWORD or the
    password file, unless the address contains it.

    Examples
    --------
    watchline store migrate postgresql://watchline@broker.example/watchline
    """
    from ops.journal.stores.migrate_command import migrate_store

    answer(migrate_store(address, screen), as_json=as_json)


@store_app.command("grant", cls=Command)
def grant(
    address: AddressArgument,
    role: Annotated[
        str,
        typer.Argument(
            metavar="ROLE", help="Role of the database, made by its administrator.", callback=sensor_name_of
        ),
    ],
    sector: Annotated[
        str, typer.Option("--sector", metavar="NAME", help="Sector, as in topics.", callback=sensor_name_of)
    ],
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the right away.")] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="Also its audit log, which names the people who use Watchline.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Register a database role as reader of a sector.

    Row security shows the role the rows of its sectors and no others. It
    cannot write. Encrypted content stays encrypted.

    Examples
    --------
    watchline store grant postgresql://watchline@broker.example/watchline \\
        inspector --sector cumberland
    """
    from ops.journal.stores.migrate_command import grant_sector

    if revoke and audit:
        raise typer.BadParameter("cannot be given with --revoke, which takes both away", param_hint="--audit")
    answer(grant_sector(address, role, sector, screen, revoked=revoke, audit=audit), as_json=as_json)


@store_app.command("copy", cls=Command)
def copy(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=_SIDE, callback=_existing)],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="New journal, or the address of a store.", callback=_new)
    ],
    sector: StoreSectorOption = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Copy it as it was at this time of receipt.")
    ] = None,
    fusion: FusionOption = False,
    audit: AuditOption = False,
    accounts: AccountsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Copy a store between files and PostgreSQL.

    A journal, or a fusion store, an audit log or accounts by their option.
    Source and target are each a file or PostgreSQL. The copy is complete or
    absent, whenever it is interrupted. The source may be in use; it is copied
    as it is at one moment. Encrypted bodies stay encrypted: their keys remain
    beside the original. --until restores an earlier state of a journal;
    duplicates and dropped messages then count as 0.

    Examples
    --------
    watchline store copy data copy.db
    watchline store copy data earlier.db --until 2026-03-14T21:00:30Z
    watchline store copy data postgresql://watchline@broker.example/watchline \\
        --sector cumberland
    watchline store copy data postgresql://watchline@broker.example/watchline \\
        --sector cumberland --fusion
    """
    from ops.journal.command import moment
    from ops.journal.stores.transfer import copy as copy_journal
    from sensors.timestamps import nanoseconds

    _check_kinds(fusion=fusion, audit=audit, accounts=accounts)
    if until is not None and (audit or accounts):
        raise typer.BadParameter("is for journals: what else is copied is copied whole", param_hint="--until")
    if accounts:
        from ops.accounts.stores.transfer import copy_accounts

        answer(copy_accounts(source, target, sector, screen), as_json=as_json)
        return
    if audit:
        from ops.audit.stores.transfer import copy_audit

        answer(copy_audit(source, target, sector, screen), as_json=as_json)
        return
    if fusion:
        from ops.store.engines.transfer import copy_fusion

        if until is not None:
            raise typer.BadParameter("cannot be given with --fusion: replay the restored journal", param_hint="--until")
        answer(copy_fusion(source, target, sector, screen), as_json=as_json)
        return
    at = moment(until, "--until")
    until_ns = None if at is None else nanoseconds(at)
    answer(copy_journal(source, target, sector, screen, until_ns=until_ns), as_json=as_json)


@store_app.command("verify", cls=Command)
def verify(
    first: Annotated[str, typer.Argument(metavar="FIRST", help=_SIDE, callback=_existing)],
    second: Annotated[str, typer.Argument(metavar="SECOND", help=_SIDE, callback=_existing)],
    sector: StoreSectorOption = None,
    fusion: FusionOption = False,
    audit: AuditOption = False,
    accounts: AccountsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare two stores row by row.

    Journals, or fusion stores, audit logs or accounts by their option. Each
    is in a file or in PostgreSQL. Compares all rows, dead letters,
    counts and marks, as they are stored.

    Examples
    --------
    watchline store verify data copy.db
    """
    _check_kinds(fusion=fusion, audit=audit, accounts=accounts)
    if accounts:
        from ops.accounts.stores.transfer import verify_accounts

        answer(verify_accounts(first, second, sector, screen), as_json=as_json)
        return
    if audit:
        from ops.audit.stores.transfer import verify_audit

        answer(verify_audit(first, second, sector, screen), as_json=as_json)
        return
    if fusion:
        from ops.store.engines.transfer import verify_fusion

        answer(verify_fusion(first, second, sector, screen), as_json=as_json)
        return
    from ops.journal.stores.transfer import verify as verify_journals

    answer(verify_journals(first, second, sector, screen), as_json=as_json)
