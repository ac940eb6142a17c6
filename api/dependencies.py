"""What endpoints are given, each a typed name: sessions, the county, and every query parameter once.

What does not wait for the database is `async`: a plain function would be run in a thread, and the way there and back
costs more than most of them do.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session, sessionmaker

from api import errors, security
from api.lookups import Memory
from geo.analysis.coverage import Boundaries, CoverageLevel, CoverageReport
from geo.errors import InvalidChoice, InvalidPosition, Lang, UnknownArea
from geo.limits import DEFAULT_PAGE, MAX_ACCURACY_M, MAX_CODE_CHARS, MAX_PAGE
from geo.months import Month
from geo.services import coverage
from geo.services.accounts import Access
from geo.settings import Settings
from geo.space.codes import Level
from geo.space.crs import MAX_LAT, MAX_LON, Frame, to_wgs84
from geo.storage import reach
from geo.storage.queries import areas, boundaries, counties
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.counties import CountyInfo


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _turn(request: Request) -> AsyncIterator[None]:
    """Wait for a free connection without holding anything.

    A request goes from thread to thread and keeps its connection meanwhile. If others waited for a connection inside
    the threads, none would be left to go on with, and all would stand still until the pool gives up.
    """
    async with request.app.state.turns:
        yield


async def open_session(
    request: Request, _turn: Annotated[None, Depends(_turn, scope="function")]
) -> AsyncIterator[Session]:
    """One transaction a request: committed before the answer is sent, so that what was answered is stored."""
    make: sessionmaker[Session] = request.app.state.sessions
    session = make()
    try:
        yield session
        if session.in_transaction():
            await run_in_threadpool(session.commit)
    finally:
        if session.in_transaction():
            await run_in_threadpool(session.rollback)
        session.close()
    if request.method not in security.HARMLESS:
        # Whoever asks next is answered with what was just written, however long the database takes to tell.
        request.app.state.memory.forget()


OpenSessionDep = Annotated[Session, Depends(open_session, scope="function")]
"""For the few endpoints that answer anybody: nothing is hidden in it."""


async def session_of_reader(request: Request, session: OpenSessionDep, by: security.ShownDep) -> None:
    """The transaction, limited to what whoever asks may see; raises `NotSignedIn`."""
    memory: Memory = request.app.state.memory
    header, read_at = request.headers.get("authorization", ""), memory.generation
    access = memory.who(header) if by.token is not None else None
    if access is None:
        access = await run_in_threadpool(security.identify, session, by)
        if by.token is not None:
            memory.remember(header, access, read_at=read_at)
    reach.limit(session, access.reach)
    reach.without_petitions(session, None if access.may("detail") else access.name)
    request.state.access, request.state.session = access, session


READERS: Final = Depends(session_of_reader, scope="function")
"""For whole routers: nothing in them is answered before it is known who asks.

