"""``wangge serve`` and ``wangge demo``."""

import contextlib
import ipaddress
import logging
import socket

import click
import uvicorn

from api.app import create_app
from api.commands.database import ready_url, transaction
from data import loading
from data import sample as samples
from geo.errors import ServiceUnavailable
from geo.settings import Settings
from geo.storage.queries import counties

_GRACE_SECONDS = 10


@click.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Serve HTTP at WANGGE_HOST:WANGGE_PORT (127.0.0.1:8000)."""
    _check_address(settings)
    _serve(settings)


@click.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Start the database, load the sample county if the database is empty, and serve.

    Stop it with Ctrl-C. The private PostGIS goes on running; `wangge db stop` ends it.
    """
    _check_address(settings)
    with transaction(settings) as session:
        if not counties.all_codes(session):
            click.echo("loading the sample county (fictional) …")
            outcomes = loading.load(session, samples.make())
            click.echo("visits: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))
    address = f"http://{settings.host}:{settings.port}"
    click.echo(f"\n  coverage-gap map  {address}/\n  API               {address}/docs\n")
    click.echo("  Ctrl-C stops the service; wangge db stop ends the private PostGIS.\n")
    _serve(settings)


def _serve(settings: Settings) -> None:
    ready_url(settings)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.run(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_address(settings: Settings) -> None:
    """Say it before the database is started and the sample is loaded, not after."""
    if not _is_loopback(settings.host):
        if not settings.allow_remote:
            raise ServiceUnavailable(
                reason=f"there is no sign-in yet, so the service binds to loopback only, not to {settings.host}; "
                "WANGGE_ALLOW_REMOTE=true overrides it where another gate stands before it"
            )
        click.echo(f"there is no sign-in: everyone who reaches {settings.host} sees everything", err=True)
    else:
        click.echo("there is no sign-in yet: the service answers on this machine only", err=True)
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            reason = f"{settings.host}:{settings.port} is not free ({error.strerror}); set another WANGGE_PORT"
            raise ServiceUnavailable(reason=reason) from error
