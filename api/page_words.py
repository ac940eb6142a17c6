"""Words of the pages around the maps."""

from types import SimpleNamespace

from geo.errors import Lang
from maps import catalogue


def words(lang: Lang) -> SimpleNamespace:
    """All of them in one language, by name."""
    return catalogue.named("pages", lang)
