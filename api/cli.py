"""``wangge``: the same services from the command line. An error is one line and exit code 2."""

import sys
from collections.abc import Sequence

import click
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from api.commands import boundaries, coverage, sample, serve, sheets
from api.commands.db import db
from geo.errors import WanggeError
from geo.settings import Settings
from maps.assets import AssetMissing

ERROR = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="wangge")
@click.pass_context
def cli(context: click.Context) -> None:
    """Wangge 网格: visit coverage and grid management of a county.

    Settings come from the environment (WANGGE_…); see the README. Without WANGGE_DATABASE_URL a private PostGIS under
    WANGGE_HOME is made and started when it is needed.
    """
    context.obj = Settings()


cli.add_command(serve.demo)
cli.add_command(serve.serve)
cli.add_command(db)
cli.add_command(sample.sample)
cli.add_command(boundaries.group)
for kind, what in (
    ("organisations", "Towns' offices and departments"),
    ("cadres", "People who visit"),
    ("assignments", "Who holds which role for which area, and when"),
    ("places", "Households, enterprises, projects and scenic spots"),
    ("rules", "How often areas are to be visited, by level and tier"),
    ("settings", "Tier and exclusion of areas"),
):
    cli.add_command(sheets.sheet_group(kind, what))
cli.add_command(sheets.visits)
cli.add_command(coverage.coverage)
cli.add_command(coverage.gaps)
cli.add_command(coverage.maps)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; what can be expected to go wrong is said in one line."""
    try:
        cli.main(args=arguments, prog_name="wangge", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.UsageError as error:
        hint = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
        _fail(error.format_message() + hint)
    except (click.ClickException, click.Abort) as error:
        _fail(error.format_message() if isinstance(error, click.ClickException) else "stopped")
    except WanggeError as error:
        _fail(error.text(Settings().lang))
    except ValidationError as error:
        _fail(
            "; ".join(
                f"WANGGE_{str(one['loc'][0]).upper()}: {one['msg']}" if one["loc"] else one["msg"]
                for one in error.errors()
            )
        )
    except AssetMissing as error:
        _fail(str(error))
    except DBAPIError as error:
        _fail("database: " + " ".join(str(error.orig).split()))
    except BrokenPipeError:
        sys.exit(0)


def _fail(message: str) -> None:
    click.echo(f"wangge: {message}", err=True)
    sys.exit(ERROR)
