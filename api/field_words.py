"""Words of the page for the field."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final

from geo.analysis.issue_flow import CATEGORIES, CATEGORY_WORDS
from geo.errors import Lang

TOPICS: Final = ("文明城市创建", "拆违治乱", "治水剿劣", "村级集体经济", "基层社会治理")
"""The central work that a campaign starts with (中心工作); what is typed beside them is taken too."""

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "field": ("现场记录", "Field record"),
    "visit": ("走访", "Visit"),
    "issue": ("问题", "Issue"),
    "locate": ("获取定位", "Get position"),
    "locating": ("正在定位…", "Getting the position…"),
    "located": ("已定位，精度约 {n} 米", "Position taken, to about {n} m"),
    "poor": (
        "定位精度较差（约 {n} 米），请到室外重试，或在下面选区域",
        "The position is poor (about {n} m); try again outdoors, or choose the area below",
    ),
    "no_position": ("没有定位，请选择所在区域", "No position; choose the area below"),
    "denied": ("浏览器不允许定位，请选择所在区域", "The browser refuses the position; choose the area below"),
    "forget": ("不用定位", "Without position"),
    "here": ("位于：{n}", "Here: {n}"),
    "several": ("靠近边界，请选择是哪一个：", "Near a border; say which it is:"),
    "area": ("所在区域", "Area"),
    "mine": ("我的区域", "My areas"),
    "choose": ("可按名称或代码查找", "Find it by name or code"),
    "unknown_area": ("没有这个区域，请从列表中选择", "There is no such area; choose one of the list"),
    "place": ("走访对象编号", "Id of the place"),
    "staff_no": ("工号", "Staff number"),
    "started_at": ("开始时间", "Start"),
    "found_at": ("发现时间", "Found"),
    "ended_at": ("结束时间", "End"),
    "topics": ("中心工作", "Topics"),
    "companions": ("同行人员（用 ; 分隔）", "Companions (; between)"),
    "findings": ("走访发现", "Findings"),
    "note": ("备注", "Note"),
    "category": ("类别", "Category"),
    "title": ("标题", "Title"),
    "detail": ("详情", "Detail"),
    "more": ("更多", "More"),
    "similar": ("附近已有类似的未办结问题：", "Similar issues are open nearby:"),
    "save": ("保存并发送", "Save and send"),
    "needed": ("请填写：{n}", "Still needed: {n}"),
    "saved": ("已保存", "Saved"),
    "offline": (
        "离线：记录保存在本机，联网后自动发送",
        "Offline: records stay on this phone and are sent when the network is back",
    ),
    "outbox": ("待发送", "Waiting to be sent"),
    "none_waiting": ("没有待发送的记录", "Nothing is waiting"),
    "sent": ("最近发送", "Sent lately"),
    "refused": ("未被接受：{n}", "Refused: {n}"),
    "edit": ("修改", "Edit"),
    "discard": ("删除", "Discard"),
    "sure": ("再按一次删除", "Press again to discard"),
    "expired": (
        "登录已过期，请重新登录；记录仍保存在本机",
        "Your sign-in has ended; sign in again, the records are kept on this phone",
    ),
    "sign_in": ("登录", "Sign in"),
    "clock": (
        "手机时间与服务器相差 {n} 分钟，已按服务器时间记录",
        "The phone's clock is off by {n} minutes; times are corrected",
    ),
    "claim_contradicts": ("定位不在所选区域内，请核对", "The position is not in the area that you chose; check it"),
    "far_from_claim": ("定位离所选区域较远，请核对", "The position is far from the area that you chose; check it"),
    "too_fast": (
        "与前后走访相距太远，请核对时间和定位",
        "Too far from your visits before and after; check time and position",
    ),
    "same_spot": ("同一地点记录较多，请核对定位", "Many records at one spot; check the position"),
    "at_office": ("定位在单位所在地，请核对", "The position is that of an office; check it"),
    "no_store": ("浏览器不允许保存数据，请退出无痕模式", "The browser keeps nothing; leave its private mode"),
    "account": ("账号", "Account"),
}
_CATEGORIES: Final[Mapping[str, str]] = {
    "livelihood": "Livelihood",
    "development": "Development",
    "infrastructure": "Infrastructure",
    "ecology": "Ecology",
    "petition": "Petition",
    "party": "Party",
}


def words(lang: Lang) -> SimpleNamespace:
    """All of them in one language, by name."""
    return SimpleNamespace(**{name: pair[lang == "en"] for name, pair in _WORDS.items()})


def categories(lang: Lang) -> list[tuple[str, str]]:
    """The six categories with their words."""
    return [(one, _CATEGORIES[one] if lang == "en" else CATEGORY_WORDS[one]) for one in CATEGORIES]
