"""``wangge db``: the database, which is the private local PostGIS unless WANGGE_DATABASE_URL names another."""

import sys

import click
from sqlalchemy import URL, NullPool, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from geo.errors import LocalPostgisError
from geo.settings import Settings
from geo.storage import database as storage
from geo.storage.local_postgis import LocalPostgis

NOT_RUNNING = 3
"""Exit code of ``status``, the one that service managers use."""

CONNECT_SECONDS = 5


@click.group()
def db() -> None:
    """Start, stop and look at the database."""


@db.command()
@click.pass_obj
def start(settings: Settings) -> None:
    """Start the private PostGIS, and make it if it is not there; prints its address."""
    click.echo(_ours(settings).start())


@db.command()
@click.pass_obj
def stop(settings: Settings) -> None:
    """Stop the private PostGIS and wait until it has ended. The data stay."""
    click.echo("stopped" if _ours(settings).stop() else "it was not running")


@db.command()
@click.pass_obj
def url(settings: Settings) -> None:
    """Print the address of the database, password included."""
    click.echo(settings.database_url or LocalPostgis(settings.home).url)


@db.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Say what runs and where its data and log are; the exit code is 0 if it answers, 3 if not."""
    running = _show_local(settings) if settings.database_url is None else _show_given(settings.database_url)
    if not running:
        sys.exit(NOT_RUNNING)


@db.command()
@click.option("--to", "revision", default="head", show_default=True, help="Revision; base takes everything away.")
@click.pass_obj
def migrate(settings: Settings, revision: str) -> None:
    """Bring the schema of the database to the one that this version needs."""
    storage.migrate(storage.resolve_url(settings), revision)
    click.echo(f"the schema is at {revision}")


def _ours(settings: Settings) -> LocalPostgis:
    if settings.database_url is not None:
        shown = _masked(_parsed(settings.database_url))
        reason = (
            f"WANGGE_DATABASE_URL names another database ({shown}), which is not ours to start or stop; unset it first"
        )
        raise LocalPostgisError(reason=reason)
    return LocalPostgis(settings.home)


def _show_local(settings: Settings) -> bool:
    server = LocalPostgis(settings.home)
    found = server.status()
    answers = "" if found.version or found.pid is None else ", does not answer (yet)"
    click.echo(f"state    {found.state}" + (f" (process {found.pid}{answers})" if found.pid else ""))
    if found.version:
        click.echo(f"version  {found.version}")
    click.echo(f"data     {found.data_dir}")
    if not found.data_dir.is_relative_to(server.home):
        click.echo(f"         there because the server's account cannot enter {server.home}")
    click.echo(f"socket   {found.socket_dir}")
    click.echo(f"log      {found.log}")
    if found.url:
        click.echo(f"url      {found.url}")
    return found.state == "running"


def _show_given(database_url: str) -> bool:
    address = _parsed(database_url)
    click.echo("state    given by WANGGE_DATABASE_URL, not ours to start or stop")
    click.echo(f"url      {_masked(address)}")
    try:
        engine = create_engine(address, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
        with engine.connect() as connection:
            server = connection.execute(text("SHOW server_version")).scalar_one()
            postgis = connection.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")).scalar()
    except SQLAlchemyError as error:
        click.echo(f"answers  no: {' '.join(str(getattr(error, 'orig', error)).split())}")
        return False
    click.echo(f"version  PostgreSQL {server.split()[0]}, PostGIS {postgis or 'missing'}")
    return True


def _parsed(database_url: str) -> URL:
    try:
        return make_url(database_url)
    except ArgumentError as error:
        reason = "WANGGE_DATABASE_URL is not an address like postgresql+psycopg2://user:password@host/database"
        raise LocalPostgisError(reason=reason) from error


def _masked(address: URL) -> str:
    """The address without its password, wherever in it that stands."""
    secrets = {key: "***" for key in address.query if "password" in key}
    return address.update_query_dict(secrets).render_as_string(hide_password=True)
