"""The files of a bulletin: its maps, drawn once, and the Word file, workbook and archive that are made of it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, get_args

from sqlalchemy.orm import Session

from api import bulletin_workbook
from api.issue_pages import issue_picture
from api.pictures import coverage_picture
from geo.analysis.bulletins import Bulletin
from geo.errors import FileUnreadable, Lang
from geo.months import Month
from geo.services import bulletins, coverage, hotspots
from geo.services.bulletins import TEMPLATE
from geo.storage.queries.counties import CountyInfo
from maps import bulletin_docx
from maps import bulletin_words as words
from maps.packed import packed

Form = Literal["docx", "xlsx", "zip"]
MEDIA_TYPES: Final[Mapping[Form, str]] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
LANGS: Final[tuple[Lang, ...]] = get_args(Lang)
Told = Callable[[str], object]

_UNSAFE: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_MAX_NAME_CHARS: Final = 100


def draw_maps(
    session: Session,
    county: CountyInfo,
    bulletin: Bulletin,
    *,
    langs: tuple[Lang, ...] = LANGS,
    towns: bool = False,
    told: Told = lambda _: None,
) -> dict[str, bytes]:
    """Maps of a bulletin as it is drafted, named ``NAME.LANG.png``.

    :param towns: one of every town, too
    :param told: is called with the name of each before it is drawn
    """
    month, found = Month.parse(bulletin.month), {}
    report = coverage.report(session, county, month, level=bulletin.level)
    scanned = hotspots.report(session, county, month.first_day, month.last_day, level=bulletin.level)
    for lang in langs:
        told(f"coverage.{lang}.png")
        found[f"coverage.{lang}.png"] = coverage_picture(session, report, lang=lang)
        told(f"issues.{lang}.png")
        found[f"issues.{lang}.png"] = issue_picture(session, county, scanned, lang=lang)
        for town in bulletin.towns if towns else ():
            if town.code:
                told(f"coverage-{town.code}.{lang}.png")
                of_town = coverage.report(session, county, month, level=bulletin.level, area=town.code)
                found[f"coverage-{town.code}.{lang}.png"] = coverage_picture(session, of_town, lang=lang)
    return found


def render(
    bulletin: Bulletin, files: Mapping[str, bytes], form: Form, lang: Lang, template: Path | None = None
) -> bytes:
    """One of the files; the same bytes for the same bulletin, files and template.

    :param files: those of the edition: maps by ``NAME.LANG.png``, and its template
    :param template: to use instead of the edition's own, or of the default one
    :raises TemplateBroken: it cannot be filled
    """
    if form == "xlsx":
        return bulletin_workbook.render(bulletin, lang)
    maps = {name.removesuffix(f".{lang}.png"): content for name, content in files.items() if _is_map(name, lang)}
    if form == "zip":
        return packed((f"{_map_name(bulletin, name, lang)}.png", content) for name, content in sorted(maps.items()))
    content = read_template(template) if template else files.get(TEMPLATE)
    return bulletin_docx.render(bulletin, maps, lang, content, str(template.name if template else ""))


def read_template(path: Path) -> bytes:
    """A county's own template; raises `FileUnreadable`."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
        raise FileUnreadable(file=str(path), reason=reason, reason_zh=f"无法读取（{error.strerror}）") from error


def name(bulletin: Bulletin, form: Form, lang: Lang) -> str:
    """Of a file, for people: 通报-990101-2026-10-第1版.docx."""
    state = words.word("edition", lang, n=bulletin.edition) if bulletin.edition else words.word("draft", lang)
    stem = words.word("file", lang, county=bulletin.county, month=bulletin.month, state=state.replace(" ", ""))
    return f"{safe_file_name(stem)}.{form}"


def plain_name(bulletin: Bulletin, form: Form) -> str:
    """The same in letters that every system has."""
    state = f"edition-{bulletin.edition}" if bulletin.edition else "draft"
    return safe_file_name(f"bulletin-{bulletin.county}-{bulletin.month}-{state}") + f".{form}"


def frozen_with(
    session: Session,
    county: CountyInfo,
    month: Month,
    *,
    template: Path | None,
    towns: bool = False,
    told: Told = lambda _: None,
) -> tuple[Bulletin, dict[str, bytes]]:
    """What is to be published: the draft, and the files that are kept with it.

    The documents are made once, so that a template that cannot be filled is found before anything is stored.
    """
    made = bulletins.draft(session, county, month)
    files = draw_maps(session, county, made, towns=towns, told=told)
    if template is not None:
        files[TEMPLATE] = read_template(template)
        bulletin_docx.render(made, {}, LANGS[0], files[TEMPLATE], template.name)
    return made, files


def safe_file_name(text: str) -> str:
    """A name that every system takes, and that leads nowhere else.

    >>> safe_file_name("../通报: 第 1 版")
    '_通报_ 第 1 版'
    """
    return _UNSAFE.sub("_", text).strip(". ")[:_MAX_NAME_CHARS].lstrip(". ") or "bulletin"


def _is_map(file: str, lang: Lang) -> bool:
    return file.endswith(f".{lang}.png")


def _map_name(bulletin: Bulletin, name_: str, lang: Lang) -> str:
    _, _, code = name_.partition("-")
    town = next((one for one in bulletin.towns if one.code == code), None)
    told = words.word("map_town", lang, name=town.name) if town else words.word(f"map_{name_}", lang)
    return safe_file_name(f"{bulletin.month} {told}{f' {code}' if town else ''}")
