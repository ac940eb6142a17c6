"""The coverage map as a picture: every class as it should look, names, and what is odd."""

import io
from typing import get_args

import numpy as np
import pytest
import shapely
from PIL import Image

from geo.errors import Lang
from maps import palette
from maps.coverage_png import static_png
from maps.page import Outline
from maps.picture import MARGIN, WIDTH, view_of
from tests.maps import county

REPORT = county.report()
SHAPES = county.shapes(REPORT)
OUTLINES = county.outlines(REPORT, SHAPES)


def pixels(png: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(png)).convert("RGB"))


def near(picture: np.ndarray, colour: str, *, within: int = 8) -> np.ndarray:
    wanted = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8).astype(int)
    return np.abs(picture.astype(int) - wanted).max(axis=2) <= within


@pytest.mark.parametrize("lang", get_args(Lang))
def test_each_class_covers_its_share_of_the_ground(lang: Lang) -> None:
    picture = pixels(static_png(REPORT, SHAPES, [], lang))
    assert picture.shape[1] == WIDTH
    areas = dict.fromkeys(palette.STATUS_STYLES, 0.0)
    for row in REPORT.rows:
        areas[row.status] += SHAPES[row.facts.code].area
    painted = {status: int(near(picture, areas_of.fill).sum()) for status, areas_of in palette.STATUS_STYLES.items()}
    for status in ("under", "unvisited"):
        share, wanted = painted[status] / painted["met"], areas[status] / areas["met"]
        assert share == pytest.approx(wanted, rel=0.12), status


def test_excluded_is_hatched_and_a_hole_stays_open() -> None:
    rows = [county.facts(9)]
    report = county.report(rows)
    assert report.rows[0].status == "excluded"
    ground = shapely.box(119, 29, 119.1, 29.1)
    holed = ground.difference(shapely.box(119.04, 29.04, 119.06, 29.06))
    code = report.rows[0].facts.code
    hatch = palette.STATUS_STYLES["excluded"].hatch or ""
    whole, open_ = (pixels(static_png(report, {code: shape}, [], "zh-CN")) for shape in (ground, holed))
    lines = near(whole, hatch, within=24)
    assert 0.05 < lines[200:1400, 200:1400].mean() < 0.5
    # A fifth of the side in the middle is cut out, without a line in it.
    assert whole.shape == open_.shape
    view = view_of([ground])
    (x, y), *_ = view.pixels(np.array([(119.05, 29.05)])).tolist()
    top = np.flatnonzero(lines.mean(axis=1) > 0.05)[0]
    row, column = round(top + y), round(MARGIN + x)
    assert near(open_, "#ffffff")[row - 60 : row + 60, column - 60 : column + 60].all()
    assert not near(whole, "#ffffff")[row - 60 : row + 60, column - 60 : column + 60].all()


def test_nobody_assigned_is_dashed_and_marked() -> None:
    at = next(at for at, row in enumerate(REPORT.rows) if row.unassigned)
    facts = REPORT.rows[at].facts
    ground = shapely.box(119, 29, 119.1, 29.1)
    nobody, somebody = (
        pixels(static_png(county.report([one]), {facts.code: ground}, [], "zh-CN"))
        for one in (facts, county.facts(at, responsible=REPORT.rows[0].facts.responsible))
    )
    dark = near(nobody, palette.UNASSIGNED, within=20)
    box = np.argwhere(dark[:1640, : WIDTH - 1])
    assert len(box) > len(np.argwhere(near(somebody, palette.UNASSIGNED, within=20)[:1640])) + 3_000
    # Along the western edge dashes and gaps follow each other.
    edge = dark[300:1500, MARGIN : MARGIN + WIDTH // 4].any(axis=1)
    changes = int((edge[1:] != edge[:-1]).sum())
    assert changes > 40


def test_names_of_towns_never_cover_one_another_and_a_crowd_is_thinned() -> None:
    ground = shapely.box(119, 29, 119.4, 29.4)
    crowd = [
        Outline(str(at), "石桥镇政府所在地", shapely.box(119.2, 29.2, 119.2 + 0.01 * (at + 1), 29.21))
        for at in range(30)
    ]
    one, many = (
        pixels(static_png(REPORT, {}, [Outline("0", "", ground), *some], "zh-CN")) for some in (crowd[:1], crowd)
    )
    inked = near(many, "#14222b", within=30).sum() - near(one, "#14222b", within=30).sum()
    alone = near(one, "#14222b", within=30).sum()
    assert inked < 12 * alone


def test_picture_of_nothing_and_of_odd_names() -> None:
    odd = county.report(
        [county.facts(0, name="长" * 200, parent_name="㛃𠮷")], county_name="长" * 200, scope_name="<b>" * 80, scope="x"
    )
    for report, shapes in ((county.report([]), {}), (odd, {}), (odd, county.shapes(odd, columns=1))):
        for lang in get_args(Lang):
            png = static_png(report, shapes, [Outline("1", "㛃𠮷", shapely.Polygon())], lang)
            assert Image.open(io.BytesIO(png)).width == WIDTH
    assert static_png(REPORT, SHAPES, OUTLINES, "zh-CN") == static_png(REPORT, SHAPES, OUTLINES, "zh-CN")
