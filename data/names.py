"""Fictional Chinese names of places and people: put together from parts, not taken from any list of real ones."""

from typing import Final

import numpy as np

COUNTY_NAME: Final = "云栖县（虚构示例）"
RARE_NAME: Final = "㛃溪村"
"""㛃 (U+36C3) is missing from GB2312 and from many fonts; it is in GB18030, so files must keep it."""

TOPICS: Final = ("文明城市创建", "拆违治乱", "治水剿劣", "村级集体经济", "基层社会治理")

_FRONT: Final = "青白云松竹梅兰石金银翠碧清长望听归栖落晴朝晚远上下东西南北大小新古龙凤鹤鹿雁鸥渔盐桑茶稻橘枫柳"
_BACK: Final = "岚渡溪潮湾岭塘桥坞浦埠洲浪屿滩泉潭坪坂岙汀澜沙峰岗陇畈荡港堰圩墩亭井园庄"
_SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章苏潘葛范彭鲁韦马苗凤花方俞任袁柳"
)
_GIVEN: Final = "云松溪岚禾舟潮苇汀澜泽朗晴晏宁安和清远山川林森岩峰雨雪霜霖星辰月初秋夏冬春青蓝丹朱砚墨书言诺恒毅"
_TRADES: Final = ("水产", "茶业", "竹木", "五金", "纺织", "食品", "机械", "建材", "电子", "农业科技")
_WORKS: Final = ("道路改造工程", "污水管网工程", "老旧小区改造", "标准厂房", "海塘加固工程", "文化礼堂", "养老服务中心")
_SIGHTS: Final = ("古村落", "观潮台", "湿地公园", "茶园", "海滨浴场", "书院")
_DIGITS: Final = "零一二三四五六七八九"
_DEPARTMENTS: Final = (
    "县委办公室", "县政府办公室", "县走访办", "县委组织部", "县委宣传部", "县委政法委", "县信访局", "县民政局",
    "县农业农村局", "县水利局", "县生态环境局", "县住建局", "县交通运输局", "县自然资源局", "县综合执法局",
    "县应急管理局", "县教育局", "县卫健局", "县人社局", "县财政局", "县发改局", "县经信局", "县商务局", "县文旅局",
    "县市场监管局", "县司法局", "县残联", "县妇联", "团县委", "县总工会",
)  # fmt: skip


def department_names() -> list[str]:
    """Thirty departments of the county."""
    return list(_DEPARTMENTS)


def stems(rng: np.random.Generator) -> list[str]:
    """All stems of place names (青岚, 石渡 …), no two alike, in an order of their own."""
    both = [front + back for front in _FRONT for back in _BACK]
    return [both[index] for index in rng.permutation(len(both)).tolist()]


def grid_name(number: int) -> str:
    """The name of a grid by its number in the village.

    >>> grid_name(1), grid_name(12), grid_name(20), grid_name(101)
    ('第一网格', '第十二网格', '第二十网格', '第一百零一网格')
    """
    return f"第{_chinese_number(number)}网格"


def person_names(count: int, rng: np.random.Generator) -> list[str]:
    """Names of people: a surname and one or two given characters, put together by chance."""
    surname = rng.integers(0, len(_SURNAMES), count).tolist()
    given = rng.integers(0, len(_GIVEN), (count, 2)).tolist()
    short = (rng.random(count) < 0.25).tolist()  # noqa: PLR2004 - a quarter have a one-character given name
    return [
        _SURNAMES[family] + (_GIVEN[first] if single else _GIVEN[first] + _GIVEN[second])
        for family, (first, second), single in zip(surname, given, short, strict=True)
    ]


def place_names(kinds: list[str], rng: np.random.Generator) -> list[str]:
    """Names of households, enterprises, projects and scenic spots."""
    stem = stems(rng)
    pick = rng.integers(0, 2**31, (len(kinds), 2)).tolist()
    return [
        _place_name(kind, stem[first % len(stem)], second) for kind, (first, second) in zip(kinds, pick, strict=True)
    ]


def _place_name(kind: str, stem: str, pick: int) -> str:
    match kind:
        case "household":
            return f"{_SURNAMES[pick % len(_SURNAMES)]}家"
        case "enterprise":
            return f"{stem}{_TRADES[pick % len(_TRADES)]}有限公司（虚构）"
        case "project":
            return f"{stem}{_WORKS[pick % len(_WORKS)]}"
        case _:
            return f"{stem}{_SIGHTS[pick % len(_SIGHTS)]}"


def _chinese_number(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += _DIGITS[0]
    return text + (_DIGITS[ones] if ones or not number else "")
