"""Record visits: a batch is tagged at once and stored in one statement; every row is answered.

A row is *stored*, a *duplicate* (the same id with the same content is there already), in *conflict* (the same id with
other content; both are shown), or *rejected* with its reason. One bad row rejects itself, not the batch.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.errors import Lang
from geo.intake.rejections import Rejection
from geo.intake.visits import NumberedVisit
from geo.months import local_day
from geo.services.accounts import Access
from geo.services.tagging import Tagger, Tags, tagger
from geo.space.crs import FRAMES, to_wgs84
from geo.storage import reach
from geo.storage.queries import areas as area_queries
from geo.storage.queries import boundaries, counties, visits
from geo.storage.queries.counties import CountyInfo

Outcome = Literal["stored", "duplicate", "conflict", "rejected"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one row. ``sent`` and ``kept`` are set where they differ under one id."""

    row: int
    outcome: Outcome
    id: UUID | None = None
    rejection: Rejection | None = None
    sent: dict[str, Any] | None = None
    kept: dict[str, Any] | None = None

    def reason(self, lang: Lang) -> str | None:
        """Why it was not stored, in one language."""
        return self.rejection.text(lang) if self.rejection else None


@dataclass(frozen=True, slots=True)
class _Batch:
    """Good rows with their positions in WGS-84; NaN where a row has none."""

    rows: list[NumberedVisit]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    def keep(self, mask: NDArray[np.bool_]) -> "_Batch":
        rows = [row for row, kept in zip(self.rows, mask.tolist(), strict=True) if kept]
        return _Batch(rows, self.lon[mask], self.lat[mask])


def record(
    session: Session,
    county: CountyInfo,
    rows: Sequence[NumberedVisit],
    refused: Sequence[Rejection] = (),
    *,
    by: Access | None = None,
) -> list[Answer]:
    """Store what can be stored and answer every row, in the order of their numbers.

    :param by: who sends them: a cadre only visits of his or her own, others only within their scope; None for anything
    :raises NoBoundaries: nothing is in force that visits could be tagged to
    """
    answers = [Answer(rejection.row, "rejected", rejection=rejection) for rejection in refused]
    if rows:
        counties.hold(session, county.code, alone=False)
        areas = tagger(session, boundaries.active(session, county.code))
        batch, wrong = _check(session, county, _positions(rows), areas)
        batch, foreign = _within(batch, areas, by)
        answers += [Answer(rejection.row, "rejected", rejection=rejection) for rejection in (*wrong, *foreign)]
        answers += _store(session, county, batch, areas)
    return sorted(answers, key=lambda answer: answer.row)


def as_seen_by(
    session: Session, county: str, records: Sequence[visits.VisitRecord], by: Access
) -> list[visits.VisitRecord]:
    """Visits without what names a household, for those who may not see it: its id, and the note.

    One's own visits are seen as they were written.
    """
    if by.may("detail"):
        return list(records)
    with reach.unlimited(session):
        hidden = visits.households_among(session, county, {one.place for one in records if one.place})
    return [
        replace(one, place=None, note=None) if one.place in hidden and one.staff_no != by.staff_no else one
        for one in records
    ]


def _within(batch: _Batch, areas: Tagger, by: Access | None) -> tuple[_Batch, list[Rejection]]:
    """Refuse rows that are not for the sender to send. Where a cadre's own visits lead is nobody's business here."""
    if by is None:
        return batch, []
    if by.role == "cadre":
        foreign = np.array([row.visit.staff_no != by.staff_no for row in batch.rows], dtype=bool)
        field, why, why_zh = "staff_no", "only visits of your own can be sent", "只能上报本人的走访"
    else:
        tags = _tags(batch, areas)
        whole = [by.area is None or by.area in chain for chain in zip(tags.town, tags.village, tags.grid, strict=True)]
        foreign = ~np.array(whole, dtype=bool)
        field, why, why_zh = "claimed_area", f"it is not within {by.area}", f"不在 {by.area} 范围内"
    refused = [Rejection(row.row, field, why, why_zh) for row, out in zip(batch.rows, foreign, strict=True) if out]
    return batch.keep(~foreign), refused


def _positions(rows: Sequence[NumberedVisit]) -> _Batch:
    lon = np.array([np.nan if row.visit.lon is None else row.visit.lon for row in rows], dtype=np.float64)
    lat = np.array([np.nan if row.visit.lat is None else row.visit.lat for row in rows], dtype=np.float64)
    frames = np.array([row.visit.frame for row in rows])
    for frame in FRAMES:
        mine = frames == frame
        lon[mine], lat[mine] = to_wgs84(lon[mine], lat[mine], frame)
    return _Batch(list(rows), lon, lat)


def _check(session: Session, county: CountyInfo, batch: _Batch, areas: Tagger) -> tuple[_Batch, list[Rejection]]:
    """Refuse rows that name what is not there, or whose axes are swapped."""
    staff = visits.known_staff(session, county.code, {row.visit.staff_no for row in batch.rows})
    places = visits.known_places(session, county.code, {row.visit.place for row in batch.rows if row.visit.place})
    swapped = _swapped(batch, areas)
    lost = _lost_claims(session, county, batch, areas)
    wrong: list[Rejection | None] = []
    for row, is_swapped in zip(batch.rows, swapped.tolist(), strict=True):
        wrong.append(_reason(row, staff, places, lost, zone=county.zone, is_swapped=is_swapped))
    good = np.array([reason is None for reason in wrong], dtype=bool)
    return batch.keep(good), [reason for reason in wrong if reason is not None]


