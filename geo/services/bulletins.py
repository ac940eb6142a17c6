"""The monthly bulletin (通报): a draft of any month that has begun, and editions that stay as they were published.

Publishing stores the whole bulletin with its hash and the maps that were drawn of it. Whatever is made of an edition
afterwards is drawn from what was stored, so that neither other boundaries nor late visits change it. A correction is
another edition, which names what differs from the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from geo.analysis import bulletin_snapshots as snapshots
from geo.analysis.bulletin_making import make
from geo.analysis.bulletins import Bulletin, StoredFile, differences
from geo.errors import BulletinUnchanged, EditionTaken, MonthEmpty, MonthRunning, ReasonNeeded, UnknownBulletin
from geo.limits import MAX_TEXT_CHARS
from geo.months import Month
from geo.services import bulletin_facts, coverage
from geo.storage.queries import accounts
from geo.storage.queries import bulletins as queries
from geo.storage.queries.bulletins import EditionInfo
from geo.storage.queries.counties import CountyInfo

TEMPLATE = "template.docx"
"""Name of the county's own template among the files of an edition."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A published edition: what was stored of it, and its files by name."""

    info: EditionInfo
    bulletin: Bulletin
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an edition is what was published.

    :ivar wrong: names of what is not: the snapshot, or files
    """

    info: EditionInfo
    wrong: tuple[str, ...]


def draft(session: Session, county: CountyInfo, month: Month, *, now: datetime | None = None) -> Bulletin:
    """The bulletin of a month as it is known now.

    :raises FutureMonth: the month has not begun in the county
    :raises NoBoundaries: nothing is in force
    """
    return make(bulletin_facts.sources(session, county, month, now))


def check(
    session: Session,
    county: CountyInfo,
    month: Month,
    *,
    reason: str | None = None,
    expected: int | None = None,
    now: datetime | None = None,
) -> int:
    """Number of the edition that would be published, before anything is computed.

    :raises FutureMonth, MonthRunning, ReasonNeeded, EditionTaken: as `publish`
    """
    coverage.counted_to(county, month, now)
    today = coverage.today(county, now)
    if today <= month.last_day:
        raise MonthRunning(month=month, today=today, next=month.next().first_day)
    last = next(iter(queries.editions(session, county.code, month=month, limit=1)), None)
    number = last.edition + 1 if last else 1
    if expected is not None and expected != number:
        raise EditionTaken(month=month, edition=number - 1)
    if last is not None and not (reason and reason.strip()):
        raise ReasonNeeded(month=month, edition=last.edition)
    return number


def publish(
    session: Session,
    county: CountyInfo,
    month: Month,
    actor: str,
    *,
    reason: str | None = None,
    made: Bulletin | None = None,
    files: Mapping[str, bytes] | None = None,
    expected: int | None = None,
    now: datetime | None = None,
) -> Edition:
    """Store an edition of the bulletin, the first or a correction.

    :param reason: why there is another edition; not needed for the first
    :param made: the draft, where it is at hand
    :param files: maps, named ``NAME.LANG.png``, and the template, to be kept with it
    :param expected: number that the edition was to have when whoever publishes looked at it
    :raises FutureMonth, MonthRunning, MonthEmpty: there is nothing to publish yet
    :raises ReasonNeeded: it is a correction and nobody says why
    :raises BulletinUnchanged: nothing differs from the edition before
    :raises EditionTaken: somebody else has just published
    """
    check(session, county, month, reason=reason, expected=expected, now=now)
    bulletin = made or draft(session, county, month, now=now)
    if bulletin.is_empty:
        raise MonthEmpty(month=month)
    queries.take_turn(session, county.code, month)
    # Somebody may have published while this one was computed.
    number = check(session, county, month, reason=reason, expected=expected, now=now)
    bulletin = replace(bulletin, edition=number, files=_hashes(files or {}))
    if number > 1:
        bulletin = _corrected(session, county, month, bulletin, reason or "")
    _store(session, county, month, bulletin, actor, files or {})
    accounts.note(session, actor, "bulletin", f"{county.code} {month} {number}")
    return edition(session, county, month, number)


def edition(session: Session, county: CountyInfo, month: Month, number: int | None = None) -> Edition:
    """A published edition; the last one if no number is given.

    :raises UnknownBulletin: there is none
    """
    several = queries.editions(session, county.code, month=month)
    info = next((one for one in several if number is None or one.edition == number), None)
    stored = None if info is None else queries.snapshot(session, county.code, month, info.edition)
    if info is None or stored is None:
        raise UnknownBulletin(county=county.code, month=month, edition=number or 1)
    files = queries.files(session, county.code, month, info.edition)
    return Edition(info, snapshots.read(stored), files)


def verify(session: Session, county: CountyInfo, month: Month | None = None) -> list[Verdict]:
    """Compute the hashes of all editions again, of a month or of all."""
    return [_verdict(session, county, info) for info in queries.editions(session, county.code, month=month)]


def _verdict(session: Session, county: CountyInfo, info: EditionInfo) -> Verdict:
    stored = queries.snapshot(session, county.code, info.month, info.edition) or {}
    wrong = [] if snapshots.fingerprint(stored) == info.sha256 else ["snapshot"]
    files = queries.files(session, county.code, info.month, info.edition)
    said = queries.file_hashes(session, county.code, info.month, info.edition)
    published = {one["name"]: one["sha256"] for one in stored.get("files", ())}
    are = {name: sha256(content).hexdigest() for name, content in files.items()}
    wrong += [name for name in sorted({*are, *published}) if not are.get(name) == said.get(name) == published.get(name)]
    return Verdict(info, tuple(wrong))


def _corrected(session: Session, county: CountyInfo, month: Month, bulletin: Bulletin, reason: str) -> Bulletin:
    """With what differs from the edition before."""
    before = edition(session, county, month, bulletin.edition - 1).bulletin
    found = differences(before, bulletin)
    if not found:
        raise BulletinUnchanged(month=month, edition=before.edition)
    return replace(bulletin, reason=reason.strip()[:MAX_TEXT_CHARS], differences=found)


def _hashes(files: Mapping[str, bytes]) -> tuple[StoredFile, ...]:
    """What the snapshot says of its files, so that its hash is of them too."""
    return tuple(StoredFile(name, sha256(content).hexdigest()) for name, content in sorted(files.items()))


def _store(
    session: Session, county: CountyInfo, month: Month, bulletin: Bulletin, actor: str, files: Mapping[str, bytes]
) -> None:
    snapshot = snapshots.plain(bulletin)
    info: dict[str, Any] = {
        "county_code": county.code,
        "month": month.first_day,
        "edition": bulletin.edition,
        "actor": actor,
        "reason": bulletin.reason,
        "snapshot": snapshot,
        "sha256": snapshots.fingerprint(snapshot),
    }
    queries.add(session, info, {name: (content, sha256(content).hexdigest()) for name, content in files.items()})
