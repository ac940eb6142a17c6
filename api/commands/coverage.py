"""``wangge coverage``, ``wangge gaps``, ``wangge map coverage`` and ``wangge map check``."""

from pathlib import Path
from typing import Literal, Unpack, get_args

import click
from sqlalchemy.orm import Session

from api import boundary_exports, exports
from api.commands.database import transaction
from api.commands.options import (
    ReportAsked,
    county_option,
    format_option,
    lang_option,
    output_option,
    report_options,
    write,
)
from api.pictures import check_page, coverage_page, coverage_picture
from geo.analysis.coverage import CoverageReport, Reason
from geo.errors import Lang
from geo.services import boundary_checks
from geo.services import coverage as service
from geo.settings import Settings
from geo.storage.queries import boundaries, counties


@click.command(
    epilog="Examples: wangge coverage 2026-10 --level grid --area 990101101; "
    "wangge coverage 2026-10 --format xlsx -o coverage.xlsx"
)
@report_options
@format_option
@lang_option
@output_option
@click.pass_obj
def coverage(
    settings: Settings, form: exports.Format, lang: Lang | None, output: Path | None, **asked: Unpack[ReportAsked]
) -> None:
    """Coverage of a month: every area with its requirement, visits and status."""
    with transaction(settings) as session:
        report = _report(session, settings, asked)
        write(_render(session, report, report.rows, form, lang or settings.lang), output)


@click.command(epilog="Example: wangge gaps 2026-10 --level village --reason unvisited --format csv -o unvisited.csv")
@report_options
@click.option("--reason", type=click.Choice(get_args(Reason)), help="Only areas that stand here for this reason.")
@format_option
@lang_option
@output_option
@click.pass_obj
def gaps(
    settings: Settings,
    reason: Reason | None,
    form: exports.Format,
    lang: Lang | None,
    output: Path | None,
    **asked: Unpack[ReportAsked],
) -> None:
    """What is still needed in a month, worst first."""
    with transaction(settings) as session:
        report = _report(session, settings, asked)
        write(_render(session, report, report.gaps(reason), form, lang or settings.lang), output)


@click.command(
    name="coverage",
    epilog="Examples: wangge map coverage 2026-10 -o map.html --standalone; "
    "wangge map coverage 2026-10 --level grid -o grids.png",
)
@report_options
@lang_option
@click.option("--standalone", is_flag=True, help="One file with everything in it; works from disk, without a network.")
@output_option
@click.pass_obj
def coverage_map(
    settings: Settings, lang: Lang | None, output: Path | None, *, standalone: bool, **asked: Unpack[ReportAsked]
) -> None:
    """The coverage-gap map of a month; a picture where FILE ends in .png.

    Without --standalone the page asks a running service for its scripts.
    """
    with transaction(settings) as session:
        report, words = _report(session, settings, asked), lang or settings.lang
        if output is not None and output.suffix.lower() == ".png":
            write(coverage_picture(session, report, lang=words), output)
            return
        page = coverage_page(session, report, settings=settings, lang=words, standalone=standalone)
        write(page, output)


@click.command(name="check", epilog="Example: wangge map check 3 -o check.html --standalone")
@click.argument("version", type=int, required=False)
@county_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", *get_args(boundary_exports.Format)]),
    default="html",
    show_default=True,
    help="A map, or the same as a table or sheet.",
)
@lang_option
@click.option("--standalone", is_flag=True, help="One file with everything in it; works from disk, without a network.")
@output_option
@click.pass_obj
def check_map(
    settings: Settings,
    version: int | None,
    county: str | None,
    form: Literal["html"] | boundary_exports.Format,
    lang: Lang | None,
    output: Path | None,
    *,
    standalone: bool,
) -> None:
    """The check map of VERSION, of the active one if none is named: what was found in it, and what it changed."""
    words = lang or settings.lang
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        found = boundaries.get(session, info.code, version) if version else boundaries.active(session, info.code)
        report = boundary_checks.of_version(session, found)
        if form != "html":
            write(boundary_exports.render(report, form, words), output)
            return
        shapes = boundary_checks.shapes_of(session, found, report)
        page = check_page(session, report, shapes, settings=settings, lang=words, standalone=standalone)
        write(page, output)


def _report(session: Session, settings: Settings, asked: ReportAsked) -> CoverageReport:
    county = counties.resolve(session, asked["county"] or settings.county)
    return service.report(
        session, county, asked["month"], level=asked["level"], area=asked["area"], read_with=asked["boundaries"]
    )


def _render(
    session: Session, report: CoverageReport, rows: exports.Rows, form: exports.Format, lang: Lang
) -> str | bytes:
    if form == "table":
        return exports.to_table(report, rows, lang)
    shapes = service.drawn_shapes(session, report) if form == "geojson" else {}
    return exports.render(report, rows, form, lang, shapes)
