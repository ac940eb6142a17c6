"""``wangge sample``: the fictional county."""

import time
from pathlib import Path

import click

from api.commands.database import transaction
from data import loading
from data import sample as samples
from geo.errors import InvalidChoice
from geo.settings import Settings
from geo.storage.queries import counties

_SCALES = (1, 10, 100)


@click.group(epilog="Example: wangge sample load")
def sample() -> None:
    """The fictional sample county: written to files, or loaded into the database.

    It has 14 towns, 218 villages and communities, 650 grids, 1,200 cadres, about 60,000 visits and 2,000 issues
    from 2025-11 to 2026-10, with flaws as in real life and planted truths that tests look for. The same seed gives the
    same county.
    """


seed_option = click.option("--seed", default=20261, show_default=True, help="Another seed gives another county.")
scale_option = click.option(
    "--scale", default=1, show_default=True, type=int, help="1, 10 or 100 times the villages, grids, cadres and visits."
)


def _make(seed: int, scale: int) -> samples.Sample:
    if scale not in _SCALES:
        raise InvalidChoice(field="--scale", value=scale, choices=", ".join(map(str, _SCALES)))
    began = time.perf_counter()
    made = samples.make(seed=seed, scale=scale)
    said = f"{len(made.grids)} grids, {len(made.visits)} visits and {len(made.issues)} issues"
    click.echo(f"made {said} in {time.perf_counter() - began:.1f} s")
    return made


@sample.command()
@seed_option
@scale_option
@click.pass_obj
def load(settings: Settings, seed: int, scale: int) -> None:
    """Load the sample county, in one transaction; does nothing if it is there already."""
    with transaction(settings) as session:
        if counties.find(session, loading.COUNTY) is not None:
            click.echo(f"the sample county {loading.COUNTY} is loaded already")
            return
        made = _make(seed, scale)
        began = time.perf_counter()
        loaded = loading.load(session, made)
    click.echo(f"loaded in {time.perf_counter() - began:.1f} s; {loaded}")


@sample.command(epilog="Example: wangge sample write county --seed 7")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@seed_option
@scale_option
def write(folder: Path, seed: int, scale: int) -> None:
    """Write the sample county to FOLDER as the files that the imports take."""
    for path in samples.write(_make(seed, scale), folder):
        click.echo(path)