def _swapped(batch: _Batch, areas: Tagger) -> NDArray[np.bool_]:
    """Outside the county as they stand, inside its bounds with lon and lat exchanged."""
    west, south, east, north = areas.bounds()

    def inside(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))

    return ~inside(batch.lon, batch.lat) & inside(batch.lat, batch.lon)


def _lost_claims(session: Session, county: CountyInfo, batch: _Batch, areas: Tagger) -> set[tuple[str, date]]:
    """Claims (area, day) of rows without a position that no boundaries know: neither those of now nor of the day.

    A visit may come late, after its area was merged away: it still counts for its month, read as things were then.
    """
    unknown = {
        (row.visit.claimed_area, local_day(row.visit.started_at, county.zone))
        for row in batch.rows
        if row.visit.lon is None and row.visit.claimed_area is not None and not areas.knows(row.visit.claimed_area)
    }
    lost = set()
    for code, day in unknown:
        area = area_queries.find(session, boundaries.in_force_on(session, county.code, day), code)
        if area is None or area.level == "county":
            lost.add((code, day))
    return lost


def _reason(
    row: NumberedVisit,
    staff: set[str],
    places: set[str],
    lost: Collection[tuple[str, date]],
    *,
    zone: ZoneInfo,
    is_swapped: bool,
) -> Rejection | None:
    visit = row.visit
    if visit.staff_no not in staff:
        return Rejection(
            row.row, "staff_no", f"no cadre has the number {visit.staff_no}", f"没有工号为 {visit.staff_no} 的干部"
        )
    if visit.place is not None and visit.place not in places:
        return Rejection(row.row, "place", f"no place has the id {visit.place}", f"没有编号为 {visit.place} 的走访对象")
    if is_swapped:
        return Rejection(row.row, "lat", "lon and lat look swapped", "经度和纬度似乎填反了")
    if visit.lon is None and (visit.claimed_area, local_day(visit.started_at, zone)) in lost:
        return Rejection(
            row.row,
            "claimed_area",
            f"no town, village or grid in force has the code {visit.claimed_area}",
            f"现行边界中没有代码为 {visit.claimed_area} 的乡镇、村（社区）或网格",
        )
    return None


def _tags(batch: _Batch, areas: Tagger) -> Tags:
    claimed = np.array([row.visit.claimed_area for row in batch.rows] or [None], dtype=object)[: len(batch.rows)]
    return areas.tag_all(batch.lon, batch.lat, claimed)


def _store(session: Session, county: CountyInfo, batch: _Batch, areas: Tagger) -> list[Answer]:
    records = _records(batch, _tags(batch, areas))
    first: dict[UUID, visits.VisitRecord] = {}
    for record_ in records:
        first.setdefault(record_.id, record_)
    stored = visits.insert_new(session, county.code, list(first.values()))
    is_new = [record_.id in stored and first[record_.id] is record_ for record_ in records]
    kept = visits.contents(
        session, county.code, [record_.id for record_, new in zip(records, is_new, strict=True) if not new]
    )
    return [
        Answer(row.row, "stored", record_.id) if new else _seen_before(row.row, record_, kept.get(record_.id))
        for row, record_, new in zip(batch.rows, records, is_new, strict=True)
    ]


def _seen_before(row: int, record_: visits.VisitRecord, kept: dict[str, Any] | None) -> Answer:
    answer, sent = Answer(row, "duplicate", record_.id), record_.content()
    if sent == kept:
        return answer
    if kept is None:  # beyond the sender's scope
        taken = Rejection(row, "id", "this id is that of another visit", "该编号已属于另一条走访")
        return replace(answer, outcome="conflict", rejection=taken)
    different = ", ".join(name for name in sent if sent[name] != kept[name])
    rejection = Rejection(
        row,
        "id",
        f"this id is stored already with other content ({different})",
        f"该编号已存有不同内容（{different}）",
    )
    return replace(answer, outcome="conflict", rejection=rejection, sent=sent, kept=kept)


def _records(batch: _Batch, tags: Tags) -> list[visits.VisitRecord]:
    words = tags.words(batch.lon)
    columns = zip(
        batch.rows,
        batch.lon.tolist(),
        batch.lat.tolist(),
        words,
        tags.town.tolist(),
        tags.village.tolist(),
        tags.grid.tolist(),
        strict=True,
    )
    return [
        visits.VisitRecord(
            id=row.id,
            staff_no=row.visit.staff_no,
            started_at=row.visit.started_at,
            ended_at=row.visit.ended_at,
            lon=None if word == "unlocated" else lon,
            lat=None if word == "unlocated" else lat,
            frame=None if word == "unlocated" else row.visit.frame,
            accuracy_m=row.visit.accuracy_m,
            claimed_area=row.visit.claimed_area,
            place=row.visit.place,
            topics=row.visit.topics,
            note=row.visit.note,
            tag=word,
            town=town,
            village=village,
            grid=grid,
        )
        for row, lon, lat, word, town, village, grid in columns
    ]
