"""``wangge boundaries versions|changes|activate|rollback``."""

from datetime import datetime

import click
from sqlalchemy.orm import Session

from api import boundary_exports
from api.commands.database import transaction
from api.commands.options import county_option, from_option, lang_option, step
from geo.errors import Lang
from geo.services import boundaries as service
from geo.services import boundary_checks
from geo.services.boundaries import Activation
from geo.settings import Settings
from geo.space.codes import LEVELS
from geo.storage.queries import accounts, boundaries, counties, lineage
from geo.storage.queries.lineage import Carried
from maps import check_labels, labels

_SHOWN = 20


def add_to(group: click.Group) -> None:
    """Put the commands into the group."""
    for command in (versions, changes, activate_version, rollback):
        group.add_command(command)


@click.command(name="activate", epilog="Example: wangge boundaries activate 3 --from 2026-01-01")
@click.argument("version", type=int)
@county_option
@from_option
@click.option("--accept-overlaps", is_flag=True, help="Insist although areas overlap; it is recorded.")
@click.pass_obj
def activate_version(
    settings: Settings, version: int, county: str | None, from_day: datetime | None, *, accept_overlaps: bool
) -> None:
    """Put the staged VERSION into force, carry over what stands at codes that are no more, tag all visits anew."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        with step("tagging visits anew"):
            done = service.activate(
                session, info.code, version, from_day=from_day and from_day.date(), accept_overlaps=accept_overlaps
            )
        note(session, "activated", done)
        tell(done)


@click.command(epilog="Example: wangge boundaries rollback --county 330122")
@county_option
@click.pass_obj
def rollback(settings: Settings, county: str | None) -> None:
    """Put the version back into force that the active one replaced; the active one is staged again."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        with step("tagging visits anew"):
            done = service.rollback(session, info.code)
        note(session, "put back", done)
        tell(done)


@click.command()
@county_option
@click.pass_obj
def versions(settings: Settings, county: str | None) -> None:
    """List the boundary versions of a county, the newest first."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        counts = boundaries.counts_of_all(session, info.code)
        for version in boundaries.all_of(session, info.code):
            held = ", ".join(
                f"{counts[version.version][level]} {level}" for level in LEVELS if level in counts[version.version]
            )
            force = f"{version.in_force_from or ''} – {version.in_force_until or ''}".strip(" –")
            accepted = ", overlaps accepted" if version.overlaps_accepted_at else ""
            click.echo(f"{version.version:>4}  {version.status:8} {force:24} {version.source}  ({held}{accepted})")


@click.command(epilog="Example: wangge boundaries changes 3")
@click.argument("version", type=int)
@county_option
@lang_option
@click.pass_obj
def changes(settings: Settings, version: int, county: str | None, lang: Lang | None) -> None:
    """What the checks found in VERSION, what became of every area, and what its activation carried over."""
    words = lang or settings.lang
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        found = boundaries.get(session, info.code, version)
        click.echo(boundary_exports.to_table(boundary_checks.of_version(session, found), words), nl=False)
        for row in lineage.carried(session, info.code, version):
            click.echo(_carried(row, words))


def note(session: Session, what: str, done: Activation) -> None:
    """Write into the log of what was done."""
    accounts.note(session, "command", f"boundaries {what}", f"{done.version.county} version {done.version.version}")


def tell(done: service.Activation) -> None:
    """What an activation or a rollback did."""
    before = f", version {done.retired.version} {_after(done)}" if done.retired else ""
    click.echo(
        f"version {done.version.version} is in force from {done.version.in_force_from}{before}; "
        f"{done.retagged:,} of {done.visits:,} visits tagged anew"
    )
    carried = [row for row in done.carried if row.outcome == "carried"]
    left = [row for row in done.carried if row.outcome == "decide"]
    if done.carried:
        click.echo(f"{len(carried)} assignments, settings and organisations carried over, {len(left)} left to decide")
    for row in left[:_SHOWN]:
        click.echo(_carried(row, "en"), err=True)
    if len(left) > _SHOWN:
        click.echo(f"and {len(left) - _SHOWN} more: wangge boundaries changes {done.version.version}", err=True)


def _after(done: service.Activation) -> str:
    return "is staged again" if done.retired and done.retired.version > done.version.version else "retired"


def _carried(row: Carried, lang: Lang) -> str:
    word = {key: value.text(lang) for key, value in check_labels.CARRIED_WORDS.items()}
    reason = word.get(row.reason) or check_labels.RELATION_WORDS[row.reason].text(lang)
    who = " ".join(part for part in (row.subject, row.role and labels.role_name(row.role, lang)) if part)
    return f"{word[row.outcome]}: {word[row.kind]} {who} {row.old_code} → {row.new_code or '—'} ({reason})"
