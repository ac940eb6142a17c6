"""One boundary version as a page, and what puts it into force or takes it back."""

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse, Response

from api.dependencies import MAX_NUMBER, MAY_CHECK, VersionPath
from api.errors import status_of
from api.work_pages import words
from api.work_pages.boundaries import MAY_MANAGE, PATH, STAGED, subject
from api.work_pages.desk import Desk, DeskDep
from geo.errors import InvalidChoice, Lang, OverlapsRefused, WanggeError
from geo.limits import MAX_OVERLAP_M2
from geo.services import boundaries as service
from geo.services import boundary_checks
from geo.services.boundaries import Activation
from geo.services.coverage import today
from geo.storage import reach
from geo.storage.database import without_time_limit
from geo.storage.queries import accounts, boundaries, lineage
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.lineage import Carried
from maps import check_labels, labels

router = APIRouter(include_in_schema=False)

_SHOWN: Final = 40
_ACTIVATED: Final = "boundaries activated"
_PUT_BACK: Final = "boundaries put back"
Count = Annotated[int | None, Query(ge=0, le=10**12, description="what an activation has just counted")]
Done = Literal["staged", "activated", "put_back"]
Number = Annotated[int, Form(ge=0, le=MAX_NUMBER)]
Day = Annotated[date | Literal[""], Form()]


@router.get(PATH + "/{version}", dependencies=[MAY_CHECK])
def version_page(
    desk: DeskDep,
    version: VersionPath,
    *,
    done: Annotated[Done | None, Query(description="what was just done")] = None,
    visits: Count = None,
    retagged: Count = None,
) -> Response:
    """What a version holds, what was found in it and what it changes."""
    say = desk.words("boundary_work")
    said = say[f"done_{done}"].format(n=version) if done else ""
    if visits is not None and retagged is not None:
        said += " " + say["retagged"].format(n=labels.number(retagged), all=labels.number(visits))
    return _page(desk, version, said=said)


