"""``wangge organisations|cadres|assignments|places|rules|settings|limits|routes import``."""

from pathlib import Path

import click

from api import sheet_templates
from api.commands import assignments as assignment_commands
from api.commands import places as place_commands
from api.commands.database import transaction
from api.commands.options import county_option, lang_option, write
from geo.errors import Lang
from geo.intake import sheets
from geo.services import sheet_changes
from geo.services import sheets as service
from geo.services.sheet_changes import SheetChanges
from geo.settings import Settings
from geo.storage.queries import counties
from geo.storage.queries.assignments import act_as

_SHOWN = 20


def sheet_group(kind: str, what: str) -> click.Group:
    """The group of one kind of sheet with its ``import``."""
    fields = service.SHEETS[kind].row.model_fields
    columns = frozenset(field.alias or name for name, field in fields.items())

    @click.group(name=kind, help=f"{what}.")
    def group() -> None: ...

    @group.command(
        name="import",
        help=f"Add or correct {kind} from a csv or xlsx sheet, whole or not at all. "
        f"Columns: {', '.join(sorted(columns))}.",
        epilog=f"Examples: wangge {kind} import --template {kind}.xlsx; wangge {kind} import {kind}.xlsx --dry-run",
    )
    @click.argument("file", type=click.Path(path_type=Path), required=False)
    @click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
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
        template: Path | None,
        county: str | None,
        lang: Lang | None,
        *,
        dry_run: bool,
    ) -> None:
        if (file is None) == (template is None):
            raise click.UsageError("name either a FILE to import or a --template to write")
        if template is not None:
            write(sheet_templates.render(kind, template.name, lang or settings.lang), template)
            return
        assert file is not None  # noqa: S101 - one of both
        with transaction(settings) as session:
            info = counties.resolve(session, county or settings.county)
            given = sheets.rows(file, columns=columns)
            if dry_run:
                _show(sheet_changes.compare(session, info, kind, given, file.name), file.name)
                return
            act_as(session, f"import {file.name}")
            count = service.take(session, info, kind, given, file.name)
        click.echo(f"{file.name}: {count} {kind} taken")

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
    click.echo(f"{name}: {found.added} new, {changed} changed, {found.same} the same; dry run: nothing was written")


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
