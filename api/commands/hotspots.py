"""``wangge hotspots`` and ``wangge map issues``."""

from datetime import date
from pathlib import Path
from typing import Any, get_args

import click

from api import exports, hotspot_exports
from api.commands.database import transaction
from api.commands.options import Decorator, county_option, format_option, lang_option, output_option, write
from api.issue_pages import issue_page, issue_picture
from geo.analysis.coverage import CoverageLevel
from geo.analysis.hotspots import DENOMINATORS, SEED
from geo.analysis.issue_flow import CATEGORIES, Category
from geo.analysis.surface_rasters import geotiff
from geo.errors import Lang
from geo.limits import MAX_BANDWIDTH_M, MIN_BANDWIDTH_M
from geo.months import Month
from geo.services import hotspots as service
from geo.services import problem_surfaces
from geo.settings import Settings
from geo.storage.queries import counties


class DayOrMonth(click.ParamType[date | Month]):
    """A day as 2026-10-12, or a month as 2026-10."""

    name = "day or month"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> date | Month:
        """Read it; the error says what it should look like."""
        return service.day_or_month(value) if isinstance(value, str) else value


_WINDOW: tuple[Decorator, ...] = (
    click.option("--from", "begin", type=DayOrMonth(), help="First month or day; a year before the end if not given."),
    click.option("--to", "until", type=DayOrMonth(), help="Last month or day, inclusive; the latest with visits."),
    click.option("--category", "categories", type=click.Choice(CATEGORIES), multiple=True, help="Only these issues."),
    click.option("--area", help="Code of the scope that is told of; the whole county is compared."),
    county_option,
)
_JUDGED: tuple[Decorator, ...] = (
    click.option(
        "--level",
        type=click.Choice(get_args(CoverageLevel)),
        default="village",
        show_default=True,
        help="Level of the areas that are judged.",
    ),
    click.option("--per", type=click.Choice(DENOMINATORS), default="visits", show_default=True, help="Of the rates."),
    click.option("--by-month", is_flag=True, help="Expect by the months of the visits."),
    click.option(
        "--seed", type=click.IntRange(0), default=SEED, show_default=True, help="Of permutations and replicates."
    ),
)


def _options(*several: Decorator) -> Decorator:
    def decorate(command: Any) -> Any:
        for option in reversed(several):
            command = option(command)
        return command

    return decorate


@click.command(
    epilog="Examples: wangge hotspots --category ecology --from 2026-01 --to 2026-06; "
    "wangge hotspots --format xlsx -o hotspots.xlsx; wangge hotspots --surface ecology.tif --category ecology"
)
@_options(*_WINDOW, *_JUDGED)
@click.option(
    "--surface",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write issues per 100 visits as a GeoTIFF here, instead.",
)
@click.option(
    "--bandwidth", type=click.FloatRange(MIN_BANDWIDTH_M, MAX_BANDWIDTH_M), help="Of the surface, metres; else chosen."
)
@format_option
@lang_option
@output_option
@click.pass_obj
def hotspots(
    settings: Settings,
    /,
    begin: date | Month | None,
    until: date | Month | None,
    categories: tuple[Category, ...],
    area: str | None,
    county: str | None,
    surface: Path | None,
    bandwidth: float | None,
    form: exports.Format,
    lang: Lang | None,
    output: Path | None,
    **judged: Any,
) -> None:
    """Where issues gather: areas and clusters beside what was to be expected. Unvisited areas are unknown."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        window = service.window_of(session, info, begin, until)
        if surface is not None:
            asked = problem_surfaces.Asked(categories=categories, bandwidth=bandwidth or "silverman")
            found = problem_surfaces.surface(session, info, *window, asked, area=area)
            tags = problem_surfaces.tags(found)
            write(geotiff(found.surface, epsg=found.epsg, tags=tags), surface)
            return
        report = service.report(session, info, *window, categories=categories, area=area, **judged)
        shapes = service.drawn_shapes(session, report) if form == "geojson" else {}
        write(hotspot_exports.render(report, form, lang or settings.lang, shapes), output)


@click.command(
    name="issues",
    epilog="Examples: wangge map issues -o issues.html --standalone; "
    "wangge map issues --category ecology -o ecology.png",
)
@_options(*_WINDOW, *_JUDGED)
@lang_option
@click.option("--standalone", is_flag=True, help="One file with everything in it; works from disk, without a network.")
@output_option
@click.pass_obj
def issue_map(
    settings: Settings,
    /,
    begin: date | Month | None,
    until: date | Month | None,
    categories: tuple[Category, ...],
    area: str | None,
    county: str | None,
    lang: Lang | None,
    output: Path | None,
    *,
    standalone: bool,
    **judged: Any,
) -> None:
    """The problem heatmap of a window; a picture where FILE ends in .png.

    Without --standalone the page asks a running service for its scripts.
    """
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        window = service.window_of(session, info, begin, until)
        report = service.report(session, info, *window, categories=categories, area=area, **judged)
        words = lang or settings.lang
        if output is not None and output.suffix.lower() == ".png":
            write(issue_picture(session, info, report, lang=words), output)
            return
        page = issue_page(session, info, report, settings=settings, lang=words, by=None, standalone=standalone)
        write(page, output)
