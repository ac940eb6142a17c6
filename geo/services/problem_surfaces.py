"""Density surfaces of issues: per km², and per 100 visits where enough was visited to say so.

A scope is looked at by itself: what lies beyond takes no part, and the edge correction makes up for it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from scipy import ndimage
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.bandwidths import Bandwidth, likelihood_bandwidth, silverman
from geo.analysis.issue_flow import CATEGORIES, Category
from geo.analysis.kernels import PEAK, Kernel, padded_grid
from geo.analysis.surface_pictures import round_limits
from geo.analysis.surfaces import Bounds, Surface, kernel_density, relative_surface
from geo.errors import UnknownArea
from geo.limits import MIN_CELLS_PER_BANDWIDTH, SURFACE_CLASSES
from geo.services import grounds, hotspots
from geo.services.grounds import to_metres
from geo.space.codes import Level
from geo.storage import reach
from geo.storage.queries import areas, boundaries
from geo.storage.queries import hotspots as queries
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo
from geo.storage.queries.hotspots import Window

Kind = Literal["relative", "absolute"]
Rule = Literal["silverman", "likelihood"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

CELLS: Final = 512
"""Along the longer side of the scope, unless the bandwidth wants larger or allows fewer."""

CELLS_PER_BANDWIDTH: Final = 100
"""Finer cells than this show nothing more of a kernel; a small scope under a wide one has larger ones."""

ENOUGH_VISITS: Final = 5
"""Visits to the very place below which nothing is said of how often problems are found there; of visits that spread
evenly within a bandwidth's circle it takes three times as many, as the far ones count less.
"""

OF_MEAN: Final = (0.0, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
"""Lower limits of the classes of a relative surface, as multiples of the county's rate."""

PER: Final = 100
"""Visits that a relative surface is for."""

M2_PER_KM2: Final = 1e6


@dataclass(frozen=True, slots=True)
class Origin:
    """What a surface was made from.

    :ivar begin: first day
    :ivar until: last day, inclusive
    :ivar categories: that are counted
    :ivar petitions: whether petitions are among what may be counted: not for who may not see them
    :ivar scope: code of the area that it is of
    :ivar version: of the boundaries that draw its outline
    :ivar unlocated: issues of the window in the scope that have no position, and so are in no surface
    """

    begin: date
    until: date
    categories: tuple[Category, ...]
    petitions: bool
    scope: str
    version: int
    unlocated: int


@dataclass(frozen=True, slots=True)
class ProblemSurface:
    """A surface and everything that was chosen for it.

    :ivar epsg: of its metres
    :ivar rule: where the bandwidth comes from; None where it was given
    :ivar minimum_per_km2: density of visits below which the relative surface says nothing; None for the absolute one
    :ivar issues: that have a position, in the scope
    :ivar visits: likewise; 0 where they were not asked for
    :ivar origin: None where it is one of several of a map, which says it of all
    """

    surface: Surface
    kind: Kind
    epsg: int
    rule: Bandwidth | None
    minimum_per_km2: float | None
    issues: int
    visits: int
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Canvas:
    """The cells of a scope.

    :ivar inside: (rows, columns) which have their centre on its ground
    """

    bounds: Bounds
    cell_m: float
    inside: NDArray[np.bool_]

    def counted(self, points: "Points") -> "Points":
        """The points that take part: in cells that are inside, or touch one that is, as the outline cuts cells."""
        x, y = points
        columns = np.floor((x - self.bounds.min_x) / self.cell_m).astype(np.int64) + 1
        rows = np.floor((self.bounds.max_y - y) / self.cell_m).astype(np.int64) + 1
        near = ndimage.binary_dilation(np.pad(self.inside, 1), np.ones((3, 3)))
        kept = (rows >= 0) & (rows < near.shape[0]) & (columns >= 0) & (columns < near.shape[1])
        kept[kept] = near[rows[kept], columns[kept]]
        return x[kept], y[kept]


