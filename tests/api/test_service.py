"""What is around every answer: operations, ids, the log, compression, and the description of it all."""

import io
import json
import logging
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from geo.storage.database import head_revision
from maps.picture import WIDTH
from tests.squares import COUNTY


def test_alive_and_ready(service: TestClient) -> None:
    assert service.get("/healthz").json() == {"status": "ok"}
    body = service.get("/readyz").json()
    assert (body["status"], body["migration"]) == ("ready", head_revision())
    assert re.match(r"3\.\d", body["postgis"])


def test_ready_means_migrated_and_not_loaded(client: TestClient) -> None:
    assert client.get("/readyz").status_code == 200


def test_docs_ask_nobody_else(service: TestClient) -> None:
    page = service.get("/docs").text
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert addresses
    assert all(address.startswith("/") for address in addresses)
    assert "http://" not in page
    assert "https://" not in page
    for address in addresses:
        assert service.get(address).status_code == 200, address


def test_the_description_names_every_route(service: TestClient) -> None:
    body = service.get("/openapi.json").json()
    assert set(body["paths"]) >= {
        "/areas",
        "/areas/{code}",
        "/areas/{code}/children",
        "/areas/at",
        "/visits",
        "/coverage",
        "/coverage/gaps",
        "/maps/coverage",
        "/healthz",
        "/readyz",
    }
    for path, methods in body["paths"].items():
        for method, route in methods.items():
            assert route.get("description") or route.get("summary"), (path, method)
            for parameter in route.get("parameters", ()):
                assert parameter.get("description") or parameter["name"] in ("level",), (path, parameter["name"])


def test_home_shows_the_latest_month_with_visits(service: TestClient) -> None:
    page = service.get("/")
    assert page.status_code == 200
    assert "2025年4月" in page.text
    assert "/maps/coverage?month=2025-04" in page.text


def test_the_map_asks_nobody_else(service: TestClient) -> None:
    page = service.get("/maps/coverage?month=2025-03").text
    addresses = re.findall(r"""<(?:script|link|img)[^>]*(?:src|href)=["']([^"']+)""", page)
    assert addresses
    for address in addresses:
        assert address.startswith(("/", "data:")), address
        if address.startswith("/"):
            assert service.get(address).status_code == 200, address


def test_links_of_the_map_lead_on(service: TestClient) -> None:
    page = service.get(f"/maps/coverage?month=2025-03&county={COUNTY}").text
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/(?:maps/coverage|coverage)[^"]*)"', page)}
    assert len(links) >= 6
    for link in links:
        assert service.get(link).status_code == 200, link
    first = service.get("/maps/coverage?month=1949-01")
    assert first.status_code == 200
    assert "1948" not in first.text


def test_a_standalone_map_is_one_file(service: TestClient) -> None:
    answer = service.get("/maps/coverage?month=2025-03&standalone=true")
    assert answer.headers["content-disposition"] == 'attachment; filename="coverage-2025-03-village.html"'
    elements = re.sub(r"(<script[^>]*>).*?</script>", r"\1", answer.text, flags=re.DOTALL)  # a library quotes one
    assert re.findall(r"""<(?:script|link|img)[^>]*(?:src|href)=["'](?!data:)([^"'#]+)""", elements) == []


def test_the_map_is_a_picture_too(service: TestClient) -> None:
    answer = service.get("/maps/coverage.png?month=2025-03&level=grid")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == 'attachment; filename="coverage-2025-03-grid.png"'
    assert Image.open(io.BytesIO(answer.content)).width == WIDTH
    assert service.get("/maps/coverage.png?month=2025-03&level=grid").content == answer.content
    assert service.get("/maps/coverage.png?month=2025-03&level=town").content != answer.content
    page = service.get("/maps/coverage?month=2025-03&level=grid").text
    (link,) = set(re.findall(r'href="(/maps/coverage\.png[^"]*)"', page))
    assert service.get(link.replace("&amp;", "&")).content == answer.content


@pytest.mark.parametrize(
    ("query", "status", "said"), [("month=2025-13", 422, "2025-13"), ("month=2025-03&area=x", 404, "x")]
)
def test_a_picture_that_cannot_be_drawn_says_why(service: TestClient, query: str, status: int, said: str) -> None:
    answer = service.get(f"/maps/coverage.png?{query}")
    assert answer.status_code == status
    assert said in answer.text


def test_text_of_any_size_is_compressed(service: TestClient) -> None:
    big = service.get("/coverage?month=2025-03", headers={"accept-encoding": "gzip"})
    assert big.headers["content-encoding"] == "gzip"
    assert int(big.headers["content-length"]) < len(big.content) / 3
    plain = service.get("/coverage?month=2025-03", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == big.json()
    assert "content-encoding" not in service.get("/healthz", headers={"accept-encoding": "gzip"}).headers


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("abc-123_4.5", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("a b", False),
        ("a;b", False),
        ("<script>", False),
    ],
)
def test_request_ids(service: TestClient, sent: str, *, echoed: bool) -> None:
    answer = service.get("/healthz", headers={"x-request-id": sent})
    got = answer.headers["x-request-id"]
    assert (got == sent) is echoed
    assert re.fullmatch(r"[\w.-]{1,64}", got)


def test_two_requests_have_two_ids(service: TestClient) -> None:
    assert len({service.get("/healthz").headers["x-request-id"] for _ in range(5)}) == 5


def test_one_line_a_request(service: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="wangge.access"):
        service.get("/areas?level=town", headers={"x-request-id": "me"})
        service.get("/nothing")
    lines = [record.getMessage() for record in caplog.records if record.name == "wangge.access"]
    assert len(lines) == 2
    assert re.fullmatch(r"GET /areas\?level=town 200 \d+B \d+\.\dms me", lines[0])
    assert re.fullmatch(r"GET /nothing 404 \d+B \d+\.\dms [0-9a-f]{32}", lines[1])


@pytest.mark.parametrize("path", ["/x%0AGET /forged 200", "/x%0D%0Ay", "/areas?name=%0Ay", "/x%1b[31m", "/%E7%BD%91"])
def test_no_path_starts_a_line_of_its_own(service: TestClient, caplog: pytest.LogCaptureFixture, path: str) -> None:
    with caplog.at_level(logging.INFO, logger="wangge.access"):
        service.get(path)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "wangge.access"]
    assert len(line.splitlines()) == 1
    assert all(character.isprintable() for character in line)


def test_json_has_no_nan_in_it(service: TestClient) -> None:
    def refuse(name: str) -> Any:
        raise AssertionError(name)

    for path in ("/coverage?month=2025-03&area=990199102&level=grid", "/coverage?month=1949-01"):
        json.loads(service.get(path).text, parse_constant=refuse)
