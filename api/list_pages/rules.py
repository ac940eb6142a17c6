"""What is asked of areas and of those who handle issues: visit rules, limits and routes, each with its own form."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import addresses, navigation
from api.list_pages import asking, frame
from api.list_pages.asking import Asking, AskingDep, Prefilled
from api.list_pages.forms import Field, Sheet, Typed, Wrong
from api.list_pages.frame import Option
from api.list_pages.planning_frame import MAY_PLAN, PAGE, RULES, SaidQuery, done, may_plan, tabs
from geo.analysis.coverage import TIERS, CoverageLevel, Tier, VisitRule
from geo.analysis.issue_flow import CATEGORIES, Category
from geo.errors import WanggeError
from geo.services import planning
from geo.storage.queries import areas, boundaries, issues
from geo.storage.queries import planning as queries
from maps import catalogue, labels

router = APIRouter(include_in_schema=False)

LEVELS: Final[tuple[CoverageLevel, ...]] = get_args(CoverageLevel)
LevelQuery = Annotated[CoverageLevel, Query(description="level of the rule")]
TierQuery = Annotated[Tier, Query(description="tier of the rule")]
CategoryQuery = Annotated[Category, Query(description="category of issues")]


@router.get(RULES)
def rules_page(by: AskingDep, *, said: SaidQuery = None) -> Response:
    """Visit rules by level and tier, limits and routes of issues."""
    say, may = by.say("planning"), may_plan(by)
    return frame.page(
        by.request,
        "rules.html.j2",
        lang=by.lang,
        title=say["title"],
        county_name=by.place,
        nav=navigation.pages(by.access, by.lang, "settings", county=by.county.code),
        said=say[f"said_{said}"] if said else "",
        say=say,
        tabs=tabs(by, RULES),
        may=may,
        rules=_rules(by),
        limits=_limits(by),
        routes=_routes(by),
        add_route=addresses.to(f"{RULES}/routes", by.common),
    )


def _rules(by: Asking) -> list[dict[str, str]]:
    say = by.say("planning")
    known = {(one.level, one.tier): one for one in queries.rules(by.session, by.county.code)}
    rows = []
    for level in LEVELS:
        for tier in TIERS:
            found = known.get((level, tier))
            rule = VisitRule(level, tier, found.visits_per_month, found.every_days) if found else None
            rows.append(
                {
                    "level": labels.level_name(level, by.lang),
                    "tier": say[tier],
                    "rule": labels.rule_text(rule, by.lang) if rule else say["default_rule"],
                    "change": addresses.to(f"{RULES}/visits", by.common, level=level, tier=tier),
                }
            )
    return rows


def _limits(by: Asking) -> list[dict[str, str]]:
    say, known = by.say("planning"), issues.limits(by.session, by.county.code)
    return [
        {
            "category": _category(by, one),
            "days": say["days_of"].format(n=known[one]) if one in known else say["no_limit"],
            "change": addresses.to(f"{RULES}/limits", by.common, category=one),
        }
        for one in CATEGORIES
    ]


def _routes(by: Asking) -> list[dict[str, str]]:
    found = issues.routes(by.session, by.county.code)
    version = boundaries.find_active(by.session, by.county.code)
    codes = sorted({area for _, area in found})
    known = areas.by_codes(by.session, version, codes) if version else {}
    names = queries.organisations(by.session, by.county.code)
    say, order = by.say("planning"), list(CATEGORIES)
    seen = {by.county.code, *known}
    return [
        {
            "category": _category(by, category),
            "area": say["whole_county"] if area == by.county.code else f"{known[area].name} {area}",
            "handler": names.get(handler, handler),
            "liaison": names.get(liaison, liaison) if liaison else "—",
            "change": addresses.to(
                f"{RULES}/routes",
                by.common,
                category=category,
                area=area if area != by.county.code else None,
                handler=handler,
                liaison=liaison,
            ),
        }
        for (category, area), (handler, liaison) in sorted(
            found.items(),
            key=lambda one: (order.index(one[0][0]), one[0][1]),  # type: ignore[arg-type]
        )
        if area in seen
    ]


def _category(by: Asking, category: str) -> str:
    return catalogue.words("categories", by.lang)[category]


# visit rules


@router.get(f"{RULES}/visits", dependencies=[MAY_PLAN])
def rule_form(by: AskingDep, *, level: LevelQuery = "village", tier: TierQuery = "ordinary") -> Response:
    """Ask how often."""
    found = next(
        (one for one in queries.rules(by.session, by.county.code) if (one.level, one.tier) == (level, tier)), None
    )
    typed = {
        "visits_per_month": str(found.visits_per_month or "") if found else "1",
        "every_days": str(found.every_days or "") if found else "",
    }
    return asking.shown(by, PAGE, _rule_sheet(by, level, tier, typed))


@router.post(f"{RULES}/visits", dependencies=[MAY_PLAN])
def set_rule(
    by: AskingDep,
    *,
    level: LevelQuery = "village",
    tier: TierQuery = "ordinary",
    visits_per_month: Typed = "",
    every_days: Typed = "",
) -> Response:
    """Set how often the areas of a level and tier are to be visited."""
    typed = {"visits_per_month": visits_per_month.strip(), "every_days": every_days.strip()}
    try:
        planning.write(by.session, by.county, "rules", {"level": level, "tier": tier, **typed}, actor=by.access.name)
    except WanggeError as error:
        return asking.refused(by, PAGE, _rule_sheet(by, level, tier, typed), error)
    return done(by, RULES, "rule")


def _rule_sheet(by: Asking, level: CoverageLevel, tier: Tier, typed: Mapping[str, str]) -> Sheet:
    say = by.say("planning")
    title = say["rule_title"].format(level=labels.level_name(level, by.lang), tier=say[tier])
    fields = [
        Field(name, say[name], typed[name], "number", hint=say["one_of"] if name == "every_days" else "", needed=False)
        for name in ("visits_per_month", "every_days")
    ]
    to = addresses.to(f"{RULES}/visits", by.common, level=level, tier=tier)
    return Sheet(title, to, fields, say["save"], addresses.to(RULES, by.common))


# limits


@router.get(f"{RULES}/limits", dependencies=[MAY_PLAN])
def limit_form(by: AskingDep, *, category: CategoryQuery = "livelihood") -> Response:
    """Ask how many days."""
    days = issues.limits(by.session, by.county.code).get(category)
    return asking.shown(by, PAGE, _limit_sheet(by, category, str(days or "")))


@router.post(f"{RULES}/limits", dependencies=[MAY_PLAN])
def set_limit(by: AskingDep, *, category: CategoryQuery = "livelihood", days: Typed = "") -> Response:
    """Set how many days the county gives itself for the issues of a category."""
    try:
        asking.needed(by, {"days": days}, "days")
        fields = {"category": category, "days": days.strip()}
        planning.write(by.session, by.county, "limits", fields, actor=by.access.name)
    except (Wrong, WanggeError) as error:
        return asking.refused(by, PAGE, _limit_sheet(by, category, days), error)
    return done(by, RULES, "limit")


def _limit_sheet(by: Asking, category: Category, days: str) -> Sheet:
    say = by.say("planning")
    return Sheet(
        say["limit_title"].format(category=_category(by, category)),
        addresses.to(f"{RULES}/limits", by.common, category=category),
        [Field("days", say["days"], days, "number")],
        say["save"],
        addresses.to(RULES, by.common),
    )


# routes


@router.get(f"{RULES}/routes", dependencies=[MAY_PLAN])
def route_form(
    by: AskingDep,
    *,
    category: CategoryQuery = "livelihood",
    area: Prefilled = "",
    handler: Prefilled = "",
    liaison: Prefilled = "",
) -> Response:
    """Ask who handles what, where."""
    typed = {"category": category, "area": area, "handler": handler, "liaison": liaison}
    return asking.shown(by, PAGE, _route_sheet(by, typed))


@router.post(f"{RULES}/routes", dependencies=[MAY_PLAN])
def set_route(
    by: AskingDep, *, category: Typed = "", area: Typed = "", handler: Typed = "", liaison: Typed = ""
) -> Response:
    """Say who handles the issues of a category in an area."""
    typed = {"category": category, "area": area.strip(), "handler": handler, "liaison": liaison}
    try:
        asking.needed(by, typed, "handler")
        planning.write(by.session, by.county, "routes", typed, actor=by.access.name)
    except (Wrong, WanggeError) as error:
        return asking.refused(by, PAGE, _route_sheet(by, typed), error)
    return done(by, RULES, "route")


def _route_sheet(by: Asking, typed: Mapping[str, str]) -> Sheet:
    say = by.say("planning")
    known = [Option(code, f"{name} {code}") for code, name in queries.organisations(by.session, by.county.code).items()]
    nobody = [Option("", "—"), *known]
    categories = [Option(one, _category(by, one)) for one in CATEGORIES]
    fields: list[Any] = [
        Field("category", say["category"], typed["category"], "select", categories),
        Field("area", say["area"], typed["area"], options=asking.all_areas(by), hint=say["area_hint"], needed=False),
        Field("handler", say["handler"], typed["handler"], "select", nobody),
        Field("liaison", say["liaison"], typed["liaison"], "select", nobody, needed=False),
    ]
    return Sheet(
        say["route_title"],
        addresses.to(f"{RULES}/routes", by.common),
        fields,
        say["save"],
        addresses.to(RULES, by.common),
    )
