"""``wangge boundaries load``; the commands of stored versions stand in `api.commands.boundary_versions`."""

from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

import click
from sqlalchemy.orm import Session

from api import boundary_exports, pictures
from api.commands import boundary_versions
from api.commands.database import transaction
from api.commands.options import county_option, from_option, lang_option, step, write
from geo.analysis.boundaries import BoundaryReport
from geo.errors import InvalidChoice, Lang
from geo.intake.boundary_columns import FIELDS
from geo.limits import SLIVER_WIDTH_M
from geo.services import area_writing, boundaries, boundary_checks, boundary_plans, boundary_reading
from geo.services.boundary_plans import Plan
from geo.services.boundary_reading import Asked
from geo.settings import Settings
from geo.space.codes import LEVELS, Level
from geo.space.crs import FRAMES, Frame

_REPORTS: Final = {".html": "html", ".xlsx": "xlsx", ".csv": "csv", ".json": "json"}


@click.group(name="boundaries")
def group() -> None:
    """Load, check, activate and roll back boundary versions."""


boundary_versions.add_to(group)


def _columns(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        field, equals, column = value.partition("=")
        if not equals or field not in FIELDS:
            raise InvalidChoice(field="--column", value=value, choices=", ".join(f"{name}=NAME" for name in FIELDS))
        pairs[field] = column
    return pairs


def _zone(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value not in available_timezones():
        raise InvalidChoice(field="--time-zone", value=value, choices="Asia/Shanghai, Asia/Urumqi, Europe/Paris …")
    return value


def _report_file(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in _REPORTS:
        raise InvalidChoice(field="--report", value=value.name, choices=", ".join(f"*{suffix}" for suffix in _REPORTS))
    return value


@group.command(
    epilog="Examples: wangge boundaries load villages.shp --level village --column code=XZQDM --report check.html; "
    "wangge boundaries load towns.geojson --level town --codes codes.csv --reference county.json "
    "--reference-frame gcj02; wangge boundaries load grids.gpkg --layer grids --level grid --repair --commit "
    "--activate --from 2026-01-01"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--level", required=True, type=click.Choice(LEVELS), help="Level of the areas in the file.")
@county_option
@click.option("--county-name", help="Name of a county that no file brings as an area.")
@click.option("--time-zone", default="Asia/Shanghai", callback=_zone, show_default=True, help="Of a new county.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    callback=_columns,
    metavar="FIELD=NAME",
    help="Which column is the code, name, parent, kind, households or population; repeat for each.",
)
@click.option("--layer", help="Layer of a file, or file of an archive, that has several.")
@click.option("--encoding", help="Encoding of a shapefile's text; found if not given.")
@click.option("--codes", type=click.Path(path_type=Path), help="Code list (csv) to find codes by name.")
@click.option("--crs", help="CRS of the coordinates, e.g. EPSG:4490; goes before what the file declares.")
@click.option("--frame", type=click.Choice(FRAMES), help="Frame of degrees that were shifted for web maps.")
@click.option("--axes", type=click.Choice(["xy", "yx"]), help="yx: latitude or northing comes first.")
@click.option(
    "--reference",
    type=click.Path(path_type=Path),
    help="Outline that the areas are compared with, to find CRS and frame; else the county that is stored.",
)
@click.option(
    "--reference-frame", type=click.Choice(FRAMES), default="wgs84", show_default=True, help="Frame of the reference."
)
@click.option(
    "--repair",
    type=click.FloatRange(0, 100, min_open=True),
    is_flag=False,
    flag_value=SLIVER_WIDTH_M,
    metavar="[METRES]",
    help=f"Give away gaps and overlaps narrower than this ({SLIVER_WIDTH_M:g} m if no number follows).",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_report_file,
    help="Write the checks: a map (.html), a workbook (.xlsx), .csv or .json.",
)
@click.option("--commit", is_flag=True, help="Write it as a staged version; without this nothing is written.")
@click.option("--activate", is_flag=True, help="With --commit: put it into force at once.")
@click.option("--accept-overlaps", is_flag=True, help="With --activate: insist although areas overlap; it is recorded.")
@from_option
@lang_option
@click.pass_obj
def load(
    settings: Settings,
    file: Path,
    level: Level,
    county: str | None,
    county_name: str | None,
    time_zone: str,
    columns: dict[str, str],
    layer: str | None,
    encoding: str | None,
    codes: Path | None,
    crs: str | None,
    frame: Frame | None,
    axes: str | None,
    reference: Path | None,
    reference_frame: Frame,
    repair: float | None,
    report_file: Path | None,
    from_day: datetime | None,
    lang: Lang | None,
    *,
    commit: bool,
    activate: bool,
    accept_overlaps: bool,
) -> None:
    """Check FILE and show what it would change; write it only with --commit."""
    if (activate and not commit) or ((from_day or accept_overlaps) and not activate):
        raise click.UsageError("--activate goes with --commit; --from and --accept-overlaps go with --activate")
    asked = Asked(
        path=file,
        level=level,
        county=county or settings.county,
        columns=columns,
        layer=layer,
        encoding=encoding,
        crs=crs,
        frame=frame,
        swapped=None if axes is None else axes == "yx",
        codes=codes,
        reference=reference,
        reference_frame=reference_frame,
    )
    words = lang or settings.lang
    with transaction(settings) as session:
        with step("reading"):
            read = boundary_reading.read(session, asked)
        with step(f"placing {len(read.areas):,} areas"):
            plan = boundary_plans.plan(
                session,
                read,
                county=asked.county,
                county_name=county_name,
                time_zone=time_zone,
                repair_width_m=repair,
            )
        with step("checking"):
            report = boundary_checks.examine(session, plan)
        click.echo(boundary_exports.to_table(report, words), nl=False)
        if report_file is not None:
            _write_report(session, settings, plan, report, report_file, words)
        boundaries.refuse_errors(plan)
        if not commit:
            click.echo("\ndry run: nothing was written; add --commit to stage this version")
            return
        with step("writing"):
            staged = boundaries.stage(session, plan, report)
        click.echo(f"\nstaged as version {staged.version} of {staged.county}")
        if not activate:
            click.echo(f"next: wangge boundaries activate {staged.version} --county {staged.county}")
            return
        with step("tagging visits anew"):
            done = boundaries.activate(
                session,
                staged.county,
                staged.version,
                from_day=from_day and from_day.date(),
                accept_overlaps=accept_overlaps,
            )
        boundary_versions.note(session, "activated", done)
        boundary_versions.tell(done)


def _write_report(
    session: Session, settings: Settings, plan: Plan, report: BoundaryReport, file: Path, lang: Lang
) -> None:
    if file.suffix.lower() == ".html":
        with step("drawing"):
            drawn = area_writing.drawn_shapes(plan)
            shapes = {area.code: drawn[area.code] for area in plan.areas if area.level in report.levels}
            page = pictures.check_page(session, report, shapes, settings=settings, lang=lang, standalone=True)
        write(page, file)
        return
    forms: dict[str, boundary_exports.Format] = {".xlsx": "xlsx", ".csv": "csv", ".json": "json"}
    write(boundary_exports.render(report, forms[file.suffix.lower()], lang), file)
