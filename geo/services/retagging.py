"""Tag stored visits, issues and places anew when another boundary version takes force: only what changes is written."""

from typing import Literal

import numpy as np
from sqlalchemy.orm import Session

from geo.services.tagging import tagger
from geo.storage.queries import positions
from geo.storage.queries.boundaries import VersionInfo
from geo.storage.queries.positions import Positions


def retag_visits(session: Session, version: VersionInfo) -> tuple[int, int]:
    """Tag every visit of the county by a version.

    :return: visits looked at, visits whose tag changed
    """
    return _retag(session, version, "visits", positions.of_visits(session, version.county))


def retag_issues(session: Session, version: VersionInfo) -> tuple[int, int]:
    """The same for issues."""
    return _retag(session, version, "issues", positions.of_issues(session, version.county))


def _retag(
    session: Session, version: VersionInfo, table: Literal["visits", "issues"], stored: Positions
) -> tuple[int, int]:
    tags = tagger(session, version).tag_all(stored.lon, stored.lat, stored.accuracy_m, stored.claimed)
    # A grid may keep its code and come under another village: the whole chain is compared.
    changed = np.flatnonzero(tags.chains != stored.tagged)
    if len(changed):
        new = tags.take(changed)
        columns = (new.word, new.town, new.village, new.grid)
        rows = zip(stored.ids[changed].tolist(), *(codes.tolist() for codes in columns), strict=True)
        positions.write_tags(session, table, version.county, list(rows))
    return len(stored.ids), len(changed)


def retag_places(session: Session, version: VersionInfo) -> int:
    """Put every place of the county into its area in a version.

    :return: places that moved
    """
    stored = positions.of_places(session, version.county)
    homes = tagger(session, version).homes(stored.lon, stored.lat, stored.claimed)
    moved = np.flatnonzero(np.where(homes == None, "", homes) != stored.tagged)  # noqa: E711 - elementwise
    if len(moved):
        rows = list(zip(stored.ids[moved].tolist(), homes[moved].tolist(), strict=True))
        positions.write_place_areas(session, version.county, rows)
    return len(moved)
