"""What the two pages of requirements share: their tabs, and what was just done."""

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import Depends, Query
from fastapi.responses import RedirectResponse

from api import addresses
from api.dependencies import Needs
from api.list_pages.asking import Asking, Page
from api.list_pages.frame import Tab

RULES: Final = "/desk/rules"
EXCLUSIONS: Final = "/desk/exclusions"
PAGE: Final = Page("settings", "planning")
MAY_PLAN: Final = Depends(Needs("plan", whole=True))

Said = Literal["rule", "limit", "route", "excluded", "included", "key", "ordinary"]
SaidQuery = Annotated[Said | None, Query(description="what was just done")]


def may_plan(by: Asking) -> bool:
    """Whether the reader may change what is asked of areas."""
    return by.access.may("plan") and by.access.is_whole


def tabs(by: Asking, path: str) -> list[Tab]:
    """Rules, and exclusions."""
    say = by.say("planning")
    both = ((RULES, "tab_rules"), (EXCLUSIONS, "tab_exclusions"))
    return [Tab(say[word], addresses.to(one, by.common), one == path) for one, word in both]


def done(by: Asking, path: str, said: Said) -> RedirectResponse:
    """To the list, which says what was done."""
    return RedirectResponse(addresses.to(path, by.common, said=said), HTTPStatus.SEE_OTHER)
