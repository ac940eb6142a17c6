"""``wangge bulletin``: draft, publish and check monthly bulletins, and write the template that a county may edit."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, get_args

import click
from sqlalchemy.orm import Session

from api import bulletin_files
from api.bulletin_files import Form
from api.commands.database import transaction
from api.commands.options import MonthType, county_option, lang_option, step
from geo.analysis.bulletins import Bulletin
from geo.errors import FileUnreadable, Lang, UnknownBulletin
from geo.months import Month
from geo.services import bulletins as service
from geo.settings import Settings
from geo.storage.queries import counties
from geo.storage.queries.counties import CountyInfo
from maps import bulletin_template

FORMS: Final[tuple[Form, ...]] = get_args(Form)
_ACTOR: Final = "command line"


class _Group(click.Group):
    """``wangge bulletin 2026-10`` is short for ``wangge bulletin make 2026-10``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As its parent does."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Group,
    epilog="Examples: wangge bulletin 2026-10 -o out; wangge bulletin 2026-10 -o out --publish; "
    "wangge bulletin template -o county.docx; wangge bulletin verify",
)
def group() -> None:
    """The monthly bulletin: a Word file, a workbook and maps. `wangge bulletin 2026-10` is `make 2026-10`."""


@group.command(epilog="Examples: wangge bulletin make 2026-10 -o out; wangge bulletin make 2026-10 -o out --edition 1")
@click.argument("month", type=MonthType(), metavar="YYYY-MM")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to write the three files into; made if it is not there.",
)
@click.option("--publish", "publishes", is_flag=True, help="Publish it; what is published stays as it is.")
@click.option("--reason", help="Why there is another edition; needed for every one after the first.")
@click.option("--edition", type=click.IntRange(1), help="This published edition; the last one if not given.")
@click.option("--draft", "drafts", is_flag=True, help="A draft from what is known now, though one is published.")
@click.option(
    "--template",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The county's own Word template; else WANGGE_BULLETIN_TEMPLATE, or the default one.",
)
@click.option("--town-maps", is_flag=True, help="A map of every town, too; takes some seconds for each.")
@county_option
@lang_option
@click.pass_obj
def make(
    settings: Settings,
    /,
    month: Month,
    output: Path,
    county: str | None,
    lang: Lang | None,
    template: Path | None,
    **asked: Any,
) -> None:
    """Write the bulletin of a month: the published edition if there is one, else a draft."""
    if asked["publishes"] and (asked["edition"] or asked["drafts"]):
        raise click.UsageError("--publish makes a new edition; leave --edition and --draft out")
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        own = template or settings.bulletin_template
        if asked["publishes"]:
            bulletin, files = _publish(session, info, month, own, asked["reason"], towns=asked["town_maps"])
        else:
            bulletin, files = _read(session, info, month, asked, lang or settings.lang)
        shown = template if bulletin.edition else own
        write_all(_documents(bulletin, files, lang or settings.lang, shown), output)


@group.command(name="template", epilog="Example: wangge bulletin template -o county.docx")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@lang_option
@click.pass_obj
def template_(settings: Settings, output: Path, lang: Lang | None) -> None:
    """Write the default template, to be edited with Word and used by --template or WANGGE_BULLETIN_TEMPLATE."""
    write_all({output.name: bulletin_template.default(lang or settings.lang)}, output.parent)


@group.command(epilog="Example: wangge bulletin verify --month 2026-10")
@click.option("--month", type=MonthType(), help="Only this month, as 2026-10.")
@county_option
@click.pass_obj
def verify(settings: Settings, month: Month | None, county: str | None) -> None:
    """Compute the hashes of published bulletins again; exit code 1 where one is not what was published."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        verdicts = service.verify(session, info, month)
    for one in verdicts:
        said = f"CHANGED: {', '.join(one.wrong)}" if one.wrong else "as published"
        click.echo(f"{one.info.month} edition {one.info.edition}  {one.info.sha256}  {said}")
    if not verdicts:
        click.echo("no bulletin is published", err=True)
    if any(one.wrong for one in verdicts):
        raise click.exceptions.Exit(1)


def _publish(
    session: Session, county: CountyInfo, month: Month, template: Path | None, reason: str | None, *, towns: bool
) -> tuple[Bulletin, Mapping[str, bytes]]:
    service.check(session, county, month, reason=reason)
    with step(f"bulletin of {month}"):
        made, files = bulletin_files.frozen_with(
            session,
            county,
            month,
            template=template,
            towns=towns,
            told=lambda name: click.echo(f"{name} ", nl=False, err=True),
        )
    found = service.publish(session, county, month, _ACTOR, reason=reason, made=made, files=files)
    click.echo(f"edition {found.info.edition} of {month} is published, sha256 {found.info.sha256}", err=True)
    return found.bulletin, found.files


def _read(
    session: Session, county: CountyInfo, month: Month, asked: Mapping[str, Any], lang: Lang
) -> tuple[Bulletin, Mapping[str, bytes]]:
    """The edition that is asked for, or the last one; a draft where there is none."""
    if not asked["drafts"]:
        try:
            found = service.edition(session, county, month, asked["edition"])
        except UnknownBulletin:
            if asked["edition"]:
                raise
        else:
            return found.bulletin, found.files
    with step(f"draft of {month}"):
        bulletin = service.draft(session, county, month)
        maps = bulletin_files.draw_maps(
            session,
            county,
            bulletin,
            langs=(lang,),
            towns=asked["town_maps"],
            told=lambda name: click.echo(f"{name} ", nl=False, err=True),
        )
    return bulletin, maps


def _documents(bulletin: Bulletin, files: Mapping[str, bytes], lang: Lang, template: Path | None) -> dict[str, bytes]:
    with step("files"):
        return {
            bulletin_files.name(bulletin, form, lang): bulletin_files.render(bulletin, files, form, lang, template)
            for form in FORMS
        }


def write_all(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files, each whole or not at all; raises `FileUnreadable`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            _write(folder / name, content)
    except OSError as error:
        reason = f"cannot be written ({error.strerror})"
        raise FileUnreadable(file=str(folder), reason=reason, reason_zh=f"无法写入（{error.strerror}）") from error
    for name, content in files.items():
        click.echo(f"{folder / name} ({len(content):,} bytes)", err=True)


def _write(path: Path, content: bytes) -> None:
    """Beside its place first, so that nothing half written ever has the name."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(beside).unlink()
        raise
