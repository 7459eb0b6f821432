"""``watchline catalogue …`` on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.analysis.option_types import CatalogueOption
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, screen

catalogue_app = typer.Typer(cls=CommandGroup, help="Show the equipment catalogue.")


@catalogue_app.command("list", cls=Command)
def list_items(
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind, such as radar or relay.")] = None,
    catalogue: CatalogueOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the equipment.

    Examples
    --------
    watchline catalogue list
    watchline catalogue list --kind radar --json
    """
    from ops.analysis.sector.equipment import list_items as show

    answer(show(catalogue, kind, screen), as_json=as_json)


@catalogue_app.command("show", cls=Command)
def show_item(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Name of the item, as in `catalogue list`.")],
    catalogue: CatalogueOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one item with the sources of its figures.

    Examples
    --------
    watchline catalogue show ift_radar
    """
    from ops.analysis.sector.equipment import show_item as show

    answer(show(item, catalogue, screen), as_json=as_json)
