"""Regional clusters in words: what was seen, what was to be expected, and how sure."""

from collections.abc import Sequence
from typing import Final

from geo.errors import Lang
from geo.services.overview import Regional
from maps import catalogue, labels
from maps.issue_labels import CATEGORY_WORDS

MOST_NAMED: Final = 6
"""Areas that a sentence names."""


def sentence(one: Regional, lang: Lang) -> str:
    """Where, how many, how many were expected, and how likely that is by chance."""
    said, cluster = catalogue.words("regional", lang), one.cluster
    risk = cluster.relative_risk
    told = said["sentence" if risk is not None else "sentence_alone"].format(
        category=CATEGORY_WORDS[one.category].text(lang),
        parents=_names(one.parents, lang),
        names=_names(one.names, lang),
        n=labels.number(len(one.names)),
        level=labels.level_name(one.level, lang),
        observed=labels.number(cluster.observed),
        expected=f"{cluster.expected:,.1f}",
        risk=f"{risk:.1f}" if risk is not None else "",
        p=f"{cluster.p:.3f}",
    )
    if cluster.beyond:
        told += ("" if lang == "zh-CN" else " ") + said["beyond"].format(n=labels.number(cluster.beyond))
    return told


def _names(names: Sequence[str], lang: Lang) -> str:
    said = catalogue.words("regional", lang)
    text = said["separator"].join(names[:MOST_NAMED])
    return said["and_more"].format(names=text) if len(names) > MOST_NAMED else text
