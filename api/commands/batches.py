"""``wangge visits import`` and ``wangge issues import``: long files with a progress bar, each in one transaction."""

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from api import sheet_templates
from api.commands.database import transaction
from api.commands.options import county_option, lang_option, write
from geo.errors import Lang
from geo.intake import batches, returned
from geo.intake.batches import Kind, Numbered
from geo.intake.rejections import Rejection
from geo.services import imports
from geo.services.imports import Part
from geo.services.visits import Answer
from geo.settings import Settings
from geo.storage.queries import counties

PART_ROWS: Final = 100_000
"""Each touches most tallies once, so smaller parts take longer; larger ones keep the database waiting for the first."""
_SHOWN: Final = 20
_BLOCK: Final = 1 << 20


def batch_group(kind: Kind, what: str) -> click.Group:
    """The group of one kind of row with its ``import``."""

    @click.group(name=kind, help=f"{what}.")
    def group() -> None: ...

    @group.command(
        name="import",
        help=f"Store the {kind} of a csv, xlsx or NDJSON file, in one transaction. Sending it again stores nothing "
        "twice; rows that are refused can be written to a sheet, mended and sent again.",
        epilog=f"Examples: wangge {kind} import --template {kind}.xlsx; "
        f"wangge {kind} import {kind}.xlsx --rejected rejected.xlsx",
    )
    @click.argument("file", type=click.Path(path_type=Path), required=False)
    @county_option
    @lang_option
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
    @click.pass_obj
    def import_(
        settings: Settings,
        file: Path | None,
        county: str | None,
        lang: Lang | None,
        rejected: Path | None,
        template: Path | None,
    ) -> None:
        if (file is None) == (template is None):
            raise click.UsageError("name either a FILE to import or a --template to write")
        words = lang or settings.lang
        if template is not None:
            write(sheet_templates.render(kind, template.name, words), template)
            return
        assert file is not None  # noqa: S101 - one of both
        counts: Counter[str] = Counter()
        odd: Counter[str] = Counter()
        refused: list[tuple[Numbered, Rejection]] = []
        with transaction(settings) as session:
            info = counties.resolve(session, county or settings.county)
            typed = file.suffix.lower() == batches.NDJSON
            for part in _parts(file, kind, imports.reader(session, info, kind, typed=typed)):
                answers = imports.take(session, info, part, entered_by=f"import {file.name}")
                cells = dict(part.rows)
                counts.update(answer.outcome for answer in answers)
                odd.update(flag for answer in answers if isinstance(answer, Answer) for flag in answer.flags)
                refused += [((one.row, cells[one.row]), one.rejection) for one in answers if one.rejection is not None]
            if rejected is not None:
                # Before the commit: rows whose refused neighbours could not be written down are not stored either.
                form = rejected.suffix.lower().removeprefix(".")
                rows, reasons = [row for row, _ in refused], [reason for _, reason in refused]
                write(returned.of_sheet(rows, reasons, batches.titles(file, kind), form, words), rejected)
        click.echo(
            f"{file.name}: {counts.total()} rows: {counts['stored']} stored, {counts['duplicate']} duplicate, "
            f"{counts['conflict']} in conflict, {counts['rejected']} rejected"
        )
        if odd:
            click.echo(f"to be checked: {', '.join(f'{flag} {rows}' for flag, rows in sorted(odd.items()))}")
        tell_refused([rejection for _, rejection in refused], words)

    return group


def tell_refused(refused: Sequence[Rejection], lang: Lang) -> None:
    """The first reasons, and how many there are more."""
    for rejection in refused[:_SHOWN]:
        click.echo(f"row {rejection.row}, {rejection.field}: {rejection.text(lang)}", err=True)
    if len(refused) > _SHOWN:
        click.echo(f"and {len(refused) - _SHOWN} more; --rejected FILE writes them all", err=True)


def _parts(file: Path, kind: Kind, read: Callable[[list[Numbered]], Part]) -> Iterator[Part]:
    """The rows in parts, each read while the one before is stored, with a bar that follows them."""
    rows = batches.parts(batches.read(file, kind), PART_ROWS)
    parts = batches.ahead(map(read, rows))
    first = next(parts)  # what is wrong with the file is said before any bar is drawn
    with click.progressbar(length=max(_lines(file), len(first.rows)), label=file.name, file=sys.stderr) as bar:
        for part in itertools.chain([first], parts):
            yield part
            bar.update(len(part.rows))


def _lines(file: Path) -> int:
    """About how many rows there are: none is said of a workbook."""
    if file.suffix.lower() == ".xlsx":
        return 0
    with file.open("rb") as content:
        return sum(block.count(b"\n") for block in iter(lambda: content.read(_BLOCK), b""))


visits = batch_group("visits", "Visits")
issues = batch_group("issues", "Issues: problems that were found")
