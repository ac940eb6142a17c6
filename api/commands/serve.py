"""``wangge serve`` and ``wangge demo``."""

import contextlib
import ipaddress
import logging
import socket
import threading
from collections.abc import Sequence

import click
import uvicorn

from api import cells
from api.app import create_app
from api.commands.database import ready_url, transaction
from data import entry, loading
from data import sample as samples
from geo.analysis import clusters
from geo.errors import ServiceUnavailable
from geo.settings import Settings
from geo.storage.queries import accounts, counties

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
            click.echo(loading.load(session, samples.make()))
        made = entry.make(session) if not accounts.count(session) and counties.find(session, loading.COUNTY) else []
    address = f"http://{settings.host}:{settings.port}"
    click.echo(f"\n  coverage-gap map  {address}/\n  API               {address}/docs\n")
    _show(made)
    click.echo("  Ctrl-C stops the service; wangge db stop ends the private PostGIS.\n")
    _serve(settings)


def _show(made: Sequence[entry.Entry]) -> None:
    if not made:
        click.echo("  Accounts were made before: wangge accounts change NAME --new-password shows another password.\n")
        return
    click.echo("  Accounts of the demonstration, shown this once:")
    for line in cells.to_text(
        ["account", "password (a token for the service)", "sees"], [[one.name, one.secret, one.scope] for one in made]
    ):
        click.echo(f"    {line}")
    click.echo()


def _serve(settings: Settings) -> None:
    ready_url(settings)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = create_app(settings)
    # Beside the service: whoever asks for hot spots first need not wait for the compiler. Not while the app is made:
    # both switch warnings off and on, which is the whole process's.
    threading.Thread(target=clusters.warm_up, name="wangge-warm-up", daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.run(
            app,
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
                reason=f"the service speaks plain HTTP, which shows passwords to the network, so it binds to loopback "
                f"only, not to {settings.host}; put a proxy with TLS before it, or set WANGGE_ALLOW_REMOTE=true where "
                "one stands before it already"
            )
        click.echo(f"plain HTTP on {settings.host}: only for a proxy that speaks TLS to everybody else", err=True)
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            reason = f"{settings.host}:{settings.port} is not free ({error.strerror}); set another WANGGE_PORT"
            raise ServiceUnavailable(reason=reason) from error
