"""The problem heatmap as text and as a picture: what is in it, and that nothing of the data becomes markup."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from geo.analysis.clusters import Class
from geo.analysis.hotspots import DENOMINATORS, HotspotReport
from geo.analysis.issue_flow import CATEGORIES, STATUSES
from geo.errors import Lang, TooFewAreas
from maps import fonts, issue_data, issue_labels, issue_map, issue_notes, issue_palette
from maps.issue_png import WIDTH, static_png
from maps.page import Basemap, Links, Outline
from tests.maps import hot_county
from tests.maps.test_coverage_map import HOSTILE, Tags
from tests.maps.test_palette import DEFICIENCIES, contrast, lab, linear

REPORT = hot_county.report()
SHAPES = hot_county.shapes(REPORT)
FRAMES = hot_county.frames(REPORT)


def page(**changes: object) -> str:
    values: dict[str, object] = {"frames": FRAMES, "behind": hot_county.behind(REPORT), "points": hot_county.points()}
    return issue_map.draw(REPORT, SHAPES, hot_county.outlines(REPORT, SHAPES), **(values | changes))


def test_trial_report_has_what_a_map_must_show() -> None:
    assert {row.status.split("_")[0] for row in REPORT.rows} >= {"hot", "none", "unknown"}
    assert any(one.significant for one in REPORT.clusters)
    assert any(not one.significant for one in REPORT.clusters)


@pytest.mark.parametrize("standalone", [False, True])
def test_same_report_gives_same_bytes(standalone: bool) -> None:  # noqa: FBT001
    assert page(standalone=standalone) == page(standalone=standalone)


def test_figures_are_those_of_the_report_and_of_each_month(data_of) -> None:
    html = page()
    shown = dict(re.findall(r'data-figure="(\w+)">([^<]*)', html))
    visits, known = REPORT.visits, [row for row in REPORT.rows if row.status != "unknown"]
    assert shown["issues"] == f"{REPORT.issues:,}"
    assert shown["visits"] == f"{visits:,}"
    assert float(shown["rate_per_100"]) == pytest.approx(100 * sum(r.observed for r in known) / visits, rel=0.01)
    assert shown["unknown"] == str(len(hot_county.UNSEEN))
    frames = data_of(html, "frames")
    assert [frame["whole"] for frame in frames] == [True, False, False, False]
    assert [frame["name"] for frame in frames[:2]] == ["整个时段", "2026年8月"]
    assert frames[1]["observed"] == [row.facts.issues[0] for row in REPORT.rows]
    assert frames[1]["figures"]["unknown"] == str(len(hot_county.UNSEEN) + 1)


def test_list_is_hot_first_and_surest_first(data_of) -> None:
    data = data_of(page(), "areas")
    status, q = (data["columns"].index(name) for name in ("status", "q"))
    rows = [data["rows"][at] for at in data["order"]]
    families = [row[status].split("_")[0] for row in rows]
    assert families == sorted(families, key=["hot", "cold", "none", "unknown"].index)
    hot = [row[q] for row in rows if row[status].startswith("hot")]
    assert hot == sorted(hot)


def test_cluster_has_its_numbers_its_ground_and_its_issues(data_of) -> None:
    data = data_of(page(), "clusters")
    first, told = REPORT.clusters[0], data["clusters"][0]
    assert (told["rank"], told["observed"], told["significant"]) == (1, first.observed, True)
    assert [REPORT.rows[at].facts.code for at in told["members"]] == list(first.members)
    assert told["behind"][0] == ["w1-0", "桥面破损，雨天积水", "2026-09-01", "石桥村"]
    assert data["shapes"][0]


def test_members_out_of_scope_are_left_out() -> None:
    rows = [row for row in REPORT.rows if row.facts.code not in REPORT.clusters[0].members[:2]]
    report = replace(REPORT, judged=replace(REPORT.judged, areas=tuple(rows)))
    html = issue_map.draw(report, SHAPES, [])
    assert "聚集与热点" in html


def test_legend_agrees_with_the_picture(data_of) -> None:
    for frame, told in zip(FRAMES, data_of(page(), "frames"), strict=True):
        for layer in frame.surfaces:
            surface = told["surfaces"][layer.kind]
            pixels = np.array(Image.open(io.BytesIO(base64.b64decode(surface["image"]))).convert("RGBA"))
            painted = {f"#{bytes(colour[:3]).hex()}" for colour in pixels.reshape(-1, 4).tolist() if colour[3]}
            assert painted == {colour for _, colour in surface["legend"]}
    assert surface["unit"] == "件/平方公里"
    assert told["surfaces"]["relative"]["unit"] == "件/百次走访"
    assert "1,500" in told["surfaces"]["relative"]["note"]


def test_blank_is_explained_by_where_the_scale_begins() -> None:
    layer = FRAMES[0].surfaces[0]
    assert "低于最低一级" in issue_data.surface_note(layer, "zh-CN")
    from_zero = replace(layer, legend=(replace(layer.legend[0], low=0.0), *layer.legend[1:]))
    assert "未知，留空" in issue_data.surface_note(from_zero, "zh-CN")
    assert "低于最低一级" not in issue_data.surface_note(from_zero, "zh-CN")


def test_surface_moves_with_the_basemap(data_of) -> None:
    plain = data_of(page(), "frames")[0]["surfaces"]["relative"]["bounds"]
    tiled = data_of(page(basemap=Basemap("/t/{z}/{x}/{y}", "a", "gcj02")), "frames")[0]["surfaces"]["relative"]
    assert all(abs(a - b) > 1e-4 for a, b in zip(np.ravel(plain), np.ravel(tiled["bounds"]), strict=True))


def test_points_only_for_those_who_may_see_them(data_of) -> None:
    assert len(data_of(page(), "points")["issues"]) == 2
    hidden = page(points=None)
    assert 'id="points' not in hidden
    assert 'data-layer="points"' not in hidden


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("standalone", [False, True])
def test_text_from_data_stays_text(text: str, standalone: bool, data_of) -> None:  # noqa: FBT001
    def drawn(name: str, code: str) -> str:
        given = hot_county.facts(name=name, parent_name=name)
        given[3] = replace(given[3], code=code, path=f"{name}/{code}")
        report = hot_county.report(given, county_name=name, scope_name=name, scope="x")
        return issue_map.draw(
            report,
            hot_county.shapes(report),
            [Outline("1", name, SHAPES[REPORT.rows[0].facts.code])],
            frames=hot_county.frames(report),
            behind=hot_county.behind(report, name),
            points=hot_county.points(name),
            standalone=standalone,
        )

    hostile, plain = drawn(text, text[:64]), drawn("a", "b")
    assert [tag for tag, _ in Tags(hostile).found] == [tag for tag, _ in Tags(plain).found]
    areas = data_of(hostile, "areas")
    assert {row[areas["columns"].index("name")] for row in areas["rows"]} == {text}
    assert data_of(hostile, "points")["issues"][0][2] == text
    assert data_of(hostile, "clusters")["clusters"][0]["behind"][0][1] == text


@pytest.mark.parametrize("lang", get_args(Lang))
@pytest.mark.parametrize("standalone", [False, True])
def test_no_handler_and_no_other_host(lang: Lang, standalone: bool) -> None:  # noqa: FBT001
    html = page(lang=lang, standalone=standalone)
    assert f'<html lang="{lang}">' in html
    for tag, attributes in Tags(html).found:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("src", "href"):
            value = attributes.get(name) or ""
            assert value.startswith(("/static/", "data:")) or not value, value
            assert not (standalone and value.startswith("/static/"))
    if standalone:
        assert not re.findall(r"url\((?!data:|#default)[^)]*\)", html.split("<body")[0])
    if lang == "en":
        assert "Where problems gather" in html
        assert "No visits: unknown" in html


def test_links_pick_category_level_and_denominator() -> None:
    links = Links(
        levels={"town": "?level=town", "village": "?level=village"},
        categories={"all": "?", **{one: f"?category={one}" for one in CATEGORIES}},
        denominators={one: f"?per={one}" for one in DENOMINATORS},
    )
    report = replace(REPORT, categories=("ecology",))
    html = issue_map.draw(report, SHAPES, [], links=links)
    current = re.findall(r'<a href="([^"]*)" aria-current="page">', html)
    assert current == ["?level=village", "?category=ecology", "?per=visits"]
    assert [word.zh for word in issue_labels.CATEGORY_WORDS.values() if f">{word.zh}<" not in html] == []


@pytest.mark.parametrize("lang", get_args(Lang))
def test_what_could_not_be_said_is_said(lang: Lang) -> None:
    words = issue_labels.words(lang)
    nothing = hot_county.report(hot_county.facts(issues=(0, 0, 0)))
    assert issue_notes.messages(nothing, lang) == [words["no_issues"]]
    blind = hot_county.report(hot_county.facts(visits=(0, 0, 0)))
    assert issue_notes.messages(blind, lang)[0] == words["all_unknown"]
    even = hot_county.report(hot_county.facts(many=1.0))
    assert issue_notes.messages(even, lang) == [words["no_cluster"]]
    few = hot_county.report(hot_county.facts(20))
    assert isinstance(few.judged.refusal, TooFewAreas)
    assert few.judged.refusal.text(lang) in issue_notes.messages(few, lang)[-1]
    empty = replace(REPORT, judged=replace(REPORT.judged, areas=(), clusters=()))
    assert issue_notes.messages(empty, lang) == [words["no_areas"]]
    for report in (nothing, blind, even, few, empty):
        html = issue_map.draw(report, hot_county.shapes(report), [], lang=lang)
        assert issue_notes.messages(report, lang)[0] in html
        assert 'class="player"' not in html


def test_every_choice_is_told() -> None:
    chosen = replace(
        REPORT.judged.choices, islands=((REPORT.rows[0].facts.code, REPORT.rows[1].facts.code),), left_out=7
    )
    report = replace(REPORT, judged=replace(REPORT.judged, choices=chosen), petitions=False)
    told = " ".join(value for _, value in issue_notes.how(report, FRAMES[0].surfaces, "zh-CN"))
    for part in (
        "999 次置换",
        "999 次模拟",
        "种子 1",
        "50%",
        "四次核",
        "1,500 米",
        "信访不计入",
        "7 件",
        "其中 3 件",
        "→",
    ):
        assert part in told
    for at in hot_county.UNSEEN:
        assert REPORT.rows[at].facts.name in told


def test_catalogues_are_complete_in_both_languages() -> None:
    assert set(issue_labels.CLASS_WORDS) == set(get_args(Class)) == set(issue_palette.CLASS_STYLES)
    assert set(issue_labels.CATEGORY_WORDS) == set(CATEGORIES)
    assert set(issue_labels.STATUS_WORDS) == set(STATUSES)
    assert set(issue_labels.DENOMINATOR_WORDS) == set(issue_labels.RATE_WORDS) == set(DENOMINATORS)
    for name in dir(issue_labels):
        if name.endswith("_WORDS"):
            for key, word in getattr(issue_labels, name).items():
                assert word.zh, key
                assert word.en or key in {"issues_unit", "visits_unit"}, key
                if key != "and_more":
                    assert sorted(re.findall(r"{(\w+)}", word.zh)) == sorted(re.findall(r"{(\w+)}", word.en)), key


def test_every_word_is_used_and_every_used_word_exists() -> None:
    root = Path(issue_map.__file__).parent
    scripts = "".join(
        (root / "static" / name).read_text(encoding="utf-8") for name in issue_map.SCRIPTS if "vendor" not in name
    )
    template = (root / "templates" / "issues.html.j2").read_text(encoding="utf-8")
    python = "".join(path.read_text(encoding="utf-8") for path in root.glob("issue_*.py") if "labels" not in path.name)
    said = set(re.findall(r'(?:say|line)\((?:list, )?"(\w+)"', scripts)) | set(re.findall(r"words\.(\w+)", template))
    assert said - {"rate"} <= set(issue_labels.ISSUE_WORDS)
    used = (
        set(re.findall(r"\w+", scripts + template)) | set(re.findall(r'"(\w+)"', python)) | {"hot_short", "cold_short"}
    )
    assert set(issue_labels.ISSUE_WORDS) - used == set()


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_classes_differ_for_every_eye(deficiency: str) -> None:
    seen = {
        name: lab(DEFICIENCIES[deficiency] @ linear(style.fill))
        for name, style in issue_palette.CLASS_STYLES.items()
        if style.hatch is None
    }
    names = list(seen)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            assert np.linalg.norm(seen[one] - seen[other]) >= 12, (one, other)


@pytest.mark.parametrize("ramp", ["hot", "cold"])
def test_steps_of_lightness_are_even(ramp: str) -> None:
    fills = [issue_palette.CLASS_STYLES["none"].fill]
    fills += [style.fill for name, style in reversed(issue_palette.CLASS_STYLES.items()) if name.startswith(ramp)]
    lightness = sorted((float(lab(linear(fill))[0]) for fill in fills), reverse=True)
    steps = -np.diff(lightness)[1:]
    assert steps.min() > 15
    assert steps.max() / steps.min() < 1.35
    for style in issue_palette.CLASS_STYLES.values():
        assert contrast(style.fill, style.ink) >= 4.5


def test_only_the_unknown_is_hatched() -> None:
    hatched = {name: style for name, style in issue_palette.CLASS_STYLES.items() if style.hatch}
    assert list(hatched) == ["unknown"]
    assert contrast(hatched["unknown"].fill, hatched["unknown"].hatch or "") >= 2.5


@pytest.mark.parametrize("lang", get_args(Lang))
@pytest.mark.parametrize("surfaced", [False, True])
def test_picture_shows_classes_hatching_and_clusters(lang: Lang, surfaced: bool) -> None:  # noqa: FBT001
    outlines = hot_county.outlines(REPORT, SHAPES)
    png = static_png(REPORT, SHAPES, outlines, FRAMES[0].surfaces[0] if surfaced else None, lang)
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    assert picture.width == WIDTH
    colours = {f"#{bytes(colour).hex()}": count for count, colour in picture.getcolors(1 << 24) or []}
    hot = max((row.status for row in REPORT.rows if row.status.startswith("hot")), key=lambda name: name)
    fill = issue_palette.CLASS_STYLES[hot].fill  # type: ignore[index]
    assert (colours.get(fill, 0) > 5000) is not surfaced
    assert colours[issue_palette.CLUSTER] > 1000


def test_unknown_is_hatched_in_the_picture() -> None:
    def grey(report: HotspotReport) -> int:
        picture = Image.open(io.BytesIO(static_png(report, SHAPES, [], None, "zh-CN"))).convert("RGB")
        hatch = np.frombuffer(bytes.fromhex((issue_palette.CLASS_STYLES["unknown"].hatch or "")[1:]), np.uint8)
        return int((np.abs(np.array(picture).astype(int) - hatch).max(axis=2) < 24).sum())

    seen = replace(REPORT.judged, areas=tuple(replace(row, status="none") for row in REPORT.rows))
    assert grey(REPORT) > grey(replace(REPORT, judged=seen)) + 1000


def test_picture_of_nothing_and_of_odd_names() -> None:
    given = hot_county.facts(name="长" * 200, parent_name="㛃𠮷")
    report = hot_county.report(given, county_name="长" * 200, scope_name="长" * 200)
    for drawn in (hot_county.shapes(report), {}):
        png = static_png(report, drawn, [Outline("1", "㛃𠮷", SHAPES[REPORT.rows[0].facts.code])], None, "zh-CN")
        assert Image.open(io.BytesIO(png)).width == WIDTH


def test_no_font_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_KNOWN", ())
    monkeypatch.setenv("PATH", "")
    fonts._find.cache_clear()
    try:
        with pytest.raises(fonts.FontMissing) as caught:
            fonts.chinese(20)
    finally:
        fonts._find.cache_clear()
    assert "字体" in caught.value.text("zh-CN")
