"""Templates of the pages around the maps."""

from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from maps.page import TEMPLATES_DIR as MAP_TEMPLATES_DIR

_ENVIRONMENT: Final = Environment(
    # What stands in every header is shared with the maps.
    loader=ChoiceLoader([FileSystemLoader(Path(__file__).parent), FileSystemLoader(MAP_TEMPLATES_DIR)]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name: str, /, **context: Any) -> str:
    """One of them, filled."""
    return _ENVIRONMENT.get_template(name).render(**context)
