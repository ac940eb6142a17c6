"""Options that several commands share, and how they write what they made."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypedDict, get_args

import click

from api import exports
from geo.analysis.coverage import Boundaries, CoverageLevel
from geo.errors import FileUnreadable
from geo.months import Month

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class MonthType(click.ParamType[Month]):
    """A month as 2026-10."""

    name = "month"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Month:
        """Read it; the error says what it should look like."""
        return value if isinstance(value, Month) else Month.parse(value)


county_option: Decorator = click.option("--county", help="County code, where several are stored.")
lang_option: Decorator = click.option("--lang", type=click.Choice(["zh-CN", "en"]), help="Language of words.")
output_option: Decorator = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else the terminal."
)
from_option: Decorator = click.option(
    "--from", "from_day", type=click.DateTime(["%Y-%m-%d"]), help="First day in force; today if not given."
)

format_option: Decorator = click.option(
    "--format",
    "form",
    type=click.Choice(get_args(exports.Format)),
    default="table",
    show_default=True,
    help="Form of the answer.",
)

_REPORT_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.argument("month", type=MonthType(), metavar="YYYY-MM"),
    click.option(
        "--level",
        type=click.Choice(get_args(CoverageLevel)),
        default="village",
        show_default=True,
        help="Level to judge.",
    ),
    click.option("--area", help="Code of the scope: this area and all below it."),
    county_option,
    click.option(
        "--boundaries",
        type=click.Choice(get_args(Boundaries)),
        default="then",
        show_default=True,
        help="Boundaries in force on the month's last day, or the active ones.",
    ),
)


class ReportAsked(TypedDict):
    """What `report_options` gives a command."""

    month: Month
    level: CoverageLevel
    area: str | None
    county: str | None
    boundaries: Boundaries


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which report: the month, and level, scope, county and boundaries."""
    for option in reversed(_REPORT_OPTIONS):
        command = option(command)
    return command


@contextmanager
def step(what: str) -> Iterator[None]:
    """Tell what takes long while it does, and how long it took."""
    click.echo(f"{what} … ", nl=False, err=True)
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        click.echo(err=True)
        raise
    click.echo(f"{time.monotonic() - begun:.1f} s", err=True)


def write(content: str | bytes, output: Path | None) -> None:
    """Write a result to a file or to the terminal."""
    raw = content.encode() if isinstance(content, str) else content
    if output is None:
        if isinstance(content, bytes) and sys.stdout.isatty():
            raise click.UsageError("this format is not for a terminal; name a file with -o")
        sys.stdout.buffer.write(raw)
        sys.stdout.flush()
        return
    try:
        output.write_bytes(raw)
    except OSError as error:
        reason = f"cannot be written ({error.strerror})"
        raise FileUnreadable(file=str(output), reason=reason, reason_zh=f"无法写入（{error.strerror}）") from error
    click.echo(f"{output} ({len(raw):,} bytes)", err=True)
