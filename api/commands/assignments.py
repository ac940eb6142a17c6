"""``wangge assignments give|end|hand-over|report|history``, beside the ``import`` that every sheet has."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, get_args
from zoneinfo import ZoneInfo

import click

from api import cells
from api.commands.database import transaction
from api.commands.options import county_option, lang_option
from geo.errors import Lang
from geo.intake.people import Role
from geo.services import assignments as service
from geo.services import coverage, duties
from geo.settings import Settings
from geo.space.codes import Level
from geo.storage.queries import assignments, counties
from geo.storage.queries.assignments import Change
from maps import labels

_SHOWN: Final = 50
_DAY: Final = click.DateTime(["%Y-%m-%d"])
_LEVELS: Final = click.Choice(["town", "village", "grid"])
_ROLES: Final = click.Choice(get_args(Role))

actor_option = click.option("--by", "actor", default="command", show_default=True, help="Name for the history.")


def add_to(group: click.Group) -> None:
    """Put the commands into the group."""
    for command in (give, end, hand_over, report, history):
        group.add_command(command)


@click.command(epilog="Example: wangge assignments give C00017 grid_head 330122101201001 --from 2026-11-01")
@click.argument("staff_no")
@click.argument("role", type=_ROLES)
@click.argument("areas", nargs=-1, required=True)
@click.option("--from", "begin", type=_DAY, required=True, help="First day in force.")
@click.option("--to", "until", type=_DAY, help="First day no longer in force.")
@actor_option
@county_option
@click.pass_obj
def give(
    settings: Settings,
    staff_no: str,
    role: Role,
    areas: tuple[str, ...],
    begin: datetime,
    until: datetime | None,
    actor: str,
    county: str | None,
) -> None:
    """Give STAFF_NO a ROLE for AREAS: for all of them or for none."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        assignments.act_as(session, actor)
        made = service.assign(session, info.code, staff_no, set(areas), role, begin.date(), until and until.date())
    click.echo(f"{len(made)} assignments of {staff_no}: {', '.join(map(str, made))}")


@click.command(epilog="Example: wangge assignments end 1234 --on 2026-11-01")
@click.argument("number", type=int)
@click.option("--on", "day", type=_DAY, required=True, help="First day no longer in force.")
@actor_option
@county_option
@click.pass_obj
def end(settings: Settings, number: int, day: datetime, actor: str, county: str | None) -> None:
    """End the assignment NUMBER."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        assignments.act_as(session, actor)
        ended = service.finish(session, info.code, number, day.date())
    click.echo(f"{ended.staff_no} {ended.role} {ended.area}: from {ended.from_day} to {ended.to_day}")


@click.command(name="hand-over", epilog="Example: wangge assignments hand-over C00017 C00018 --from 2026-11-01")
@click.argument("giver")
@click.argument("taker")
@click.option("--from", "day", type=_DAY, required=True, help="First day of TAKER.")
@click.option("--area", "areas", multiple=True, help="Only this area; repeat for several.")
@actor_option
@county_option
@click.pass_obj
def hand_over(
    settings: Settings,
    giver: str,
    taker: str,
    day: datetime,
    areas: tuple[str, ...],
    actor: str,
    county: str | None,
) -> None:
    """All areas of GIVER go to TAKER from a day on, each for as long as it was given."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        assignments.act_as(session, actor)
        done = service.hand_over(session, info.code, giver, taker, day.date(), codes=areas or None)
    for one in done:
        click.echo(f"{one.role} {one.area}: " + ("held already" if one.new_id is None else f"now {one.new_id}"))
    click.echo(f"{len(done)} assignments went from {giver} to {taker}")


@click.command(epilog="Example: wangge assignments report --level grid --role grid_head --most 5")
@click.option("--on", "day", type=_DAY, help="Day; today in the county if not given.")
@click.option("--level", type=_LEVELS, default="grid", show_default=True, help="Level of the areas.")
@click.option("--role", type=_ROLES, help="Role that every area should have; the chief one of the level if not given.")
@click.option("--most", type=click.IntRange(1), default=5, show_default=True, help="Areas that one cadre may hold.")
@county_option
@lang_option
@click.pass_obj
def report(
    settings: Settings,
    day: datetime | None,
    level: Level,
    role: Role | None,
    most: int,
    county: str | None,
    lang: Lang | None,
) -> None:
    """Areas with nobody, cadres with too much, and cadres with nothing; by organisation."""
    words = lang or settings.lang
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        on = day.date() if day else coverage.today(info)
        found = duties.report(session, info, level=level, role=role, day=on, most=most)
    zh = words == "zh-CN"
    name = labels.role_name(found.role, words)
    click.echo(
        f"{on} {labels.level_name(level, words)}: {len(found.without)} {'无' if zh else 'without a'} {name}, "
        f"{len(found.heavy)} {'人超过' if zh else 'cadres with more than'} {most}{' 个区域' if zh else ' areas'}, "
        f"{len(found.idle)} {'人无分工' if zh else 'with none'}"
    )
    areas = ["代码", "名称", "上级"] if zh else ["Code", "Name", "Parent"]
    people = ["单位", "工号", "姓名", "区域", "户数", "超期天数"] if zh else [
        "Organisation", "Staff no.", "Name", "Areas", "Households", "Days overdue"
    ]  # fmt: skip
    _table(areas, found.without)
    _table(people, [_duty(one) for one in found.heavy])
    _table(people, [_duty(one) for one in found.idle])


def _duty(one: duties.Duty) -> list[cells.Cell]:
    load = one.load
    return [load.organisation_name, load.staff_no, load.name, load.areas, load.households, one.days_overdue]


@click.command(epilog="Example: wangge assignments history --area 330122101201001")
@click.option("--area", help="Only of this area.")
@click.option("--cadre", help="Only of this staff number.")
@county_option
@click.pass_obj
def history(settings: Settings, area: str | None, cadre: str | None, county: str | None) -> None:
    """Every change of an assignment: when, by whom, and what it was afterwards."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        found = assignments.history(session, info.code, area=area, staff_no=cadre)
    titles = ["No.", "At", "By", "What", "Assignment", "Cadre", "Role", "Area", "From", "To"]
    rows = [_change(one, info.zone) for one in found]
    _table(titles, rows)


def _change(one: Change, zone: ZoneInfo) -> list[cells.Cell]:
    at, until = f"{one.at.astimezone(zone):%Y-%m-%d %H:%M:%S}", str(one.to_day) if one.to_day else None
    what: list[cells.Cell] = [one.number, at, one.actor, one.action, one.id]
    return [*what, one.staff_no, one.role, one.area, str(one.from_day), until]


def _table(titles: Sequence[str], rows: Sequence[Sequence[cells.Cell]]) -> None:
    if not rows:
        return
    click.echo()
    for line in cells.to_text(titles, rows[:_SHOWN]):
        click.echo(line)
    if len(rows) > _SHOWN:
        click.echo(f"and {len(rows) - _SHOWN} more")
