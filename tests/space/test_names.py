"""Forms of a name in which two registers agree."""

import pytest

from geo.space import names

SAME_PLACE = [
    ("旧县村村委会", "旧县村村民委员会", "旧县村", "旧县行政村", "旧县 村", "旧县村　", "旧县村委会"),
    ("洋塘社区", "洋塘社区居委会", "洋塘社区居民委员会", "洋塘居委会", "洋塘居民委员会", "洋塘·社区"),
    ("桐君街道", "桐君街道办事处", "桐君街道办"),
    ("江南镇", "江南镇人民政府"),
    ("莪山畲族乡", "莪山畲族乡人民政府"),
    ("第一村", "第一村委会"),
    ("ＡＢ村", "AB村"),
]


@pytest.mark.parametrize("several", SAME_PLACE, ids=lambda several: several[0])
def test_one_place_has_one_plain_name(several: tuple[str, ...]) -> None:
    assert len({names.plain(name) for name in several}) == 1
    assert len({names.bare(name) for name in several}) == 1


def test_village_and_community_of_one_name_are_two() -> None:
    assert names.plain("城西村") != names.plain("城西社区")
    assert names.bare("城西村") == names.bare("城西社区") == "城西"


@pytest.mark.parametrize("name", ["村", "社区", "街道", "镇", "村委会", "居委会", "桐庐", "江村桥"])
def test_a_name_never_becomes_nothing(name: str) -> None:
    assert names.plain(name)
    assert names.bare(name)


def test_the_middle_of_a_name_stays() -> None:
    assert names.bare("村口镇") == "村口"
    assert names.bare("镇前街道") == "镇前"
    assert names.plain("社区路村") == "社区路村"
