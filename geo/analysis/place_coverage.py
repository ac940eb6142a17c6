"""Which enterprises, projects, scenic spots and households were visited in a month: facts in, a `PlaceCoverage` out.

A place was visited if a visit that names it began in the month; where the phone stood does not matter. Every known
place is counted, whatever is decided about its area: nothing leaves the denominator. Households are counted by area and
never listed one by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from geo.months import Month

ListedKind = Literal["enterprise", "project", "scenic_spot"]
PlaceKind = Literal["enterprise", "project", "scenic_spot", "household"]

LISTED: Final[tuple[ListedKind, ...]] = get_args(ListedKind)


@dataclass(frozen=True, slots=True)
class Home:
    """The deepest area that a place lies in, and the names of its town and village (of itself, if it is one)."""

    code: str
    name: str
    town_name: str | None
    village_name: str | None


@dataclass(frozen=True, slots=True)
class Partner:
    """The one-to-one cadre of a place."""

    staff_no: str
    name: str
    organisation: str


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What the database knows of one place in one month.

    :ivar home: None for a place that lies in no area
    :ivar last_visit: day of the last visit ever up to the month's end
    """

    id: str
    name: str | None
    kind: ListedKind
    home: Home | None
    partner: Partner | None
    visits: int
    last_visit: date | None


@dataclass(frozen=True, slots=True)
class Count:
    """Known places and those of them that were visited in the month."""

    all: int
    visited: int

    @property
    def unvisited(self) -> int:
        """The others."""
        return self.all - self.visited

    @property
    def rate(self) -> float | None:
        """Visited over all, 0 to 1; None where there is none."""
        return self.visited / self.all if self.all else None


@dataclass(frozen=True, slots=True)
class HouseholdFacts:
    """Households at home in one area; ``home`` is None for those that lie in none."""

    home: Home | None
    count: Count


@dataclass(frozen=True, slots=True)
class PlaceCoverage:
    """Places of one month and scope; every table and file is drawn from this value.

    :ivar kind: the only kind that was asked for, None for all
    :ivar version: number of the boundary version that was read
    :ivar places: all but households, in the order of `urgency`
    """

    county: str
    scope: str
    scope_name: str
    month: Month
    kind: ListedKind | None
    version: int
    as_of: date
    places: tuple[PlaceFacts, ...]
    households: tuple[HouseholdFacts, ...]

    @property
    def counts(self) -> dict[PlaceKind, Count]:
        """Counts by the kinds that were asked for, those without a place included."""
        counts: dict[PlaceKind, Count] = {}
        for kind in (self.kind,) if self.kind else LISTED:
            visits = [place.visits for place in self.places if place.kind == kind]
            counts[kind] = Count(len(visits), sum(count > 0 for count in visits))
        if self.kind is None:
            known = [area.count for area in self.households]
            counts["household"] = Count(sum(one.all for one in known), sum(one.visited for one in known))
        return counts

    def days_since(self, place: PlaceFacts) -> int | None:
        """Days from the last visit of a place to ``as_of``; None if there never was one."""
        # A phone's clock may run ahead past midnight: a visit of tomorrow was zero days ago.
        return None if place.last_visit is None else max(0, (self.as_of - place.last_visit).days)


def worst_first(places: Iterable[PlaceFacts]) -> tuple[PlaceFacts, ...]:
    """Unvisited first; among them those without a cadre, then those that were not visited for longest."""
    return tuple(sorted(places, key=urgency))


def urgency(place: PlaceFacts) -> tuple[bool, bool, date, str]:
    """Sort key of the list, never visited before all; the id last, so that the order is total."""
    return place.visits > 0, place.partner is not None, place.last_visit or date.min, place.id
