"""``wangge coverage``, ``wangge gaps`` and ``wangge map coverage``."""

from pathlib import Path
from typing import get_args

import click
from sqlalchemy.orm import Session

from api import exports
from api.commands.database import transaction
from api.commands.options import (
    area_option,
    boundaries_option,
    county_option,
    lang_option,
    level_option,
    month_argument,
    output_option,
    write,
)
from api.pictures import coverage_page
from geo.analysis.coverage import Boundaries, CoverageReport, Reason
from geo.errors import Lang
from geo.months import Month
from geo.services import coverage as service
from geo.settings import Settings
from geo.space.codes import Level
from geo.storage.queries import counties

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(get_args(exports.Format)),
    default="table",
    show_default=True,
    help="Form of the answer.",
)


@click.command(
    epilog="Examples: wangge coverage 2026-10 --level grid --area 990101101; "
    "wangge coverage 2026-10 --format xlsx -o coverage.xlsx"
)
@month_argument
@level_option
@area_option
@county_option
@boundaries_option
@format_option
@lang_option
@output_option
@click.pass_obj
def coverage(
    settings: Settings,
    month: Month,
    level: Level,
    area: str | None,
    county: str | None,
    boundaries: Boundaries,
    form: exports.Format,
    lang: Lang | None,
    output: Path | None,
) -> None:
    """Coverage of a month: every area with its requirement, visits and status."""
    with transaction(settings) as session:
        report = _report(session, settings, month, level, area, county, boundaries)
        write(_render(session, report, report.rows, form, lang or settings.lang), output)


@click.command(epilog="Example: wangge gaps 2026-10 --level village --reason unvisited --format csv -o unvisited.csv")
@month_argument
@level_option
@area_option
@county_option
@boundaries_option
@click.option("--reason", type=click.Choice(get_args(Reason)), help="Only areas that stand here for this reason.")
@format_option
@lang_option
@output_option
@click.pass_obj
def gaps(
    settings: Settings,
    month: Month,
    level: Level,
    area: str | None,
    county: str | None,
    boundaries: Boundaries,
    reason: Reason | None,
    form: exports.Format,
    lang: Lang | None,
    output: Path | None,
) -> None:
    """What is still needed in a month, worst first."""
    with transaction(settings) as session:
        report = _report(session, settings, month, level, area, county, boundaries)
        rows = [row for row in report.gaps() if reason is None or reason in row.reasons]
        write(_render(session, report, rows, form, lang or settings.lang), output)


@click.group(name="map")
def maps() -> None:
    """Draw maps into files."""


@maps.command(name="coverage", epilog="Example: wangge map coverage 2026-10 -o map.html --standalone")
@month_argument
@level_option
@area_option
@county_option
@boundaries_option
@lang_option
@click.option("--standalone", is_flag=True, help="One file with everything in it; works from disk, without a network.")
@output_option
@click.pass_obj
def coverage_map(
    settings: Settings,
    month: Month,
    level: Level,
    area: str | None,
    county: str | None,
    boundaries: Boundaries,
    lang: Lang | None,
    output: Path | None,
    *,
    standalone: bool,
) -> None:
    """The coverage-gap map of a month. Without --standalone it asks a running service for its scripts."""
    with transaction(settings) as session:
        report = _report(session, settings, month, level, area, county, boundaries)
        page = coverage_page(session, report, settings=settings, lang=lang or settings.lang, standalone=standalone)
        write(page, output)


def _report(
    session: Session,
    settings: Settings,
    month: Month,
    level: Level,
    area: str | None,
    county: str | None,
    boundaries: Boundaries,
) -> CoverageReport:
    info = counties.resolve(session, county or settings.county)
    return service.report(session, info, month, level=level, area=area, read_with=boundaries)


def _render(
    session: Session, report: CoverageReport, rows: exports.Rows, form: exports.Format, lang: Lang
) -> str | bytes:
    if form == "table":
        return exports.to_table(report, rows, lang)
    shapes = service.drawn_shapes(session, report) if form == "geojson" else {}
    return exports.render(report, rows, form, lang, shapes)
