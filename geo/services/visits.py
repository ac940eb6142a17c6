"""Record visits: a batch is tagged at once and stored in one statement; every row is answered.

A row is *stored*, a *duplicate* (the same id with the same content is there already, or was before it was corrected),
in *conflict* (the same id with other content; both are shown), or *rejected* with its reason. One bad row rejects
itself, not the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.errors import Lang
from geo.intake.rejections import Rejection
from geo.intake.visit_columns import Visits
from geo.services import household_ids, visit_checks, visit_flags
from geo.services.accounts import Access
from geo.services.tagging import Tagger, Tags, tagger
from geo.services.visit_flags import Flag
from geo.storage import reach
from geo.storage.queries import boundaries, counties, visit_comparison, visit_writing, visits
from geo.storage.queries.counties import CountyInfo

Outcome = Literal["stored", "duplicate", "conflict", "rejected"]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Visits with what their positions and claims say, before anything is looked up in the database.

    :ivar visits: positions in WGS-84
    """

    visits: Visits
    tags: Tags

    def take(self, index: NDArray[Any]) -> "Tagged":
        """Some of the rows: a mask, or places in the order wanted."""
        return Tagged(self.visits.take(index), self.tags.take(index))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one row. ``sent`` and ``kept`` are set where they differ under one id.

    :ivar id: a UUID as text, None for what is rejected
    :ivar flags: what looks odd about a row that was stored, for who sent it to see; nobody else is told
    """

    row: int
    outcome: Outcome
    id: str | None = None
    rejection: Rejection | None = None
    sent: dict[str, Any] | None = None
    kept: dict[str, Any] | None = None
    flags: tuple[Flag, ...] = ()

    def reason(self, lang: Lang) -> str | None:
        """Why it was not stored, in one language."""
        return self.rejection.text(lang) if self.rejection else None


def with_tags(rows: Visits, areas: Tagger) -> Tagged:
    """Tag visits whose positions are in their frames; it asks no database, so another thread may do it."""
    lon, lat = rows.in_wgs84()
    batch = replace(rows, lon=lon, lat=lat)
    return Tagged(batch, areas.tag_all(lon, lat, batch.accuracy_m, batch.claimed_area))


def areas_in_force(session: Session, county: str) -> Tagger:
    """The areas that visits are tagged to, which no activation changes until the transaction ends.

    :raises NoBoundaries: nothing is in force
    """
    counties.hold(session, county, alone=False)
    return tagger(session, boundaries.active(session, county))


def record(
    session: Session,
    county: CountyInfo,
    rows: Visits | Tagged,
    refused: Sequence[Rejection] = (),
    *,
    by: Access | None = None,
    entered_by: str | None = None,
) -> list[Answer]:
    """Store what can be stored and answer every row, in the order of their numbers.

    :param rows: positions in their frames; or what `with_tags` made of them with the `areas_in_force`
    :param by: who sends them: a cadre only visits of his or her own, others only within their scope; None for anything
    :param entered_by: whose name stands at them; that of ``by`` if not given
    :raises NoBoundaries: nothing is in force that visits could be tagged to
    """
    wrong = list(refused)
    stored: list[Answer] = []
    if isinstance(rows, Tagged) or len(rows):
        areas = areas_in_force(session, county.code)
        batch = rows if isinstance(rows, Tagged) else with_tags(rows, areas)
        batch = replace(batch, visits=household_ids.in_visits(session, county.code, batch.visits))
        good, bad = visit_checks.check(session, county, batch.visits, areas)
        theirs = foreign(batch, by)
        wrong += [*bad, *not_yours(batch.visits.row[good & theirs], by)]
        kept = batch if (good & ~theirs).all() else batch.take(good & ~theirs)
        stored = _store(session, county, kept, areas, entered_by or (by.name if by else None))
    answers = [Answer(rejection.row, "rejected", rejection=rejection) for rejection in wrong] + stored
    return sorted(answers, key=lambda answer: answer.row)


def as_seen_by(
    session: Session, county: str, records: Sequence[visits.VisitRecord], by: Access
) -> list[visits.VisitRecord]:
    """Visits without what names a household, for those who may not see it: its id, the note and what was found.

    One's own visits are seen as they were written.
    """
    if by.may("detail"):
        return list(records)
    with reach.unlimited(session):
        hidden = visits.households_among(session, county, {one.place for one in records if one.place})
    return [
        replace(one, place=None, note=None, findings=None)
        if one.place in hidden and one.staff_no != by.staff_no
        else one
        for one in records
    ]


def foreign(batch: Tagged, by: Access | None) -> NDArray[np.bool_]:
    """Which rows are not for the sender to send. Where a cadre's own visits lead is nobody's business here."""
    tags = batch.tags
    if by is None or (by.role != "cadre" and by.area is None):
        return np.zeros(len(batch.visits), dtype=bool)
    if by.role == "cadre":
        return np.asarray(batch.visits.staff_no != by.staff_no, dtype=bool)
    mine = (tags.town == by.area) | (tags.village == by.area) | (tags.grid == by.area)
    return ~np.asarray(mine, dtype=bool)


def not_yours(rows: NDArray[np.int64], by: Access | None) -> list[Rejection]:
    """Why rows of these numbers are not for the sender to send."""
    field, why, why_zh = "staff_no", "only visits of your own can be sent", "只能上报本人的走访"
    if by is not None and by.role != "cadre":
        field, why, why_zh = "claimed_area", f"it is not within {by.area}", f"不在 {by.area} 范围内"
    return [Rejection(row, field, why, why_zh) for row in rows.tolist()]


def _store(session: Session, county: CountyInfo, tagged: Tagged, areas: Tagger, entered_by: str | None) -> list[Answer]:
    batch = tagged.visits
    # By id: what began in the same moment is looked at in one order, however it was sent.
    _, first = np.unique(batch.id.astype(bytes), return_index=True)
    first = first[visit_writing.new_among(session, county.code, batch.id[first])]
    new, its_tags = batch.take(first), tagged.tags.take(first)
    flags = visit_flags.of(session, county, new, its_tags, areas)
    told = visit_writing.StoredTags(its_tags.word, its_tags.town, its_tags.village, its_tags.grid, flags)
    ids, rows = batch.id.tolist(), batch.row.tolist()
    with visit_writing.inserting(session, county.code, new, told, entered_by=entered_by):
        fresh = zip(first.tolist(), flags.tolist(), strict=True)
        answers = [Answer(rows[at], "stored", ids[at], flags=its_flags) for at, its_flags in fresh]
    is_new = np.zeros(len(batch), dtype=bool)
    is_new[first] = True
    same = _same(session, county, batch, is_new)
    odd = np.flatnonzero(~is_new & ~same).tolist()
    kept = visits.contents(session, county.code, [ids[at] for at in odd])
    answers += [Answer(rows[at], "duplicate", ids[at]) for at in np.flatnonzero(same).tolist()]
    return answers + [_seen_before(rows[at], ids[at], _content(batch, at), kept.get(ids[at])) for at in odd]


def _same(session: Session, county: CountyInfo, batch: Visits, is_new: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows are plainly there already; a file that is sent again has tens of thousands of them."""
    same = np.zeros(len(batch), dtype=bool)
    if not is_new.all() and reach.is_whole(session):
        same[~is_new] = visit_comparison.same_as_stored(session, county.code, batch.take(~is_new))
    return same


