"""``watchline sector init`` and ``check``: what they print, and their records for ``--json``."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import Console

from ops.runtime import output
from ops.sector.check import SectorCheck, check_sector
from ops.sector.creation.create import create_sector
from ops.sector.creation.new_sector import NewSector, refuse_early


def init(new: NewSector, screen: Console) -> dict[str, Any]:
    """Write a new sector, and print its files, its border and the assumptions."""
    refuse_early(new)
    _print([output.say("sector-init-starts")], screen)
    created = create_sector(new)
    words = output.catalogue()
    folder = new.folder
    names = [str(path.relative_to(folder)) for path in created.files]
    lines = [
        words.say("sector-init-written", name=_name_in(created.sector), folder=str(folder), files=names),
        words.say(created.border),
    ]
    if created.assumptions:
        lines.append(words.say("sector-init-assumptions"))
        lines += [f"- {words.say(message)}" for message in created.assumptions]
    named, page = quote(str(folder)), quote(str(folder / "preview.html"))
    following = [f"watchline sector check {named}", f"watchline sector preview {named} --out {page}"]
    lines.append(words.say("sector-init-next", commands="; ".join(following)))
    _print(lines, screen)
    return {
        "sector": str(created.sector),
        "files": [str(path) for path in created.files],
        "border": created.border.as_dict()["parameters"],
        "assumptions": [message.as_dict() for message in created.assumptions],
    }


def check(sector: str, settings: Path | None, catalogue: Path | None, screen: Console) -> dict[str, Any]:
    """Check a sector and print all errors, then the notices."""
    found = check_sector(sector, settings=settings, catalogue=catalogue)
    _print(lines_of(found), screen)
    return record_of(found)


def lines_of(found: SectorCheck) -> list[str]:
    """Return the result of a check as lines."""
    words = output.catalogue()
    lines = []
    if found.errors:
        lines.append(words.say("sector-check-errors", count=len(found.errors)))
        lines += [f"- {error.sentence}" for error in found.errors]
    else:
        lines.append(words.say("sector-check-ok", count=len(found.read)))
    if found.notices:
        lines.append(words.say("sector-check-notices", count=len(found.notices)))
        lines += [f"- {notice.file}: {words.say(notice.message)}" for notice in found.notices]
    return lines


def record_of(found: SectorCheck) -> dict[str, Any]:
    """Return the result of a check as plain values."""
    return {
        "sector": str(found.sector),
        "ok": not found.errors,
        "errors": [
            {"file": one.file, "position": one.position, "problem": one.problem, "expected": one.expected}
            for one in found.errors
        ],
        "notices": [{"file": one.file, **one.message.as_dict()} for one in found.notices],
        "files": found.read,
    }


def _name_in(sector: Path) -> str:
    from ops.sector.sector_file import load_sector

    return load_sector(sector).name


def _print(lines: list[str], screen: Console) -> None:
    for line in lines:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