What endpoints are given below is read from the request, and is nothing without it. (FastAPI would go through all that a
dependency depends on each time it is named, kept or not.)
"""


async def _session(request: Request) -> Session:
    session: Session = request.state.session
    return session


async def _access(request: Request) -> Access:
    return security.access_of(request)


SettingsDep = Annotated[Settings, Depends(_settings)]
SessionDep = Annotated[Session, Depends(_session)]
AccessDep = Annotated[Access, Depends(_access)]


class Needs(security.Needs):
    """As a dependency of an endpoint."""

    async def __call__(self, access: AccessDep) -> None:
        """Refuse who lacks it."""
        self.check(access)


# PostgreSQL has no text with NUL, and nobody types the others.
PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
CodePath = Annotated[
    str, Path(max_length=MAX_CODE_CHARS, pattern=PLAIN, description="code of an area", examples=["990101001001001"])
]
CodeQuery = Annotated[str | None, Query(max_length=MAX_CODE_CHARS, pattern=PLAIN)]
NameQuery = Annotated[str | None, Query(max_length=100, pattern=PLAIN, description="part of the name")]


MAY_CHECK: Final = Depends(Needs("check", whole=True))


async def _county(
    request: Request,
    county: Annotated[CodeQuery, Query(description="county, where several are stored")] = None,
) -> CountyInfo:
    access, settings = security.access_of(request), await _settings(request)
    asked = county or (access.reach.county if access.reach else settings.county)
    limit = access.reach.county if access.reach else None
    memory: Memory = request.app.state.memory
    return await memory.kept(("county", asked, limit), lambda: counties.resolve(request.state.session, asked))


CountyDep = Annotated[CountyInfo, Depends(_county)]


async def _version(request: Request, county: CountyDep) -> VersionInfo:
    memory: Memory = request.app.state.memory
    return await memory.kept(("version", county.code), lambda: boundaries.active(request.state.session, county.code))


VersionDep = Annotated[VersionInfo, Depends(_version)]
"""The boundary version in force."""


async def _month(
    month: Annotated[str, Query(description="YYYY-MM, in the county's calendar", examples=["2026-10"])],
) -> Month:
    return Month.parse(month)


async def _optional_month(
    month: Annotated[str | None, Query(description="YYYY-MM; the latest with visits if not given")] = None,
) -> Month | None:
    return None if month is None else Month.parse(month)


MonthQuery = Annotated[Month, Depends(_month)]
OptionalMonthQuery = Annotated[Month | None, Depends(_optional_month)]


async def _level(
    access: AccessDep,
    level: Annotated[
        CoverageLevel | None, Query(description="level of the areas to be judged; villages, or grids of one village's")
    ] = None,
) -> CoverageLevel:
    return level or ("grid" if access.reach and access.reach.level in ("village", "grid") else "village")


LevelQuery = Annotated[CoverageLevel, Depends(_level)]
AnyLevelQuery = Annotated[Level | None, Query(description="only areas of this level")]
AreaQuery = Annotated[CodeQuery, Query(description="code of the scope: this area and all below it")]
BoundariesQuery = Annotated[
    Boundaries, Query(description="boundaries in force on the month's last day (then) or the active ones (now)")
]
MAX_NUMBER: Final = 2**31 - 1
VersionPath = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="number of a boundary version", examples=[1])]
VersionQuery = Annotated[
    int | None, Query(ge=1, le=MAX_NUMBER, description="number of a boundary version; the active one if not given")
]
LimitQuery = Annotated[int, Query(ge=1, le=MAX_PAGE, description="rows of a page")]
CursorQuery = Annotated[str | None, Query(max_length=200, pattern=PLAIN, description="`next` of the page before")]


AccuracyQuery = Annotated[float, Query(ge=0, le=MAX_ACCURACY_M, description="radius of the position, metres")]


def number_of(cursor: str, *, mark: str = "") -> int:
    """The number in a cursor.

    :param mark: what stands before it
    :raises InvalidChoice: it is none that was given out
    """
    digits = cursor.removeprefix(mark)
    if not cursor.startswith(mark) or not (digits.isascii() and digits.isdigit()) or int(digits) > MAX_NUMBER:
        raise InvalidChoice(field="cursor", value=cursor, choices="`next` of the page before")
    return int(digits)


def _report(
    session: SessionDep,
    county: CountyDep,
    access: AccessDep,
    month: MonthQuery,
    level: LevelQuery,
    *,
    area: AreaQuery = None,
    boundaries: BoundariesQuery = "then",
) -> CoverageReport:
    return coverage.report(session, county, month, level=level, area=area or access.area, read_with=boundaries)


ReportDep = Annotated[CoverageReport, Depends(_report)]

FrameQuery = Annotated[Frame, Query(description="frame of the position that is given")]
PAGE = DEFAULT_PAGE


def _finite(name: str, value: float, limit: float) -> float:
    if not abs(value) <= limit:  # NaN too
        raise InvalidPosition(field=name, value=value)
    return value


async def _lon(lon: Annotated[float, Query(description="degrees east", examples=[124.4113])]) -> float:
    return _finite("lon", lon, MAX_LON)


async def _lat(lat: Annotated[float, Query(description="degrees north", examples=[29.6802])]) -> float:
    return _finite("lat", lat, MAX_LAT)


LonQuery = Annotated[float, Depends(_lon)]
LatQuery = Annotated[float, Depends(_lat)]


def optional_position(lon: float | None, lat: float | None, frame: Frame) -> tuple[float | None, float | None]:
    """A position that need not be given, in WGS-84; raises `InvalidPosition` for half of one."""
    if lon is None and lat is None:
        return None, None
    if lon is None or lat is None:
        raise InvalidPosition(field="lat" if lat is None else "lon", value="")
    x, y = to_wgs84(_finite("lon", lon, MAX_LON), _finite("lat", lat, MAX_LAT), frame)
    return float(x), float(y)


def area_column(session: Session, version: VersionInfo, code: str) -> tuple[str, str] | None:
    """Which column of visits and issues holds an area, and its code; None for the whole county.

    :raises UnknownArea: the version has no such area
    """
    area = areas.find(session, version, code)
    if area is None:
        raise UnknownArea(code=code, county=version.county, version=version.version)
    return None if area.level == "county" else (f"{area.level}_code", code)


async def _lang(
    request: Request,
    lang: Annotated[Lang | None, Query(description="language of words; else the setting")] = None,
) -> Lang:
    return lang or errors.language(request)


LangQuery = Annotated[Lang, Depends(_lang)]
