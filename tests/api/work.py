"""A browser without JavaScript: pages are opened, forms filled in and sent as they stand."""

import html
import re
from collections.abc import Mapping
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from geo.services import accounts
from geo.services.accounts import Role
from geo.storage.database import make_engine
from tests.squares import COUNTY

PASSWORD = "ein-gutes-Passwort"
HEADERS = {"accept": "text/html,application/xhtml+xml", "origin": "http://testserver"}


def account(url: str, name: str, role: Role, *, scope: str = COUNTY, staff_no: str | None = None) -> None:
    """An account that `sign_in` takes."""
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        accounts.add(session, name, role, county=COUNTY, scope=scope, staff_no=staff_no, password=PASSWORD, actor="t")
    engine.dispose()


def sign_in(client: TestClient, name: str) -> None:
    """Begin a session."""
    client.headers.pop("authorization", None)
    client.cookies.clear()
    client.headers.update(HEADERS)
    page = client.get("/signin", follow_redirects=False)
    data = {**fields(page.text), "name": name, "password": PASSWORD}
    assert client.post("/signin", data=data, follow_redirects=False).status_code == 303


def forms(text: str) -> dict[str, str]:
    """The forms of a page that change something, by their address without the query."""
    found = re.findall(r'<form [^>]*method="post" action="([^"]*)"[^>]*>(.*?)</form>', text, re.DOTALL)
    return {html.unescape(action).partition("?")[0]: body for action, body in found}


def fields(body: str) -> dict[str, str]:
    """What a form sends as it stands, but for selects: inputs with a value, and texts."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", body):
        attributes = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        ticked = attributes.get("type") not in ("checkbox", "radio") or " checked" in tag
        if "name" in attributes and ticked and attributes.get("type") != "file":
            found[attributes["name"]] = attributes.get("value", "")
    for name, text in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', body, re.DOTALL):
        found[name] = html.unescape(text)
    return found


def send(
    client: TestClient, page: Any, path: str, typed: Mapping[str, str], files: Mapping[str, Any] | None = None
) -> Any:
    """Fill in the form of a page that goes to a path, and send it."""
    posted = re.findall(r'<form [^>]*method="post" action="([^"]*)"', page.text)
    (action,) = (one for one in map(html.unescape, posted) if one.partition("?")[0] == path)
    return client.post(action, data={**fields(forms(page.text)[path]), **typed}, files=files)
