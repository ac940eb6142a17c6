"""``wangge accounts`` and ``wangge tokens``."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import click

from api import cells
from api.commands.database import transaction
from api.commands.options import county_option
from geo.services import accounts as service
from geo.services.accounts import ROLES, Role
from geo.settings import Settings
from geo.storage.queries import accounts, counties

ACTOR: Final = "command"
_LOGGED: Final = 200


@click.group(epilog="Example: wangge accounts add town-office supervisor --scope 330122101")
def group() -> None:
    """Accounts: who may sign in, in which role, and which part of the county each sees."""


@click.group(epilog="Example: wangge tokens make gis 'map of the water office' --days 90")
def tokens() -> None:
    """Tokens, with which other systems read in the name of an account."""


@group.command(epilog="Example: wangge accounts add office planner; wangge accounts add root admin --everything")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--scope", help="Code of the area that it sees, and all below it; the whole county if not given.")
@click.option("--staff-no", help="Staff number, for the account of a cadre.")
@click.option("--everything", is_flag=True, help="Every county that is stored, or will be.")
@click.option("--no-password", is_flag=True, help="Signs in with tokens only, as services always do.")
@county_option
@click.pass_obj
def add(
    settings: Settings,
    name: str,
    role: Role,
    scope: str | None,
    staff_no: str | None,
    *,
    everything: bool,
    no_password: bool,
    county: str | None,
) -> None:
    """Make the account NAME in a ROLE; its password is made up, and shown this once."""
    password = None if no_password or role == "service" else secrets.token_urlsafe(12)
    with transaction(settings) as session:
        code = None if everything else counties.resolve(session, county or settings.county).code
        made = service.add(
            session, name, role, county=code, scope=scope, staff_no=staff_no, password=password, actor=ACTOR
        )
    click.echo(f"{made.name}: {made.role}, {made.scope or 'everything'}")
    if password is not None:
        click.echo(f"password: {password}")


@group.command(name="list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List all accounts."""
    with transaction(settings) as session:
        found = accounts.page(session, after=None, limit=100_000)
    titles = ["Name", "Role", "Scope", "Staff no.", "Active", "Signed in"]
    rows = [
        [
            one.name,
            one.role,
            one.scope or "everything",
            one.staff_no,
            "yes" if one.active else "no",
            _at(one.signed_in_at),
        ]
        for one in found
    ]
    for line in cells.to_text(titles, rows):
        click.echo(line)


@group.command(epilog="Example: wangge accounts change town-office --scope 330122102 --new-password")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="Another role.")
@click.option("--scope", help="Code of another area.")
@click.option("--active/--inactive", default=None, help="Whether it may sign in and its tokens stand.")
@click.option("--new-password", is_flag=True, help="Make up another password, and show it this once.")
@click.pass_obj
def change(
    settings: Settings, name: str, role: Role | None, scope: str | None, *, active: bool | None, new_password: bool
) -> None:
    """Change the account NAME; it is signed out everywhere."""
    password = secrets.token_urlsafe(12) if new_password else None
    with transaction(settings) as session:
        changed = service.change(session, name, actor=ACTOR, role=role, scope=scope, active=active, password=password)
    state = "" if changed.active else ", inactive"
    click.echo(f"{changed.name}: {changed.role}, {changed.scope or 'everything'}{state}")
    if password is not None:
        click.echo(f"password: {password}")


@group.command()
@click.option("--limit", type=click.IntRange(1), default=_LOGGED, show_default=True, help="Lines to show.")
@click.pass_obj
def log(settings: Settings, limit: int) -> None:
    """What was done to accounts, tokens and boundaries, and who signed in; the last first."""
    with transaction(settings) as session:
        found = accounts.log(session, limit)
    for at, actor, action, subject in found:
        click.echo(f"{_at(at)}  {actor}  {action}  {subject}")


@tokens.command(epilog="Example: wangge tokens make gis 'QGIS of the planning office' --days 90")
@click.argument("account")
@click.argument("label")
@click.option("--days", type=int, default=90, show_default=True, help="Days after which it expires.")
@click.pass_obj
def make(settings: Settings, account: str, label: str, days: int) -> None:
    """A new token for ACCOUNT, for what LABEL says; it is shown this once."""
    with transaction(settings) as session:
        number, secret = service.make_token(session, service.get(session, account), label, days=days, actor=ACTOR)
    click.echo(f"token {number} of {account}, for {days} days", err=True)
    click.echo(secret)


@tokens.command(name="list", epilog="Example: wangge tokens list gis")
@click.argument("account", required=False)
@click.pass_obj
def list_tokens(settings: Settings, account: str | None) -> None:
    """List tokens: of ACCOUNT, or all of them."""
    with transaction(settings) as session:
        number = service.get(session, account).id if account else None
        found = accounts.tokens(session, number)
    titles = ["No.", "Account", "For", "Made", "Expires", "Revoked", "Last used"]
    rows = [
        [
            one.id,
            one.account,
            one.label,
            _at(one.created_at),
            _at(one.expires_at),
            _at(one.revoked_at),
            _at(one.used_at),
        ]
        for one in found
    ]
    for line in cells.to_text(titles, rows):
        click.echo(line)


@tokens.command(epilog="Example: wangge tokens revoke 7")
@click.argument("number", type=int)
@click.pass_obj
def revoke(settings: Settings, number: int) -> None:
    """The token NUMBER stands for nobody any more."""
    with transaction(settings) as session:
        found = service.revoke_token(session, number, account=None, actor=ACTOR)
    click.echo(f"token {number} of {found.account} ({found.label}) is revoked")


def _table(titles: Sequence[str], rows: Sequence[Sequence[cells.Cell]]) -> None:
    for line in cells.to_text(titles, rows):
        click.echo(line)


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M}Z"
