"""The one question that is asked most, answered without the database: who is responsible at a position.

A `Memory` keeps the directory of each county that was asked for and the tokens that were found good a moment ago, and
drops all of it when the database says that something has changed; while it does not hear the database it keeps nothing.
`FastLookups` answers from it. What is out of the ordinary (a session, a point outside, a mistake) goes on to the
endpoint, whose answer is the same to the byte.
"""

import re
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, sessionmaker
from starlette.types import ASGIApp, Receive, Scope, Send

from api.etags import PRIVATE, is_known, tag_of
from api.headers import HEADERS
from api.schemas.areas import AreaOut, Candidate
from api.schemas.assignments import AreaResponsible, AssignmentOut, ResponsibleOut
from geo.errors import WanggeError
from geo.months import local_day
from geo.services.accounts import Access
from geo.services.directory import Directory
from geo.space.crs import FRAMES, Frame, to_wgs84
from geo.storage.changes import ChangeFeed
from geo.storage.queries import counties
from geo.storage.queries.areas import AreaInfo
from geo.storage.queries.assignments import AssignmentInfo

Kept = TypeVar("Kept")

PATH: Final = "/assignments/at"
_TOKEN_SECONDS: Final = 60.0
"""A token is looked up again after this, so that its use is noted and its end is seen whatever else happens."""

_MOST_TOKENS: Final = 10_000
_MOST_ANSWERS: Final = 50_000
_MOST_KEPT: Final = 1_000
_NUMBER: Final = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_RADIUS: Final = re.compile(r"\d{1,4}(?:\.\d{1,9})?")
_SHORTEST: Final = 0.001
"""Below it numbers are written with an exponent, which Python and JSON libraries write each in its own way."""

_CANDIDATES: Final = TypeAdapter(list[Candidate])
_PLAIN: Final = frozenset({"lon", "lat", "on", "county", "frame", "accuracy"})
_NOT_MODIFIED: Final = [(b"cache-control", PRIVATE.encode()), *((k.encode(), v.encode()) for k, v in HEADERS.items())]
_OK: Final = [(b"content-type", b"application/json"), *_NOT_MODIFIED]


@dataclass(frozen=True, slots=True)
class _Known:
    access: Access
    until: float


class Memory:
    """What may be answered from memory at this moment."""

    def __init__(self, url: URL, sessions: sessionmaker[Session], default_county: str | None) -> None:
        self._sessions, self._default = sessions, default_county
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._directories: dict[str, Directory] = {}
        self._tokens: dict[str, _Known] = {}
        self._answers: dict[tuple[str, str, date, Access], bytes] = {}
        self._kept: dict[Hashable, Any] = {}
        self._generation = 0
        self._feed = ChangeFeed(url, self.forget, self._build)
        self.start, self.stop = self._feed.start, self._feed.stop

    def forget(self) -> None:
        """Something has changed, or may have."""
        with self._lock:
            self._generation += 1
            self._directories, self._tokens, self._answers, self._kept = {}, {}, {}, {}

    def want(self, county: str) -> None:
        """Somebody asks about a county: make its directory ready for the next."""
        if county not in self._directories and self._feed.live:
            self._wanted.add(county)
            self._feed.wake()

    def remember(self, header: str, access: Access, *, read_at: int) -> None:
        """A token was found good; ``read_at`` is the `generation` from before it was looked up."""
        with self._lock:
            if self._feed.live and read_at == self._generation:
                if len(self._tokens) >= _MOST_TOKENS:
                    self._tokens.clear()
                self._tokens[header] = _Known(access, time.monotonic() + _TOKEN_SECONDS)

    @property
    def generation(self) -> int:
        """A number that grows whenever what was read before may be out of date."""
        return self._generation

    def who(self, header: str) -> Access | None:
        """Whom a header stands for, if that is known."""
        known = self._tokens.get(header)
        if known is None or known.until < time.monotonic():
            return None
        expires_at = known.access.expires_at
        return known.access if expires_at is None or expires_at > datetime.now(UTC) else None

    async def kept(self, key: Hashable, read: Callable[[], Kept]) -> Kept:
        """What was read before under a key and has not changed since; else read in a thread, and kept if that holds."""
        found: Kept | None = self._kept.get(key)
        if found is not None:
            return found
        read_at = self._generation
        value = await run_in_threadpool(read)
        with self._lock:
            if self._feed.live and read_at == self._generation:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = value
        return value

    def directory(self, county: str | None, access: Access) -> Directory | None:
        """The directory of the county that is meant; None where it is not ready or not clear."""
        if access.reach is not None:
            return self._directories.get(access.reach.county) if county in {None, access.reach.county} else None
        return self._directories.get(county or self._default or "")

    def areas(self, directory: Directory, code: str, day: date, access: Access) -> bytes | None:
        """The answer for an area up to the position, without the closing brace; None where nothing may be seen."""
        key = (directory.county.code, code, day, access)
        found = self._answers.get(key)
        if found is None:
            responsible = directory.responsible(code, day, access.reach)
            if not responsible:
                return None
            found = _rendered(directory, day, responsible)
            with self._lock:
                # An answer of a directory that has been dropped meanwhile must not outlive it.
                if self._directories.get(directory.county.code) is directory:
                    if len(self._answers) >= _MOST_ANSWERS:
                        self._answers.clear()
                    self._answers[key] = found
        return found

    def _build(self) -> None:
        """Make what is wanted; in the thread that listens, when it has nothing to hear."""
        for county in self._wanted - self._directories.keys():
            began = self._generation
            try:
                with self._sessions() as session:
                    made = Directory(session, counties.resolve(session, county))
            except WanggeError:
                self._wanted.discard(county)
                continue
            with self._lock:
                if began == self._generation:
                    self._directories[county] = made


