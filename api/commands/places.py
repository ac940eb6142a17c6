"""``wangge places coverage``, beside the ``import`` that every sheet has."""

from pathlib import Path

import click

from api import place_exports
from api.commands.database import transaction
from api.commands.options import MonthType, county_option, lang_option, output_option, write
from geo.analysis.place_coverage import LISTED, ListedKind
from geo.errors import Lang
from geo.months import Month
from geo.services import place_coverage
from geo.settings import Settings
from geo.storage.queries import counties


@click.command(
    epilog="Examples: wangge places coverage 2026-10 --kind enterprise; "
    "wangge places coverage 2026-10 --format xlsx -o places.xlsx"
)
@click.argument("month", type=MonthType(), metavar="YYYY-MM")
@click.option("--area", help="Code of the scope: this area and all below it.")
@click.option("--kind", type=click.Choice(LISTED), help="Only this kind; without it households are counted too.")
@county_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "xlsx"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)
@lang_option
@output_option
@click.pass_obj
def coverage(
    settings: Settings,
    month: Month,
    area: str | None,
    kind: ListedKind | None,
    county: str | None,
    form: place_exports.Format,
    lang: Lang | None,
    output: Path | None,
) -> None:
    """Enterprises, projects and scenic spots of a month, unvisited first; households counted by area."""
    with transaction(settings) as session:
        info = counties.resolve(session, county or settings.county)
        report = place_coverage.report(session, info, month, kind=kind, area=area)
        write(place_exports.render(report, form, lang or settings.lang), output)
