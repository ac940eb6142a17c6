"""``wangge boundaries``."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import available_timezones

import click

from api.commands.database import transaction
from api.commands.options import county_option
from geo.errors import InvalidChoice
from geo.intake import boundary_files
from geo.intake.boundary_columns import FIELDS
from geo.intake.rejections import Rejection
from geo.services import boundaries as service
from geo.services import boundary_plans
from geo.services.boundary_plans import Plan
from geo.settings import Settings
from geo.space.codes import LEVELS, Level
from geo.space.crs import FRAMES, Frame
from geo.storage.queries import boundaries, counties

_SHOWN = 20


@click.group(name="boundaries")
def group() -> None:
    """Load, list and activate boundary versions."""


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


@group.command(
    epilog="Examples: wangge boundaries load villages.shp --level village --column code=XZQDM --column name=XZQMC; "
    "wangge boundaries load grids.gpkg --layer grids --level grid --commit --activate --from 2026-01-01"
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
@click.option("--layer", help="Layer of a GeoPackage that has several.")
@click.option("--encoding", help="Encoding of a shapefile's text, e.g. GB18030.")
@click.option("--crs", help="CRS of a file that declares none, e.g. EPSG:4490.")
@click.option(
    "--frame", type=click.Choice(FRAMES), default="wgs84", show_default=True, help="Frame of shifted degrees."
)
@click.option("--commit", is_flag=True, help="Write it as a staged version; without this nothing is written.")
@click.option("--activate", is_flag=True, help="With --commit: put it into force at once.")
@click.option("--from", "from_day", type=click.DateTime(["%Y-%m-%d"]), help="With --activate: first day in force.")
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
    crs: str | None,
    frame: Frame,
    *,
    commit: bool,
    activate: bool,
    from_day: datetime | None,
) -> None:
    """Check FILE and show what it would change; write it only with --commit."""
    if (activate and not commit) or (from_day and not activate):
        raise click.UsageError("--activate goes with --commit, and --from with --activate")
    read = boundary_files.read(
        file,
        level,
        columns=columns,
        layer=layer,
        encoding=encoding,
        crs=crs,
        frame=frame,
    )
    click.echo(f"{read.source}: {len(read.areas)} areas, CRS {read.crs.splitlines()[0][:60]}")
    click.echo("columns: " + ", ".join(f"{field}={column}" for field, column in read.columns.items()))
    with transaction(settings) as session:
        plan = boundary_plans.plan(
            session, read, county=county or settings.county, county_name=county_name, time_zone=time_zone
        )
        _show(plan)
        if not commit and not plan.errors:
            click.echo("dry run: nothing was written; add --commit to stage this version")
            return
        staged = service.stage(session, plan)
        click.echo(f"staged as version {staged.version} of {staged.county}")
        if activate:
            _activate(service.activate(session, staged.county, staged.version, from_day=from_day and from_day.date()))
        else:
            click.echo(f"next: wangge boundaries activate {staged.version} --county {staged.county}")


@group.command(name="activate", epilog="Example: wangge boundaries activate 3 --from 2026-01-01")
@click.argument("version", type=int)
@county_option
@click.option("--from", "from_day", type=click.DateTime(["%Y-%m-%d"]), help="First day in force; today if not given.")
@click.pass_obj
def activate_version(settings: Settings, version: int, county: str | None, from_day: datetime | None) -> None:
    """Put the staged VERSION into force and tag all visits anew."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        _activate(service.activate(session, info.code, version, from_day=from_day and from_day.date()))


@group.command()
@county_option
@click.pass_obj
def versions(settings: Settings, county: str | None) -> None:
    """List the boundary versions of a county, the newest first."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        for version in boundaries.all_of(session, info.code):
            counts = boundaries.count_by_level(session, info.code, version.version)
            held = ", ".join(f"{counts[level]} {level}" for level in LEVELS if level in counts)
            force = f"{version.in_force_from or ''} – {version.in_force_until or ''}".strip(" –")
            click.echo(f"{version.version:>4}  {version.status:8} {force:24} {version.source}  ({held})")


def _show(plan: Plan) -> None:
    kept = f"over version {plan.based_on.version}" if plan.based_on else "a new county" if plan.is_new_county else "new"
    counts = ", ".join(f"{count} {level}" for level in LEVELS if (count := plan.count(level)))
    click.echo(f"county {plan.county.code} ({plan.county.scheme} codes, {plan.county.zone.key}), {kept}: {counts}")
    _list("warning", plan.warnings)
    _list("problem", plan.errors)


def _list(what: str, rejections: Sequence[Rejection]) -> None:
    for rejection in rejections[:_SHOWN]:
        click.echo(f"{what}: row {rejection.row}, {rejection.field}: {rejection.en}", err=True)
    if len(rejections) > _SHOWN:
        click.echo(f"{what}: and {len(rejections) - _SHOWN} more", err=True)


def _activate(done: service.Activation) -> None:
    before = f", version {done.retired.version} retired" if done.retired else ""
    click.echo(
        f"version {done.version.version} is in force from {done.version.in_force_from}{before}; "
        f"{done.retagged} of {done.visits} visits tagged anew"
    )
