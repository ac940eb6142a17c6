"""``wangge organisations|cadres|assignments|places|rules|settings|limits|routes import``."""

from pathlib import Path

import click

from api import sheet_templates
from api.commands import assignments as assignment_commands
from api.commands import places as place_commands
from api.commands.batches import tell_refused
from api.commands.database import transaction
from api.commands.options import county_option, lang_option, write
from geo.errors import Lang
from geo.intake import batches, returned
from geo.services import sheet_changes
from geo.services import sheets as service
from geo.services.sheet_changes import SheetChanges
from geo.services.sheet_kinds import SHEETS
from geo.settings import Settings
from geo.storage.queries import counties
from geo.storage.queries.assignments import act_as

_SHOWN = 20


def sheet_group(kind: str, what: str) -> click.Group:
    """The group of one kind of sheet with its ``import``."""
    row = SHEETS[kind].row
    columns = (field.alias or name for name, field in row.model_fields.items())

    @click.group(name=kind, help=f"{what}.")
    def group() -> None: ...

    @group.command(
        name="import",
        help=f"Add or correct {kind} from a csv or xlsx sheet, in one transaction. Rows that are refused can be "
        f"written to a sheet, mended and sent again; the others are taken. Columns: {', '.join(sorted(columns))}.",
        epilog=f"Examples: wangge {kind} import --template {kind}.xlsx; wangge {kind} import {kind}.xlsx --dry-run; "
        f"wangge {kind} import {kind}.xlsx --rejected rejected.xlsx",
    )
    @click.argument("file", type=click.Path(path_type=Path), required=False)
    @click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
    @click.option(
        "--rejected",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write refused rows here (.xlsx or .csv), with why.",
    )
    @click.option(
        "--template",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write an empty sheet (.xlsx or .csv) to fill in, instead.",
    )
    @county_option
    @lang_option
    @click.pass_obj
    def import_(
        settings: Settings,
        file: Path | None,
        rejected: Path | None,
        template: Path | None,
        county: str | None,
        lang: Lang | None,
        *,
        dry_run: bool,
    ) -> None:
        if (file is None) == (template is None):
            raise click.UsageError("name either a FILE to import or a --template to write")
        words = lang or settings.lang
        if template is not None:
            write(sheet_templates.render(kind, template.name, words), template)
            return
        assert file is not None  # noqa: S101 - one of both
        with transaction(settings) as session:
            info = counties.resolve(session, county or settings.county)
            given = list(batches.sheet(file, kind, row))
            if dry_run:
                found = sheet_changes.compare(session, info, kind, given, file.name)
                refused = found.refused
            else:
                act_as(session, f"import {file.name}")
                taken = service.take(session, info, kind, given, file.name)
                refused = taken.refused
            if rejected is not None:
                # Before the commit, as for visits.
                form = rejected.suffix.lower().removeprefix(".")
                write(returned.of_sheet(given, refused, batches.sheet_titles(file, row), form, words), rejected)
        if dry_run:
            _show(found, file.name)
        else:
            told = ""
            if refused:
                stands = "what was taken is stored" if taken.count else "nothing was stored"
                told = f", {len(refused)} rejected; {stands}"
            click.echo(f"{file.name}: {taken.count} {kind} taken{told}")
        tell_refused(refused, words)

    return group


def _show(found: SheetChanges, name: str) -> None:
    """The first differences, and how many there are."""
    for one in found.changes[:_SHOWN]:
        if one.is_new:
            told = ", ".join(f"{field} {new}" for field, (_, new) in one.fields.items() if new is not None)
            click.echo(f"row {one.row}, new: {told}")
        else:
            told = ", ".join(f"{field} {old} → {new}" for field, (old, new) in one.fields.items())
            click.echo(f"row {one.row}, {one.key}: {told}")
    if len(found.changes) > _SHOWN:
        click.echo(f"and {len(found.changes) - _SHOWN} more")
    changed = len(found.changes) - found.added
    told = f", {len(found.refused)} rejected" if found.refused else ""
    click.echo(
        f"{name}: {found.added} new, {changed} changed, {found.same} the same{told}; dry run: nothing was written"
    )


limits = sheet_group("limits", "Days that the county gives itself for the issues of a category")
routes = sheet_group("routes", "Who handles the issues of a category, by area")
organisations = sheet_group("organisations", "Towns' offices and departments")
cadres = sheet_group("cadres", "People who visit")
assignments = sheet_group("assignments", "Who holds which role for which area, and when")
assignment_commands.add_to(assignments)
places = sheet_group("places", "Households, enterprises, projects and scenic spots")
places.add_command(place_commands.coverage)
rules = sheet_group("rules", "How often areas are to be visited, by level and tier")
settings = sheet_group("settings", "Tier and exclusion of areas")
