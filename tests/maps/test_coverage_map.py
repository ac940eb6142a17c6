"""The page as text: what is in it, that nothing of the data becomes markup, and that it is always the same."""

import difflib
import os
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from shapely import LineString, Polygon, get_parts

from geo.analysis.coverage import Exclusion, Responsible
from geo.space.codes import Level
from geo.space.crs import from_wgs84
from maps import coverage_map, labels
from maps.page import Basemap, Links, Outline
from tests.maps import county
from tests.maps.test_polyline import decode

GOLDEN = Path(__file__).parent / "golden" / "coverage.html"

HOSTILE = [
    "<script>alert(1)</script>",
    "\"quotes' & <b>",
    "{{7*7}}",
    "{% raw %}{# no #}",
    "</script><!--<script>",
    "]]>\u2028\u2029${1}`\\",
    "长" * 200,
    "㛃𠮷村",
    "javascript:alert(1)",
]


def small(**changes: object) -> tuple[object, ...]:
    report = county.report([county.facts(at) for at in (0, 1, 2, 5, 9, 14)], **changes)
    shapes = county.shapes(report, columns=3, steps=2)
    return report, shapes, county.outlines(report, shapes)


class Tags(HTMLParser):
    """Elements, their attributes and the text outside of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.text += data


def test_page_is_the_golden_one(tmp_path: Path) -> None:
    links = Links(
        "?month=2026-09",
        "?month=2026-11",
        {"town": "?level=town", "village": "?level=village"},
        {"csv": "/c"},
        "?lang=en",
    )
    page = re.sub(r"\?v=[0-9a-f]+", "?v=HASH", coverage_map.draw(*small(), links=links))
    if os.environ.get("REGENERATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(page, encoding="utf-8")
    expected = GOLDEN.read_text(encoding="utf-8")
    if page != expected:
        difference = tmp_path / "coverage.diff"
        lines = difflib.unified_diff(
            expected.splitlines(keepends=True), page.splitlines(keepends=True), "golden", "drawn"
        )
        difference.write_text("".join(lines), encoding="utf-8")
        pytest.fail(f"the page changed, see {difference}; REGENERATE_GOLDEN=1 makes it the golden one")


@pytest.mark.parametrize("standalone", [False, True])
def test_same_report_gives_same_bytes(standalone: bool) -> None:  # noqa: FBT001
    assert coverage_map.draw(*small(), standalone=standalone) == coverage_map.draw(*small(), standalone=standalone)


def test_figures_are_those_of_the_report() -> None:
    report = county.report()
    html = coverage_map.draw(report, {}, [])
    shown = dict(re.findall(r'<div class="figure figure-(\w+)"><dt[^>]*>.*?</dt><dd>([^<]*)', html))
    assert shown == {
        "rate": f"{report.rate:.1%}",
        "visits": f"{report.visits:,}",
        "unassigned": str(report.unassigned),
        **{status: str(report.count(status)) for status in ("met", "under", "unvisited", "excluded")},
    }


def test_list_is_in_the_order_of_the_report(data_of) -> None:
    report = county.report()
    data = data_of(coverage_map.draw(report, county.shapes(report), []), "areas")
    codes = [row[data["columns"].index("code")] for row in data["rows"]]
    assert codes == [row.facts.code for row in report.rows]
    assert [codes[at] for at in data["gaps"]] == [row.facts.code for row in report.gaps()]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("standalone", [False, True])
def test_text_from_data_stays_text(text: str, standalone: bool, data_of, rows_of) -> None:  # noqa: FBT001
    area = county.facts(
        0, name=text, kind=text, parent_name=text, code=text[:64], path=f"{text}/{text[:64]}",
        responsible=(Responsible("1", text, text, text),), exclusion=Exclusion(text, text, date(2026, 9, 1)),
    )  # fmt: skip
    report = county.report([area], county_name=text, scope_name=text, scope="x")
    shape = county.partition(1, 1)[0]
    harmless = county.report([county.facts(0)])
    html = coverage_map.draw(
        report,
        {area.code: shape},
        [Outline("1", text, shape)],
        standalone=standalone,
        basemap=Basemap("/t/{z}/{x}/{y}", text),
    )
    plain = coverage_map.draw(
        harmless,
        {harmless.rows[0].facts.code: shape},
        [Outline("1", "a", shape)],
        standalone=standalone,
        basemap=Basemap("/t/{z}/{x}/{y}"),
    )
    drawn, expected = Tags(html), Tags(plain)
    assert [tag for tag, _ in drawn.found] == [tag for tag, _ in expected.found]
    assert (
        f"{text} {text} {labels.COVERAGE_WORDS['title'].zh}" in re.sub(r"\s+", " ", drawn.text).replace("\n", " ")
        or "\u2028" in text
    )
    (row,) = rows_of(html)
    assert row["name"] == row["kind"] == row["parent"] == text
    assert row["path"] == f"{text}/{area.code}"
    assert row["responsible"] == [[text, text, text]]
    assert row["exclusion"] == [text, text, "2026-09-01"]
    assert data_of(html, "outlines")["towns"] == [["1", text]]
    assert data_of(html, "tiles")["attribution"] == text


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_no_handler_and_no_other_host(lang: str) -> None:
    for standalone in (False, True):
        html = coverage_map.draw(*small(), lang=lang, standalone=standalone)
        for tag, attributes in Tags(html).found:
            assert not [name for name in attributes if name.startswith("on")], tag
            for name in ("src", "href"):
                value = attributes.get(name) or ""
                assert value.startswith(("/static/", "data:")) or not value, value
                assert not (standalone and value.startswith("/static/"))
        assert f'<html lang="{lang}">' in html


@pytest.mark.parametrize(("level", "areas", "columns"), [("village", 218, 16), ("grid", 650, 26)])
def test_page_weighs_a_quarter_of_a_plain_choropleth(level: Level, areas: int, columns: int) -> None:
    report = county.report([county.facts(at, level=level, columns=columns) for at in range(areas)], level=level)
    shapes = county.shapes(report, columns=columns, steps=40)
    ours = coverage_map.draw(report, shapes, county.outlines(report, shapes))
    assert len(ours.encode()) <= len(county.plain_choropleth((report, shapes)).encode()) / 4


def test_standalone_has_images_inside() -> None:
    html = coverage_map.draw(*small(), standalone=True)
    assert not re.findall(r"url\((?!data:|#default)[^)]*\)", html.split("<body>")[0])
    assert html.count("</html>") == 1


def test_gcj02_basemap_shifts_all_that_is_drawn(data_of) -> None:
    report, shapes, outlines = small()
    html = coverage_map.draw(report, shapes, outlines, basemap=Basemap("/t/{z}/{x}/{y}", "a", "gcj02"))
    for data, geometries in (
        (data_of(html, "areas"), [shapes[row.facts.code] for row in report.rows]),
        (data_of(html, "outlines"), [outline.geometry for outline in outlines]),
    ):
        for rings, geometry in zip(data["shapes"], geometries, strict=True):
            lon, lat = get_parts(geometry)[0].exterior.coords[0]
            east, north = (float(value) for value in from_wgs84(lon, lat, "gcj02"))
            assert abs(east - lon) > 1e-3
            assert decode(rings[0][0])[0] == pytest.approx((east, north), abs=1e-5)
    west = float(re.search(r'"bounds": \[([\d.]+)', html)[1])
    assert west > min(shape.bounds[0] for shape in shapes.values()) + 1e-3


def test_wgs84_basemap_shifts_nothing(data_of) -> None:
    report, shapes, outlines = small()
    plain = data_of(coverage_map.draw(report, shapes, outlines), "areas")
    tiled = data_of(coverage_map.draw(report, shapes, outlines, basemap=Basemap("/t/{z}/{x}/{y}")), "areas")
    assert plain == tiled


def test_areas_without_a_shape_are_listed(data_of) -> None:
    report, shapes, _ = small()
    codes = [row.facts.code for row in report.rows]
    del shapes[codes[0]]
    shapes[codes[1]] = Polygon()
    shapes[codes[2]] = LineString([(119, 29), (120, 30)])
    data = data_of(coverage_map.draw(report, shapes, []), "areas")
    assert [bool(rings) for rings in data["shapes"]] == [False, False, False, True, True, True]
    assert len(data["rows"]) == 6
    assert len(decode(data["anchors"])) == 3


def test_empty_report_is_a_page() -> None:
    html = coverage_map.draw(county.report([]), {}, [])
    assert '"bounds": null' in html
    assert "—" in html


def test_unknown_words_of_the_data_are_shown_as_they_are(rows_of) -> None:
    area = county.facts(0, kind="渔业村", responsible=(Responsible("1", "王伟", "河长", "云溪镇"),))
    (row,) = rows_of(coverage_map.draw(county.report([area]), {}, []))
    assert (row["kind"], row["responsible"]) == ("渔业村", [["河长", "王伟", "云溪镇"]])


def test_cards_lead_to_the_pages_of_areas_where_there_are_some() -> None:
    page = coverage_map.draw(*small(), links=Links(area_page="/maps/grids/CODE"))
    assert ' data-area-page="/maps/grids/CODE" data-open-area="打开该区域页面"' in page
    assert "data-area-page" not in coverage_map.draw(*small(), standalone=True).partition("<header")[0]