Points = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Eastings and northings in the county's metric system."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which surface is wanted.

    :ivar bandwidth: metres, or the rule that chooses
    :ivar cells: along the longer side of the scope
    """

    kind: Kind = "relative"
    categories: tuple[Category, ...] = ()
    bandwidth: float | Rule = "silverman"
    kernel: Kernel = "quartic"
    cells: int = CELLS


def surface(
    session: Session, county: CountyInfo, begin: date, until: date, asked: Asked, *, area: str | None = None
) -> ProblemSurface:
    """Where issues of a window lie densely.

    :param begin: first day
    :param until: last day, inclusive
    :param area: code of the scope; the whole county if not given
    :raises UnknownArea: there is no such area
    :raises BandwidthTooFine: the bandwidth is below two cells
    """
    where = canvas(session, county, area, asked.cells)
    window = hotspots.window_between(county, begin, until)
    issues = where.counted(issue_points(session, county, window, asked.categories))
    visits = where.counted(visit_points(session, county, window))
    bandwidth_m, rule = chosen_bandwidth(asked, issues, visits, where.cell_m)
    where = coarsened(session, county, area, where, bandwidth_m)
    visits_ = visits if asked.kind == "relative" else None
    found = made(where, issues, visits_, bandwidth_m, asked.kernel, epsg=county.metric_epsg, rule=rule)
    return replace(found, origin=_origin(session, county, begin, until, asked, area))


def _origin(session: Session, county: CountyInfo, begin: date, until: date, asked: Asked, area: str | None) -> Origin:
    counted = hotspots.counted_categories(session, asked.categories)
    version, scope = _scope(session, county, area)
    window = hotspots.window_between(county, begin, until)
    return Origin(
        begin=begin,
        until=until,
        categories=counted or CATEGORIES,
        petitions=reach.sees_petitions(session),
        scope=scope.code,
        version=version.version,
        unlocated=queries.unlocated_issues(session, county.code, window, counted, scope),
    )


def choices(found: ProblemSurface) -> dict[str, str | float | int | None]:
    """Everything that was chosen for a surface, in plain ASCII."""
    rule = found.rule
    return {
        "kind": found.kind,
        "unit": "per 100 visits" if found.kind == "relative" else "per km2",
        "kernel": found.surface.kernel,
        "bandwidth_m": round(found.surface.bandwidth_m, 1),
        "bandwidth_rule": rule.method if rule else "given",
        "cell_m": round(found.surface.cell_m, 2),
        "edge_correction": "uniform",
        "minimum_visits_per_km2": found.minimum_per_km2 and round(found.minimum_per_km2, 6),
        "issues": found.issues,
        "visits": found.visits,
        "epsg": found.epsg,
        **(_told(found.origin) if found.origin else {}),
    }


def _told(origin: Origin) -> dict[str, str | float | int | None]:
    return {
        "begin": str(origin.begin),
        "until": str(origin.until),
        "categories": " ".join(origin.categories),
        "petitions_seen": origin.petitions,
        "area": origin.scope,
        "boundary_version": origin.version,
        "issues_without_position": origin.unlocated,
    }


def tags(found: ProblemSurface) -> dict[str, str]:
    """The choices, as the tags of a raster say them."""
    return {name: str(value) for name, value in choices(found).items()}


def issue_points(session: Session, county: CountyInfo, window: Window, categories: Sequence[Category]) -> Points:
    """Issues of a window that have a position."""
    counted = hotspots.counted_categories(session, categories)
    return _in_metres(county, queries.issue_positions(session, county.code, window, counted))


def visit_points(session: Session, county: CountyInfo, window: Window) -> Points:
    """Visits of a window that have a position."""
    return _in_metres(county, queries.visit_positions(session, county.code, window))


def chosen_bandwidth(asked: Asked, issues: Points, visits: Points, cell_m: float) -> tuple[float, Bandwidth | None]:
    """Metres, at least what the cells can show where a rule chose; and what the rule said.

    Silverman's rule looks at the visits: where people go is the pattern to be smoothed, it is dense enough for the
    rule, and all categories of a window then have one bandwidth. The likelihood looks at the issues themselves.
    """
    if not isinstance(asked.bandwidth, str):
        return asked.bandwidth, None
    if asked.bandwidth == "silverman":
        rule = silverman(*(visits if len(visits[0]) else issues), kernel=asked.kernel)
    else:
        rule = likelihood_bandwidth(*issues, kernel=asked.kernel)
    return max(rule.metres, MIN_CELLS_PER_BANDWIDTH * cell_m), rule


def limits(found: ProblemSurface) -> tuple[float, ...]:
    """Lower limits of a legend's classes: of a relative surface multiples of the county's rate, else round numbers."""
    if found.kind == "absolute":
        return round_limits(found.surface, SURFACE_CLASSES)
    mean = PER * found.issues / found.visits if found.visits else 0.0
    return tuple(float(f"{mean * times:.3g}") for times in OF_MEAN) if mean else ()


def canvas(session: Session, county: CountyInfo, area: str | None, cells: int) -> Canvas:
    """The cells of a scope.

    :param area: its code; the whole county if not given
    :param cells: along its longer side
    :raises UnknownArea: there is no such area
    """
    version, scope = _scope(session, county, area)
    levels: tuple[Level, ...] = ("grid",) if scope.level == "grid" else ("village", "town")
    ground = next((one for level in levels if len((one := grounds.of(session, county, version, level)).areas)), None)
    if ground is None:
        raise UnknownArea(code=area, county=county.code, version=version.version)
    outline = ground.outline(scope)
    bounds = Bounds(*outline.bounds)
    cell_m = max(bounds.max_x - bounds.min_x, bounds.max_y - bounds.min_y) / cells
    return Canvas(bounds, cell_m, inside(outline, bounds, cell_m))


def _scope(session: Session, county: CountyInfo, area: str | None) -> tuple[VersionInfo, AreaInfo]:
    version = boundaries.active(session, county.code)
    scope = areas.find(session, version, area or county.code)
    if scope is None:
        raise UnknownArea(code=area, county=county.code, version=version.version)
    return version, scope


def coarsened(session: Session, county: CountyInfo, area: str | None, where: Canvas, bandwidth_m: float) -> Canvas:
    """The same ground in cells of at least a hundredth of the bandwidth."""
    if bandwidth_m <= CELLS_PER_BANDWIDTH * where.cell_m:
        return where
    return canvas(
        session, county, area, math.ceil(max(where.inside.shape) * CELLS_PER_BANDWIDTH * where.cell_m / bandwidth_m)
    )


def inside(outline: BaseGeometry, bounds: Bounds, cell_m: float) -> NDArray[np.bool_]:
    """Cells with their centre on the ground: (rows, columns), as `kernel_density` counts them."""
    grid = padded_grid(bounds, cell_m, reach_m=0.0)
    placed = Affine(cell_m, 0.0, bounds.min_x, 0.0, -cell_m, bounds.max_y)
    return np.asarray(
        rasterize([outline], out_shape=(grid.rows, grid.columns), transform=placed, dtype="uint8"), dtype=bool
    )


def _in_metres(county: CountyInfo, positions: Points) -> Points:
    x, y = to_metres(county.metric_epsg).transform(*positions)
    return np.asarray(x), np.asarray(y)


def made(
    where: Canvas,
    issues: Points,
    visits: Points | None,
    bandwidth_m: float,
    kernel: Kernel,
    *,
    epsg: int,
    rule: Bandwidth | None,
) -> ProblemSurface:
    """The surface of these points; relative where visits are given."""

    def density(points: Points) -> Surface:
        return kernel_density(
            *points,
            bounds=where.bounds,
            cell_m=where.cell_m,
            bandwidth_m=bandwidth_m,
            kernel=kernel,
            inside=where.inside,
        )

    found = density(issues)
    if visits is None:
        return ProblemSurface(found, "absolute", epsg, rule, None, len(issues[0]), 0)
    minimum = ENOUGH_VISITS * PEAK[kernel] / bandwidth_m**2 * M2_PER_KM2
    relative = relative_surface(found, density(visits), minimum_per_km2=minimum, per=PER)
    return ProblemSurface(relative, "relative", epsg, rule, minimum, len(issues[0]), len(visits[0]))