def _seen_before(row: int, id_: str, sent: dict[str, Any], kept: list[dict[str, Any]] | None) -> Answer:
    answer = Answer(row, "duplicate", id_)
    if kept is None:  # beyond the sender's scope
        taken = Rejection(row, "id", "this id is that of another visit", "该编号已属于另一条走访")
        return replace(answer, outcome="conflict", rejection=taken)
    if sent in kept:
        return answer
    now = kept[0]
    different = ", ".join(name for name in sent if sent[name] != now.get(name))
    rejection = Rejection(
        row,
        "id",
        f"this id is stored already with other content ({different})",
        f"该编号已存有不同内容（{different}）",
    )
    return replace(answer, outcome="conflict", rejection=rejection, sent=sent, kept=now)


def _content(batch: Visits, at: int) -> dict[str, Any]:
    """What one row says, as `VisitRecord.content` says it of a stored one."""
    located = not np.isnan(batch.lon[at])
    accuracy = float(batch.accuracy_m[at])
    return visits.content_of(
        staff_no=batch.staff_no[at],
        started_at=batch.started_at[at].item().replace(tzinfo=UTC),
        ended_at=None if np.isnat(batch.ended_at[at]) else batch.ended_at[at].item().replace(tzinfo=UTC),
        lon=float(batch.lon[at]) if located else None,
        lat=float(batch.lat[at]) if located else None,
        frame=batch.frame[at] if located else None,
        accuracy_m=None if np.isnan(accuracy) else accuracy,
        claimed_area=batch.claimed_area[at],
        place=batch.place[at],
        topics=batch.topics[at],
        note=batch.note[at],
        findings=batch.findings[at],
        companions=batch.companions[at],
    )
