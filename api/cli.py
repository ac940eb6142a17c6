"""``wangge``: the same services from the command line. An error is one line and exit code 2."""

import sys
from collections.abc import Sequence
from typing import Final

import click
import psycopg2
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from api.commands.lazy import LazyGroup
from geo.errors import WanggeError
from geo.settings import Settings

ERROR: Final = 2

COMMANDS: Final = {
    "demo": ("api.commands.serve:demo", "Start everything with the fictional sample county, and serve."),
    "serve": ("api.commands.serve:serve", "Serve HTTP."),
    "db": ("api.commands.db:db", "Start, stop, look at and migrate the database."),
    "sample": ("api.commands.sample:sample", "The fictional sample county."),
    "boundaries": ("api.commands.boundaries:group", "Load, list and activate boundary versions."),
    "organisations": ("api.commands.sheets:organisations", "Towns' offices and departments."),
    "cadres": ("api.commands.sheets:cadres", "People who visit."),
    "assignments": ("api.commands.sheets:assignments", "Who holds which role for which area, and when."),
    "places": ("api.commands.sheets:places", "Households, enterprises, projects and scenic spots."),
    "rules": ("api.commands.sheets:rules", "How often areas are to be visited, by level and tier."),
    "settings": ("api.commands.sheets:settings", "Tier and exclusion of areas."),
    "limits": ("api.commands.sheets:limits", "Days for the issues of a category."),
    "routes": ("api.commands.sheets:routes", "Who handles the issues of a category, by area."),
    "visits": ("api.commands.batches:visits", "Visits."),
    "issues": ("api.commands.batches:issues", "Issues: problems that were found."),
    "accounts": ("api.commands.accounts:group", "Who may sign in, and what each sees."),
    "tokens": ("api.commands.accounts:tokens", "Tokens for other systems."),
    "coverage": ("api.commands.coverage:coverage", "Coverage of a month, area by area."),
    "gaps": ("api.commands.coverage:gaps", "What is still needed in a month, worst first."),
    "hotspots": ("api.commands.hotspots:hotspots", "Where issues gather, beside what was to be expected."),
    "bulletin": ("api.commands.bulletin:group", "The monthly bulletin: draft, publish, verify."),
    "map": ("api.commands.maps:maps", "Draw maps into files."),
}


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Examples: wangge demo; wangge boundaries load villages.shp --level village; wangge gaps 2026-10",
)
@click.version_option(package_name="wangge")
@click.pass_context
def cli(context: click.Context) -> None:
    """Wangge 网格: visit coverage and grid management of a county.

    Settings come from the environment (WANGGE_…); see the README. Without WANGGE_DATABASE_URL a private PostGIS under
    WANGGE_HOME is made and started when it is needed.
    """
    context.obj = Settings()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; what can be expected to go wrong is said in one line."""
    try:
        cli.main(args=arguments, prog_name="wangge", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.UsageError as error:
        hint = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
        _fail(error.format_message() + hint)
    except click.ClickException as error:
        _fail(error.format_message())
    except click.Abort:
        _fail("stopped")
    except WanggeError as error:
        _fail(error.text(Settings().lang))
    except ValidationError as error:
        _fail("; ".join(_setting(one["loc"], one["msg"]) for one in error.errors()))
    except (DBAPIError, psycopg2.Error) as error:
        _fail("database: " + " ".join(str(getattr(error, "orig", error)).split()))
    except BrokenPipeError:
        sys.exit(0)


def _setting(where: tuple[int | str, ...], message: str) -> str:
    return f"WANGGE_{str(where[0]).upper()}: {message}" if where else message


def _fail(message: str) -> None:
    # One line, whatever a library put into its message.
    click.echo(f"wangge: {' '.join(message.split())}", err=True)
    sys.exit(ERROR)
