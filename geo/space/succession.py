"""Codes that a boundary version does not know, as the codes that its ground has there."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

Pairs = Sequence[tuple[str, str]]
"""Old and new code of every area whose ground went to another code, in one step from a version to the next."""


def translations(before: Sequence[Pairs], after: Sequence[Pairs], known: Set[str]) -> dict[str, frozenset[str]]:
    """Codes of earlier and later versions → the codes of this one that hold their ground.

    :param before: the steps up to this version, the oldest first
    :param after: the steps from this version on, in their order
    :param known: codes of this version; they stand for themselves and are left out

    >>> translations([[("A", "C"), ("B", "C")], [("C", "D")]], [], {"D"})["A"]
    frozenset({'D'})
    """
    found: dict[str, frozenset[str]] = {}
    for step in reversed(before):
        found |= _step(((old, new) for old, new in step), found, known)
    later: dict[str, frozenset[str]] = {}
    for step in after:
        later |= _step(((new, old) for old, new in step), later, known)
    return {code: codes for code, codes in {**later, **found}.items() if code not in known and codes}


def _step(
    pairs: Iterable[tuple[str, str]], found: Mapping[str, frozenset[str]], known: Set[str]
) -> dict[str, frozenset[str]]:
    """One step further away: each code by way of the codes next to it."""
    here: dict[str, set[str]] = defaultdict(set)
    for far, near in pairs:
        here[far] |= found.get(near, frozenset({near}) & known)
    return {code: frozenset(codes) for code, codes in here.items()}


def common_chain(chains: Iterable[Sequence[str | None]]) -> list[str | None]:
    """What several chains of ancestors share, from the top down; None from where they part.

    >>> common_chain([("t", "v", "g1"), ("t", "v", "g2")])
    ['t', 'v', None]
    """
    shared: list[str | None] = []
    for codes in zip(*chains, strict=True):
        shared.append(codes[0] if len(set(codes)) == 1 and None not in shared else None)
    return shared
