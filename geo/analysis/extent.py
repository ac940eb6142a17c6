"""Whose problem is it: one family's (个性), common (共性), or regional (区域性)? A proposal with its reasons.

A person decides; what was proposed is kept beside the decision. In this order:

- *regional*: it lies in an area of a significant cluster of its category (spatial scan, p at most 0.05), or in one that
  is hot at a false discovery rate of at most 0.05 (Gi*): where it stands, there are more than visits alone explain.
- *common*: issues of like titles were found in at least `COMMON_AREAS` areas and in `COMMON_SHARE` of those that were
  visited, in at least `COMMON_PARENTS` areas above.
- *individual*: otherwise, also where the same place tells of it again and again.

Titles are alike where they share at least `ALIKE` of their pairs of neighbouring characters (P. Jaccard, *The
distribution of the flora in the alpine zone*, New Phytologist 11 (1912) 37-50), digits and punctuation left out.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.analysis.hotspots import HotArea, HotCluster
from geo.analysis.issue_flow import ExtentProposal

ALIKE: Final = 0.5
COMMON_AREAS: Final = 5
COMMON_SHARE: Final = 0.1
COMMON_PARENTS: Final = 2

MAX_COMPARED: Final = 4_000
"""Different titles up to which they are compared with each other; more are alike only where they are the same."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an issue's surroundings.

    :ivar cluster: the significant cluster of its category that its area belongs to
    :ivar hot: its area, where that is hot at 95 % or more
    :ivar alike: issues of like titles, itself not counted
    :ivar areas: different areas of these and of itself
    :ivar parents: different areas above
    :ivar known_areas: areas that were visited at all
    :ivar same_place: other issues of its category at its place
    """

    cluster: HotCluster | None = None
    hot: HotArea | None = None
    alike: int = 0
    areas: int = 0
    parents: int = 0
    known_areas: int = 0
    same_place: int = 0


def propose(evidence: Evidence) -> ExtentProposal:
    """The extent that the evidence speaks for.

    >>> propose(Evidence(alike=38, areas=27, parents=3, known_areas=200)).extent
    'common'
    """
    if evidence.cluster is not None or evidence.hot is not None:
        return _regional(evidence)
    widespread = evidence.areas >= max(COMMON_AREAS, COMMON_SHARE * evidence.known_areas)
    if widespread and evidence.parents >= COMMON_PARENTS:
        spread = evidence.areas, evidence.known_areas, evidence.parents
        return ExtentProposal(
            "common",
            "走访过的 {1} 个区域中有 {0} 个（分属 {2} 个上级区域）反映同类问题，未见空间聚集".format(*spread),
            "{} of {} areas that were visited, in {} areas above, tell of the like; they do not gather".format(*spread),
        )
    return _individual(evidence)


def _regional(evidence: Evidence) -> ExtentProposal:
    zh, en = [], []
    if (found := evidence.cluster) is not None:
        areas = len(found.members) + found.beyond
        times = f"{found.relative_risk:.1f}" if found.relative_risk is not None else "∞"
        said = (areas, found.observed, f"{found.expected:.1f}", times, f"{found.p:.3f}")
        zh.append("所在片区（{} 个区域）同类问题 {} 件，按走访量应有 {} 件，相对风险 {}，p = {}".format(*said))
        en.append(
            "its cluster of {} areas has {} of its category where visits would explain {}; "
            "relative risk {}, p = {}".format(*said)
        )
    if (area := evidence.hot) is not None and area.expected is not None and area.q is not None:
        hot = (area.observed, f"{area.expected:.1f}", f"{area.q:.3f}")
        zh.append("所在区域及周边为热点：本区域 {} 件，应有 {} 件，q = {}".format(*hot))
        en.append("its area and those around are hot: {} where {} were to be expected, q = {}".format(*hot))
    return ExtentProposal("regional", "；".join(zh), "; ".join(en))


def _individual(evidence: Evidence) -> ExtentProposal:
    if evidence.same_place:
        count = evidence.same_place
        return ExtentProposal(
            "individual",
            f"同一走访对象另有同类问题 {count} 件，未见空间聚集",
            f"the same place has {count} more of its category; they do not gather around it",
        )
    if evidence.alike:
        return ExtentProposal(
            "individual",
            f"同类问题仅见于 {evidence.areas} 个区域（共 {evidence.alike + 1} 件），未见空间聚集",
            f"the like was found in {evidence.areas} areas only ({evidence.alike + 1} in all); they do not gather",
        )
    return ExtentProposal(
        "individual", "未发现同类问题，未见空间聚集", "nothing like it was found, and nothing gathers around it"
    )


def alike(titles: Sequence[str]) -> NDArray[np.int64]:
    """(titles,) number of the group of like titles that each belongs to.

    >>> alike(["村口路灯不亮", "路灯不亮 3 盏", "河道有垃圾"]).tolist()
    [0, 0, 1]
    """
    # A title of numbers or marks alone says nothing: it is like no other.
    plain = [_plain(title) or at for at, title in enumerate(titles)]
    number = {one: at for at, one in enumerate(dict.fromkeys(plain))}
    own = np.array([number[one] for one in plain], dtype=np.int64)
    if len(number) > MAX_COMPARED or not number:
        return own
    words = [one if isinstance(one, str) else "" for one in number]
    groups: NDArray[np.int64] = connected_components(_like(words), directed=False)[1].astype(np.int64)
    return groups[own]


def _plain(title: str) -> str:
    """Only the letters, in one form."""
    return "".join(one for one in unicodedata.normalize("NFKC", title).casefold() if one.isalpha())


def _like(titles: Sequence[str]) -> csr_array:
    """Which of different titles share enough of their pairs."""
    pairs = [{title[at : at + 2] for at in range(max(1, len(title) - 1))} - {""} for title in titles]
    number = {pair: at for at, pair in enumerate(sorted(set().union(*pairs)))}
    rows = np.repeat(np.arange(len(pairs)), [len(one) for one in pairs])
    columns = [number[pair] for one in pairs for pair in one]
    has = csr_array((np.ones(len(rows), np.int64), (rows, columns)), (len(pairs), len(number)))
    shared = (has @ has.T).tocoo()
    sizes = np.array([len(one) for one in pairs])
    enough = shared.data >= ALIKE * (sizes[shared.row] + sizes[shared.col] - shared.data)
    return csr_array((shared.data[enough], (shared.row[enough], shared.col[enough])), shared.shape)
