"""Which old area became which new one, by the ground that they share.

Shares are of areas in a cylindrical equal-area plane; `Link` says how much of the old and of the new area the shared
ground is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from geo.space.codes import Level
from geo.space.shapes import Geometries
from geo.space.shared_ground import NOTICEABLE, SAME_GROUND, Pair, Shares, shared_ground

Relation = Literal["same", "renamed", "renumbered", "moved", "merged", "split", "new", "gone"]
RELATIONS: Final[tuple[Relation, ...]] = get_args(Relation)

HELD: Final = 0.8
"""Share of an area from which another one holds it, and IoU from which another code stands for the same ground."""


@dataclass(frozen=True, slots=True)
class AreasOf:
    """One level of one boundary version."""

    level: Level
    codes: Sequence[str]
    names: Sequence[str]
    geometries: Geometries


@dataclass(frozen=True, slots=True)
class Link:
    """An old area and what it became; ``old_code`` is None for ``new``, ``new_code`` for ``gone``.

    - ``same``: code, name and ground are the same (IoU of at least 0.995)
    - ``renamed``: code and ground are the same, the name is not
    - ``renumbered``: another code on the same ground, which the new version does not know by the old one
    - ``moved``: the same code, but its border was moved
    - ``merged``: one of several old areas that one new area holds, at least one of whose codes is given up; the new one
      may go by the code of another
    - ``split``: an old area in which several new ones lie, at least one of them with a code that was not there before;
      one may keep the old code. Also an old area that was dissolved among others, and one that gave ground to a new
      area made of pieces
    - ``new``: no old area has its ground or its code; ``gone``: the reverse

    :ivar iou: intersection over union of both, 0 to 1
    """

    level: Level
    relation: Relation
    old_code: str | None
    new_code: str | None
    old_name: str | None
    new_name: str | None
    share_of_old: float
    share_of_new: float
    iou: float


_NOTHING: Final = Shares()


def compare(old: AreasOf, new: AreasOf) -> tuple[Link, ...]:
    """Every link of a level, by old and new code, ``new`` last. Each old area and each new area stands in at least one.

    Codes are unique in each version; geometries are valid, EPSG:4326.
    """
    shares = shared_ground((old.codes, old.geometries), (new.codes, new.geometries))
    relations = _relations(old, new, shares)
    links = [_link(old, new, pair, relation, shares.get(pair, _NOTHING)) for pair, relation in relations.items()]
    linked_old, linked_new = {i for i, _ in relations}, {j for _, j in relations}
    links += [
        Link(old.level, "gone", code, None, name, None, 0.0, 0.0, 0.0)
        for i, (code, name) in enumerate(zip(old.codes, old.names, strict=True))
        if i not in linked_old
    ]
    links += [
        Link(new.level, "new", None, code, None, name, 0.0, 0.0, 0.0)
        for j, (code, name) in enumerate(zip(new.codes, new.names, strict=True))
        if j not in linked_new
    ]
    return tuple(sorted(links, key=lambda one: (one.old_code is None, one.old_code or "", one.new_code or "")))


def _relations(old: AreasOf, new: AreasOf, shares: Mapping[Pair, Shares]) -> dict[Pair, Relation]:
    """The relation of every pair that has one, the strongest rule first."""
    position = {code: j for j, code in enumerate(new.codes)}
    before, after = set(old.codes), set(new.codes)
    given_up = [code not in after for code in old.codes]
    brand_new = [code not in before for code in new.codes]
    relations: dict[Pair, Relation] = dict.fromkeys(_merged(shares, given_up), "merged")
    for pair in _split(shares, brand_new):
        relations.setdefault(pair, "split")
    party_old, party_new = {i for i, _ in relations}, {j for _, j in relations}
    for i, code in enumerate(old.codes):
        j = position.get(code)
        if j is not None and not (i in party_old and j in party_new):
            relations[i, j] = _of_one_code(old.names[i] == new.names[j], shares.get((i, j), _NOTHING))
    free_old = {i for i, gone in enumerate(given_up) if gone} - party_old
    free_new = {j for j, fresh in enumerate(brand_new) if fresh} - party_new
    for i, j in _renumbered(shares, free_old, free_new):
        relations[i, j] = "renumbered"
        free_old.discard(i)
        free_new.discard(j)
    relations.update(_dissolved(shares, free_old))
    relations.update(_assembled(shares, free_new - {j for _, j in relations}))
    return relations


def _of_one_code(same_name: bool, shared: Shares) -> Relation:  # noqa: FBT001 - one of two facts
    if shared.iou < SAME_GROUND:
        return "moved"
    return "same" if same_name else "renamed"


def _merged(shares: Mapping[Pair, Shares], given_up: Sequence[bool]) -> Iterator[Pair]:
    held: dict[int, list[int]] = defaultdict(list)
    for (i, j), shared in shares.items():
        if shared.of_old >= HELD:
            held[j].append(i)
    for j, olds in held.items():
        if len(olds) > 1 and any(given_up[i] for i in olds):
            yield from ((i, j) for i in olds)


def _split(shares: Mapping[Pair, Shares], brand_new: Sequence[bool]) -> Iterator[Pair]:
    parts: dict[int, list[int]] = defaultdict(list)
    for (i, j), shared in shares.items():
        if shared.of_new >= HELD:
            parts[i].append(j)
    for i, news in parts.items():
        if len(news) > 1 and any(brand_new[j] for j in news):
            yield from ((i, j) for j in news)


def _renumbered(shares: Mapping[Pair, Shares], olds: set[int], news: set[int]) -> Iterator[Pair]:
    """One to one, the best fit first."""
    fits = sorted(
        (-shared.iou, pair)
        for pair, shared in shares.items()
        if shared.iou >= HELD and pair[0] in olds and pair[1] in news
    )
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for _, (i, j) in fits:
        if i not in taken_old and j not in taken_new:
            taken_old.add(i)
            taken_new.add(j)
            yield i, j


def _dissolved(shares: Mapping[Pair, Shares], olds: Iterable[int]) -> dict[Pair, Relation]:
    """Areas that were given up, and those that have their ground now."""
    heirs: dict[int, list[int]] = {i: [] for i in olds}
    for (i, j), shared in shares.items():
        if i in heirs and shared.of_old >= NOTICEABLE:
            heirs[i].append(j)
    return {
        (i, j): "merged" if len(news) == 1 and shares[i, j].of_old >= HELD else "split"
        for i, news in heirs.items()
        for j in news
    }


def _assembled(shares: Mapping[Pair, Shares], news: Iterable[int]) -> dict[Pair, Relation]:
    """Areas with a new code that were made of pieces of old ones."""
    wanted = set(news)
    return {(i, j): "split" for (i, j), shared in shares.items() if j in wanted and shared.of_new >= NOTICEABLE}


def _link(old: AreasOf, new: AreasOf, pair: Pair, relation: Relation, shared: Shares) -> Link:
    i, j = pair
    return Link(
        level=old.level,
        relation=relation,
        old_code=old.codes[i],
        new_code=new.codes[j],
        old_name=old.names[i],
        new_name=new.names[j],
        share_of_old=shared.of_old,
        share_of_new=shared.of_new,
        iou=shared.iou,
    )
