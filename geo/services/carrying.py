"""Assignments, settings, organisations and scopes of areas that are no more go to the areas that have their ground.

What has one clear successor is carried over; a split, a conflict or an area without a successor is left to a person and
listed. Every step is written down, so that a rollback takes back exactly what was done.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from geo.space.lineage import Link
from geo.storage.queries import accounts
from geo.storage.queries import carrying as queries
from geo.storage.queries.carrying import Held, Setting
from geo.storage.queries.lineage import Carried


@dataclass(slots=True)
class _Heirs:
    """Who has the ground of the codes that were given up, and which parts of a split are new."""

    gone: dict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))

    def single(self, code: str) -> Link | None:
        """The one successor of a code that was given up."""
        links = self.gone[code]
        return links[0] if len(links) == 1 and links[0].relation in ("renumbered", "merged") else None


def carry(session: Session, county: str, links: Sequence[Link], day: date) -> list[Carried]:
    """Carry over what stands at codes that a version no longer has.

    :param links: the lineage of the version that takes force on ``day``
    :return: what was done and what is left to decide
    """
    heirs = _heirs(links)
    codes = sorted({*heirs.gone, *heirs.parts})
    if not codes:
        return []
    return [
        *_assignments(session, county, heirs, codes, day),
        *_settings(session, county, heirs, codes),
        *_organisations(session, county, heirs, codes),
        *_accounts(session, county, heirs, codes),
    ]


def take_back(session: Session, county: str, rows: Sequence[Carried]) -> None:
    """The reverse of `carry`, the last step first."""
    for row in reversed(rows):
        if row.outcome != "carried":
            # An assignment that was only ended gets its old end back.
            if row.kind == "assignment" and row.old_id is not None:
                queries.end_assignment(session, county, row.old_id, row.until)
        elif row.kind == "assignment" and row.old_id is not None:
            if row.new_id == row.old_id:
                queries.move_assignment(session, county, row.old_id, row.old_code)
                continue
            if row.new_id is not None:
                queries.drop_assignment(session, county, row.new_id)
            queries.end_assignment(session, county, row.old_id, row.until)
        elif row.kind == "setting" and row.new_code is not None:
            queries.drop_setting(session, county, row.new_code)
        elif row.kind == "organisation" and row.subject is not None:
            queries.place_organisation(session, county, row.subject, row.old_code)
        elif row.kind == "account" and row.subject is not None:
            accounts.place(session, county, row.subject, row.old_code)


def _heirs(links: Sequence[Link]) -> _Heirs:
    heirs, new_codes = _Heirs(), {link.new_code for link in links}
    old_codes = {link.old_code for link in links}
    for link in links:
        if link.old_code is None:
            continue
        if link.old_code not in new_codes:
            heirs.gone[link.old_code].append(link)
        elif link.relation == "split" and link.new_code not in old_codes:
            heirs.parts[link.old_code].append(link)
    return heirs


def _assignments(session: Session, county: str, heirs: _Heirs, codes: Sequence[str], day: date) -> list[Carried]:
    done: list[Carried] = []
    held = queries.assignments(session, county, codes, day)
    targets = {link.new_code for code in heirs.gone if (link := heirs.single(code)) and link.new_code}
    there = queries.assignments(session, county, sorted(targets), day)
    contested = _contested(heirs, held, there)
    for one in held:
        if one.area in heirs.parts:
            # The part that keeps the code keeps the people; who takes the others is for a person to say.
            done += [_left(one, "split", link.new_code, keeps=True) for link in heirs.parts[one.area]]
            continue
        link = heirs.single(one.area)
        if link is None or link.new_code is None:
            reason = "gone" if heirs.gone[one.area][0].relation == "gone" else "split"
            done += [_end(session, county, one, reason, link.new_code, day) for link in heirs.gone[one.area]]
        elif one.id in contested:
            done.append(_end(session, county, one, "conflict", link.new_code, day))
        else:
            done.append(_hand_on(session, county, one, link, there, day))
    return done


def _contested(heirs: _Heirs, held: Sequence[Held], there: Sequence[Held]) -> set[int]:
    """Heads who cannot all be head of the one area that theirs become."""
    heads: dict[str, list[Held]] = defaultdict(list)
    for one in there:
        if one.role == "grid_head":
            heads[one.area].append(one)
    for one in held:
        link = heirs.single(one.area) if one.area in heirs.gone else None
        if one.role == "grid_head" and link is not None and link.new_code is not None:
            heads[link.new_code].append(one)
    return {
        one.id
        for several in heads.values()
        for one in several
        if any(one.overlaps(other) and one.staff_no != other.staff_no for other in several if other.id != one.id)
    }


def _hand_on(session: Session, county: str, one: Held, link: Link, there: list[Held], day: date) -> Carried:
    """End it under the old code and begin it under the new one; what begins later is only written to the new code."""
    target = str(link.new_code)
    same = [other for other in there if other.area == target and other.says_the_same(one)]
    if same:
        # The person holds the role there already: two areas of hers became one.
        queries.end_assignment(session, county, one.id, day) if one.from_day < day else None
        new_id = None
    elif one.from_day >= day:
        queries.move_assignment(session, county, one.id, target)
        new_id = one.id
    else:
        queries.end_assignment(session, county, one.id, day)
        new_id = queries.add_assignment(session, county, one, target, day)
        there.append(one.moved(target, day, new_id))
    return Carried(
        "assignment",
        "carried",
        link.relation,
        one.area,
        target,
        subject=one.staff_no,
        role=one.role,
        old_id=one.id,
        new_id=new_id,
        until=one.to_day,
    )


def _end(session: Session, county: str, one: Held, reason: str, heir: str | None, day: date) -> Carried:
    if one.from_day < day:
        queries.end_assignment(session, county, one.id, day)
    return _left(one, reason, heir)


def _left(one: Held, reason: str, heir: str | None, *, keeps: bool = False) -> Carried:
    return Carried(
        "assignment",
        "decide",
        reason,
        one.area,
        heir,
        subject=one.staff_no,
        role=one.role,
        old_id=None if keeps else one.id,
        until=None if keeps else one.to_day,
    )


def _settings(session: Session, county: str, heirs: _Heirs, codes: Sequence[str]) -> list[Carried]:
    done: list[Carried] = []
    settings: Mapping[str, Setting] = queries.settings(session, county, codes)
    merging: dict[str, list[Link]] = defaultdict(list)
    for code in heirs.gone:
        link = heirs.single(code)
        if link is not None and link.new_code is not None:
            merging[link.new_code].append(link)
        elif code in settings:
            reason = "gone" if heirs.gone[code][0].relation == "gone" else "split"
            done += [Carried("setting", "decide", reason, code, one.new_code) for one in heirs.gone[code]]
    for code, parts in heirs.parts.items():
        if code in settings:
            done += [Carried("setting", "decide", "split", code, one.new_code) for one in parts]
    known = queries.settings(session, county, sorted(merging))
    for target, links in merging.items():
        said = {settings.get(str(link.old_code)) for link in links} | ({known[target]} if target in known else set())
        if said == {None}:
            continue
        if len(said) > 1:
            done += [
                Carried("setting", "decide", "conflict", str(link.old_code), target)
                for link in links
                if link.old_code in settings
            ]
        elif target not in known:
            queries.add_setting(session, county, target, settings[str(links[0].old_code)])
            done.append(Carried("setting", "carried", links[0].relation, str(links[0].old_code), target))
    return done


def _accounts(session: Session, county: str, heirs: _Heirs, codes: Sequence[str]) -> list[Carried]:
    """Scopes follow what keeps its ground; what was merged or split would show more or less than was granted."""
    done: list[Carried] = []
    for name, area in accounts.by_scope(session, county, codes):
        if area in heirs.parts:
            continue
        link = heirs.single(area)
        if link is not None and link.new_code is not None and link.relation == "renumbered":
            accounts.place(session, county, name, link.new_code)
            done.append(Carried("account", "carried", link.relation, area, link.new_code, subject=name))
        else:
            relations = {one.relation for one in heirs.gone[area]}
            reason = next((one for one in ("gone", "merged") if one in relations), "split")
            done += [Carried("account", "decide", reason, area, one.new_code, subject=name) for one in heirs.gone[area]]
    return done


def _organisations(session: Session, county: str, heirs: _Heirs, codes: Sequence[str]) -> list[Carried]:
    done: list[Carried] = []
    for organisation, area in queries.organisations(session, county, codes):
        if area in heirs.parts:
            continue
        link = heirs.single(area)
        if link is not None and link.new_code is not None:
            queries.place_organisation(session, county, organisation, link.new_code)
            done.append(Carried("organisation", "carried", link.relation, area, link.new_code, subject=organisation))
        else:
            reason = "gone" if heirs.gone[area][0].relation == "gone" else "split"
            done += [
                Carried("organisation", "decide", reason, area, one.new_code, subject=organisation)
                for one in heirs.gone[area]
            ]
    return done
