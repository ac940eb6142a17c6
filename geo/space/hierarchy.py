"""From codes and parents to a tree with paths."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from geo.space.codes import LEVELS, Level, Scheme, cn_parent, join_path


@dataclass(frozen=True, slots=True)
class Node:
    """An area as a file gives it: ``parent`` is None where the file does not say."""

    code: str
    level: Level
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an area stands: its parent, its path from the county down, and the code of its ancestor at each level."""

    parent: str | None
    path: str
    ancestors: Mapping[Level, str]


@dataclass(frozen=True, slots=True)
class Tree:
    """Places by code, and the nodes that found none: their parent is missing or not of a higher level."""

    places: Mapping[str, Place]
    orphans: Sequence[tuple[Node, str]]


def build(nodes: Iterable[Node], *, county: str, scheme: Scheme) -> Tree:
    """Place every node under its parent.

    The parent is the one that is given; else, in the scheme ``cn``, the one that the code names, or the nearest above
    it whose level is not loaded at all (villages may come before towns do); else the county.

    >>> tree = build([Node("330122", "county"), Node("330122101", "town")], county="330122", scheme="cn")
    >>> tree.places["330122101"].path
    '330122/330122101'
    """
    by_level: dict[Level, list[Node]] = {level: [] for level in LEVELS}
    for node in nodes:
        by_level[node.level].append(node)
    loaded = frozenset(level for level in LEVELS if by_level[level])
    places: dict[str, Place] = {}
    orphans: list[tuple[Node, str]] = []
    for level in LEVELS:
        for node in by_level[level]:
            parent = None if level == "county" else node.parent or _parent(node, loaded, county, scheme)
            above = places.get(parent) if parent is not None else None
            if parent is not None and (above is None or not _is_above(above, level)):
                orphans.append((node, parent))
                continue
            inherited = above.ancestors if above else {}
            path = join_path(above.path if above else None, node.code)
            places[node.code] = Place(parent, path, {**inherited, level: node.code})
    return Tree(places, orphans)


def _is_above(place: Place, level: Level) -> bool:
    return all(LEVELS.index(own) < LEVELS.index(level) for own in place.ancestors)


def _parent(node: Node, loaded: frozenset[Level], county: str, scheme: Scheme) -> str:
    if scheme != "cn":
        return county
    code, level = node.code, node.level
    while True:
        named = cn_parent(code, level)
        if named is None:
            return county
        code, level = named, LEVELS[LEVELS.index(level) - 1]
        if level in loaded:
            return code