@router.post(PATH + "/{version}/activate", dependencies=[MAY_MANAGE])
def activate(
    desk: DeskDep,
    version: VersionPath,
    *,
    seen: Number,
    from_day: Day = "",
    accept_overlaps: Annotated[bool, Form()] = False,
    confirm: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """First what it would do, counted by doing it and taking it back; done once its number is typed.

    ``seen`` is the active version that the page showed: another one since then is another activation.
    """
    begins = from_day or today(desk.county)

    def act() -> Activation:
        _is_as_seen(desk, seen)
        return service.activate(
            desk.session, desk.county.code, version, from_day=begins, accept_overlaps=accept_overlaps
        )

    typed = {"from_day": str(begins), "accept_overlaps": "true" if accept_overlaps else "", "seen": str(seen)}
    return _tried(desk, version, act, typed, confirm, "activated")


@router.post(PATH + "/{version}/rollback", dependencies=[MAY_MANAGE])
def roll_back(
    desk: DeskDep,
    version: VersionPath,
    *,
    confirm: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """The same for the way back from the active version to the one that it replaced."""

    def act() -> Activation:
        _is_as_seen(desk, version)
        return service.rollback(desk.session, desk.county.code)

    return _tried(desk, version, act, {}, confirm, "put_back")


def _is_as_seen(desk: Desk, seen: int) -> None:
    active = boundaries.find_active(desk.session, desk.county.code)
    number = active.version if active else 0
    if number != seen:
        raise InvalidChoice(field="version", value=seen, choices=str(number))


def _tried(
    desk: Desk,
    version: int,
    act: Callable[[], Activation],
    typed: dict[str, str],
    confirm: str,
    what: Done,
) -> Response:
    """Do it if its number was typed, else show what it would do."""
    sure, session = confirm.strip() == str(version), desk.session
    without_time_limit(session)
    try:
        with reach.unlimited(session), session.begin_nested() as attempt:
            done = act()
            changes = _changes(lineage.counts(session, desk.county.code, done.version.version), desk.lang)
            if not sure:
                attempt.rollback()
    except OverlapsRefused as error:
        return _page(desk, version, said=error.text(desk.lang), refused=error, typed=typed)
    except WanggeError as error:
        said, status = error.text(desk.lang), status_of(error)
        return _page(desk, version, said=said, bad=True, status=status, typed=typed)
    if not sure:
        return _confirm(desk, version, done, typed, what, changes, mistyped=bool(confirm.strip()))
    accounts.note(session, desk.access.name, _ACTIVATED if what == "activated" else _PUT_BACK, subject(done.version))
    where = f"{PATH}/{done.version.version}"
    query = {"done": what, "visits": done.visits, "retagged": done.retagged}
    return RedirectResponse(desk.link(where, **query), HTTPStatus.SEE_OTHER)


def _confirm(
    desk: Desk,
    version: int,
    done: Activation,
    typed: dict[str, str],
    what: Done,
    changes: str,
    *,
    mistyped: bool,
) -> Response:
    """What it would do, and where to type its number."""
    say = desk.words("boundary_work")
    left = [one for one in done.carried if one.outcome == "decide"]
    facts = [
        (say["in_force_then"], say["nth"].format(n=done.version.version)),
        (say["from"], str(done.version.in_force_from or "")),
    ]
    if done.retired:
        facts.append((say["replaced"], say["nth"].format(n=done.retired.version)))
    if what == "activated":
        facts.append((say["changes"], changes or say["no_change"]))
        facts.append((say["carried"], say["carried_n"].format(n=len(done.carried) - len(left), left=len(left))))
    facts.append(
        (say["visits"], say["retagged"].format(n=labels.number(done.retagged), all=labels.number(done.visits)))
    )
    return desk.page(
        "boundary_confirm.html.j2",
        title=say[f"confirm_{what}"].format(n=version),
        current="boundaries",
        said=say["mistyped"] if mistyped else "",
        bad=True,
        say=say,
        facts=facts,
        left=[_carried(one, desk.lang) for one in left[:_SHOWN]],
        more=max(0, len(left) - _SHOWN),
        version=version,
        what=what,
        typed=typed,
        back=desk.link(f"{PATH}/{version}"),
        action=desk.link(desk.request.url.path),
    )


def _page(
    desk: Desk,
    version: int,
    *,
    said: str = "",
    bad: bool = False,
    refused: OverlapsRefused | None = None,
    typed: dict[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    say, info = desk.words("boundary_work"), boundaries.get(desk.session, desk.county.code, version)
    report = boundary_checks.of_version(desk.session, info)
    active = boundaries.find_active(desk.session, desk.county.code)
    changed = [one for one in report.changes if one.relation != "same"]
    carried = lineage.carried(desk.session, desk.county.code, version)
    largest = sorted(report.findings, key=lambda one: -one.area_m2)[:_SHOWN]
    relation = {key: word.text(desk.lang) for key, word in check_labels.RELATION_WORDS.items()}
    finding = {key: word.text(desk.lang) for key, word in check_labels.FINDING_WORDS.items()}
    return desk.page(
        "boundary_version.html.j2",
        title=say["nth"].format(n=version),
        current="boundaries",
        status=HTTPStatus.CONFLICT if refused else status,
        said=said,
        bad=bad or refused is not None,
        say=say,
        info=info,
        history=_history(desk, info),
        facts=[(name, value) for name, value in check_labels.facts(report, desk.lang) if value],
        findings=[(finding[kind], report.count(kind)) for kind in finding if report.count(kind)],
        largest=[
            (
                finding[one.kind],
                check_labels.names_of(report, one.codes, desk.lang),
                check_labels.square_metres(one.area_m2, desk.lang),
            )
            for one in largest
        ],
        problems=[check_labels.problem_text(one, desk.lang) for one in report.problems],
        counts=_changes(lineage.counts(desk.session, desk.county.code, version), desk.lang),
        changed=[(relation[one.relation], check_labels.change_text(one)) for one in changed[:_SHOWN]],
        more_changes=max(0, len(changed) - _SHOWN),
        carried=[_carried(one, desk.lang) for one in carried[:_SHOWN]],
        more_carried=max(0, len(carried) - _SHOWN),
        map=desk.link("/maps/check", version=version),
        report=desk.link(f"/boundary-versions/{version}/report"),
        all_changes=desk.link(f"/boundary-versions/{version}/changes"),
        may_manage=desk.access.may("manage"),
        activate=desk.link(f"{PATH}/{version}/activate"),
        rollback=desk.link(f"{PATH}/{version}/rollback"),
        active=active.version if active else 0,
        can_go_back=info.status == "active" and info.replaced is not None,
        overlaps=info.largest_overlap_m2 > MAX_OVERLAP_M2,
        overlap=check_labels.square_metres(info.largest_overlap_m2, desk.lang),
        limit=check_labels.square_metres(MAX_OVERLAP_M2, desk.lang),
        typed={"from_day": str(today(desk.county)), "accept_overlaps": "", **(typed or {})},
    )


def _history(desk: Desk, info: VersionInfo) -> list[tuple[str, str]]:
    """Who did what to a version, and when."""
    say, name = desk.words("boundary_work"), subject(info)
    when = {
        STAGED: words.moment(info.loaded_at, desk.county.zone),
        _ACTIVATED: words.moment(info.activated_at, desk.county.zone),
    }
    told = [(say["loaded"], f"{when[STAGED]} {accounts.who_did(desk.session, STAGED, [name]).get(name, '')}".strip())]
    if info.activated_at:
        who = accounts.who_did(desk.session, _ACTIVATED, [name]).get(name, "")
        told.append((say["activated"], f"{when[_ACTIVATED]} {who}".strip()))
    if info.in_force_from:
        told.append((say["in_force"], f"{info.in_force_from} – {info.in_force_until or ''}".strip()))
    if info.overlaps_accepted_at:
        told.append((say["accepted"], words.moment(info.overlaps_accepted_at, desk.county.zone)))
    return told


def _changes(counts: Any, lang: Lang) -> str:
    found = [(check_labels.RELATION_WORDS[one].text(lang), count) for one, count in counts.items() if one != "same"]
    return " · ".join(f"{word} {labels.number(count)}" for word, count in found)


def _carried(row: Carried, lang: Lang) -> tuple[str, str, str]:
    """Outcome, what and where it went."""
    word = {key: value.text(lang) for key, value in check_labels.CARRIED_WORDS.items()}
    reason = word.get(row.reason) or check_labels.RELATION_WORDS[row.reason].text(lang)
    who = " ".join(part for part in (row.subject, row.role and labels.role_name(row.role, lang)) if part)
    return word[row.outcome], f"{word[row.kind]} {who}".strip(), f"{row.old_code} → {row.new_code or '—'} ({reason})"
