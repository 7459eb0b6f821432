"""``watchline coverage`` and ``sites`` on the command line."""

from __future__ import annotations

from pathlib import Path

from ops.analysis.coverage.options import CoverageOptions
from ops.analysis.terrain.options import SitesOptions
from ops.cli.options import JsonOption, answer, command_of, refuse_failed, screen


@command_of(CoverageOptions)
def coverage(options: CoverageOptions, *, as_json: JsonOption = False) -> None:
    """Compute detection coverage of a layout.

    For one target class and one weather condition: rasters, tables by segment,
    maps and a summary. With a nation file, every sector is computed, and the
    worst segments of all are listed.

    Examples
    --------
    watchline coverage cumberland --out out/coverage
    watchline coverage cumberland --layout hightech \\
        --conditions night,fog --out out/fog
    watchline coverage nation.toml --scheduler processes --out out/nation
    """
    from ops.cluster.batch.command import of_sector_or_nation

    figures = of_sector_or_nation("coverage", options, screen)
    answer(figures, as_json=as_json)
    refuse_failed(options.sector, figures)


@command_of(SitesOptions)
def sites(options: SitesOptions, *, as_json: JsonOption = False) -> None:
    """Compute what candidate sites can see.

    Computes the viewshed of each candidate and of all together, and selects
    the sites with the largest combined coverage. With a nation file,
    every sector is computed, with the candidates on its terrain.

    Examples
    --------
    watchline sites cumberland candidates.geojson --choose 5 --out out/sites
    watchline sites nation.toml candidates.geojson --out out/sites
    """
    from ops.analysis.terrain.sites_command import look_from_sites
    from ops.cluster.batch.command import of_sector_or_nation
    from ops.cluster.nation_file import is_nation

    if not is_nation(Path(options.sector)):
        answer(look_from_sites(options, screen), as_json=as_json)
        return
    figures = of_sector_or_nation("sites", options, screen)
    answer(figures, as_json=as_json)
    refuse_failed(options.sector, figures)
