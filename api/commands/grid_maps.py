"""``wangge map grids`` and ``wangge map grid``."""

from datetime import date, datetime
from pathlib import Path
from typing import Final, get_args

import click

from api import duty_exports
from api.commands.database import transaction
from api.commands.options import MonthType, county_option, lang_option, output_option, write
from api.duty_pages import duty_page, duty_picture, one_area_page
from geo.analysis.coverage import CoverageLevel
from geo.errors import Lang
from geo.intake.people import Role
from geo.months import Month
from geo.services import area_pages, duty_maps
from geo.settings import Settings
from geo.storage.queries import counties

_STANDALONE = click.option(
    "--standalone", is_flag=True, help="One file with everything in it; works from disk, without a network."
)
_FORMS: Final[dict[str, duty_exports.Format]] = {".xlsx": "xlsx", ".csv": "csv", ".geojson": "geojson", ".json": "json"}


@click.command(
    name="grids",
    epilog="Examples: wangge map grids -o grids.html --standalone; wangge map grids --role grid_head -o heads.xlsx",
)
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="Day; today if not given.")
@click.option(
    "--level",
    type=click.Choice(get_args(CoverageLevel)),
    default="grid",
    show_default=True,
    help="Level of the areas.",
)
@click.option("--area", help="Code of the scope: this area and all below it.")
@click.option("--role", type=click.Choice(get_args(Role)), help="Only this role.")
@click.option("--organisation", help="Code of an organisation: only its cadres.")
@county_option
@lang_option
@_STANDALONE
@output_option
@click.pass_obj
def duty_map(
    settings: Settings,
    /,
    on: datetime | None,
    level: CoverageLevel,
    area: str | None,
    role: Role | None,
    organisation: str | None,
    county: str | None,
    lang: Lang | None,
    output: Path | None,
    *,
    standalone: bool,
) -> None:
    """Who is responsible for which area; FILE may end in .html, .xlsx, .csv, .json, .geojson or .png.

    Without --standalone the page asks a running service for its scripts.
    """
    words = lang or settings.lang
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        day: date = on.date() if on else duty_maps.day_of(info, None)
        report = duty_maps.report(session, info, day, level=level, area=area, role=role, organisation=organisation)
        if output and output.suffix.lower() == ".png":
            write(duty_picture(session, report, lang=words), output)
            return
        form = _FORMS.get(output.suffix.lower()) if output else None
        if form is None:
            write(duty_page(session, report, settings=settings, lang=words, standalone=standalone), output)
            return
        shapes = duty_maps.drawn_shapes(session, report) if form == "geojson" else {}
        write(duty_exports.render(report, form, words, shapes), output)


@click.command(name="grid", epilog="Example: wangge map grid 990101001001001 -o grid.html --standalone")
@click.argument("code")
@click.option("--month", type=MonthType(), help="Month as 2026-10; the latest with visits if not given.")
@county_option
@lang_option
@_STANDALONE
@output_option
@click.pass_obj
def area_page(
    settings: Settings,
    /,
    code: str,
    month: Month | None,
    county: str | None,
    lang: Lang | None,
    output: Path | None,
    *,
    standalone: bool,
) -> None:
    """The page of the town, village or grid CODE, with all that is known of it."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        report = area_pages.report(session, info, code, month, by=None)
        page = one_area_page(session, report, settings=settings, lang=lang or settings.lang, standalone=standalone)
        write(page, output)