def _rendered(
    directory: Directory, day: date, responsible: Sequence[tuple[AreaInfo, Sequence[AssignmentInfo]]]
) -> bytes:
    body = ResponsibleOut(
        on=day,
        boundary_version=directory.version.version,
        areas=[
            AreaResponsible(area=AreaOut.of(area), assignments=[AssignmentOut.of(one) for one in held])
            for area, held in responsible
        ],
    )
    return body.model_dump_json(by_alias=True).encode()[:-1]


class FastLookups:
    """Answers the plain question before anything else is set in motion."""

    def __init__(self, app: ASGIApp, memory: Memory, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.app, self.memory, self.now = app, memory, now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        content = None
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "GET":
            headers = dict(scope["headers"])
            content = self._content(headers.get(b"authorization", b""), scope["query_string"].decode("latin-1"))
        if content is None:
            await self.app(scope, receive, send)
            return
        tag = tag_of(content)
        if is_known(tag, headers.get(b"if-none-match", b"").decode("latin-1")):
            status, content = HTTPStatus.NOT_MODIFIED, b""
        else:
            status = HTTPStatus.OK
        told = [(b"etag", tag.encode()), *(_NOT_MODIFIED if status is HTTPStatus.NOT_MODIFIED else _OK)]
        if content:
            told.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": int(status), "headers": told})
        await send({"type": "http.response.body", "body": content})

    def _content(self, authorization: bytes, query: str) -> bytes | None:
        access = self.memory.who(authorization.decode("latin-1"))
        asked = _plain(query) if access else None
        if access is None or asked is None:
            return None
        directory = self.memory.directory(asked.get("county"), access)
        if directory is None:
            return None
        lon, lat = _position(asked)
        code = directory.deepest(lon, lat) if min(abs(lon), abs(lat)) > _SHORTEST else None
        if code is None:
            return None
        try:
            day = date.fromisoformat(asked["on"]) if "on" in asked else local_day(self.now(), directory.county.zone)
        except ValueError:
            return None
        begun = self.memory.areas(directory, code, day, access)
        if begun is None:
            return None
        near = directory.candidates(lon, lat, float(asked.get("accuracy", 0)), access.reach)
        shown = _CANDIDATES.dump_json([Candidate.of(area, distance) for area, distance in near]) if near else b"[]"
        return begun + f',"lon":{lon!r},"lat":{lat!r},"candidates":'.encode() + shown + b"}"


def _plain(query: str) -> dict[str, str] | None:
    """Parameters of a question that needs no interpretation; None for any other."""
    asked = {name: value for name, _, value in (part.partition("=") for part in query.split("&"))}
    if not asked.keys() <= _PLAIN or "%" in query or "+" in query:
        return None
    if not all(_NUMBER.fullmatch(asked.get(name, "")) for name in ("lon", "lat")):
        return None
    checks = (_RADIUS.fullmatch(asked.get("accuracy", "0")), _DAY.fullmatch(asked.get("on", "2000-01-01")))
    return asked if all(checks) and asked.get("frame", "wgs84") in FRAMES else None


def _position(asked: dict[str, str]) -> tuple[float, float]:
    """Longitude and latitude, WGS-84."""
    lon, lat = float(asked["lon"]), float(asked["lat"])
    frame: Frame = next((frame for frame in FRAMES if frame == asked.get("frame")), "wgs84")
    if frame in {"wgs84", "cgcs2000"}:
        return lon, lat
    x, y = to_wgs84(lon, lat, frame)
    return float(x), float(y)
