"""The service itself with the sample county and an account of every role, for whole journeys in a browser."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page, Request, Route
from sqlalchemy.orm import Session

from data.sample import Sample
from geo.services import accounts
from geo.services.accounts import Role
from geo.storage.database import make_engine
from tests.benchmarks.serving import served

PASSWORD: Final = "a long pass phrase"
DESK: Final = (1440, 900)
PHONE: Final = (390, 844)
MONTH: Final = "2026-10"


@dataclass
class Opened:
    """A browser of somebody who is signed in; afterwards nothing may have left it or failed in it."""

    page: Page
    base: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the service."""
        self.page.goto(self.base + path)
        return self.page


@dataclass(frozen=True)
class Live:
    """Where it is served, and who may sign in: names by role.

    :ivar url: of its database
    :ivar town: that the supervisor sees
    :ivar staff_no: of the cadre
    """

    base: str
    url: str
    county: str
    town: str
    staff_no: str


@contextmanager
def live(url: str, root: Path, sample: Sample) -> Iterator[Live]:
    """Serve a database that holds the sample county; accounts are made in it."""
    town, staff_no = _supervised(sample), _overworked(sample)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        made: tuple[tuple[str, Role, str | None, str | None], ...] = (
            ("planner", "planner", None, None),
            ("admin", "admin", None, None),
            ("viewer", "viewer", None, None),
            ("supervisor", "supervisor", town, None),
            ("cadre", "cadre", None, staff_no),
        )
        for name, role, scope, number in made:
            accounts.add(
                session,
                name,
                role,
                county=sample.county,
                scope=scope,
                staff_no=number,
                password=PASSWORD,
                actor="test",
            )
    engine.dispose()
    environment = {**os.environ, "WANGGE_DATABASE_URL": url, "WANGGE_HOME": str(root)}
    with served(["-c", "from api import cli; cli.main(['serve'])"], environment) as base:
        yield Live(base, url, sample.county, town, staff_no)


@contextmanager
def signed_in(
    browser: Browser, served_at: Live, name: str, *, size: tuple[int, int] = DESK, script: bool = True
) -> Iterator[Opened]:
    """A browser in which somebody has signed in, nobody if no name is given; other hosts are refused and noted."""
    phone = size[0] < 600
    context: BrowserContext = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        has_touch=phone,
        is_mobile=phone,
        java_script_enabled=script,
        accept_downloads=True,
        locale="zh-CN",
    )
    page = context.new_page()
    opened = Opened(page, served_at.base)
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on("console", lambda said: opened.errors.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: opened.asked.append(asked))  # noqa: PLW0108 - it marks what it is given

    def gate(route: Route) -> None:
        address = route.request.url
        if address.startswith((served_at.base, "data:", "blob:")):
            route.continue_()
        else:
            opened.outside.append(address)
            route.abort()

    context.route(re.compile(".*"), gate)
    if name:
        page.goto(f"{served_at.base}/signin?next=/account")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/account")
    yield opened
    context.close()
    assert opened.outside == []
    assert opened.errors == []


def _supervised(sample: Sample) -> str:
    """A town with villages that were not visited in the month."""
    unvisited = set(sample.planted["unvisited_villages"][MONTH])
    return str(sample.villages[sample.villages["code"].isin(unvisited)]["parent"].value_counts().index[0])


def _overworked(sample: Sample) -> str:
    """The cadre who holds the most areas."""
    return str(sample.assignments["staff_no"].value_counts().index[0])
