"""``wangge map``: maps written into files."""

import click

from api.commands.coverage import check_map, coverage_map
from api.commands.grid_maps import area_page, duty_map
from api.commands.hotspots import issue_map


@click.group(name="map")
def maps() -> None:
    """Draw maps into files."""


for command in (coverage_map, issue_map, check_map):
    maps.add_command(command)

for command in (duty_map, area_page):
    maps.add_command(command)
