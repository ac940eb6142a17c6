"""What the issues of the sample say: fictional, general, and nobody's in particular."""

from collections.abc import Mapping
from typing import Final

from geo.analysis.issue_flow import Category

COMMON: Final = "村卫生室常用药品不全"
"""The problem of 民生 that is met all over the county (共性)."""

TITLES: Final[Mapping[Category, tuple[str, ...]]] = {
    "livelihood": (
        COMMON, "老年食堂送餐不到自然村", "末班公交过早，晚归不便", "自来水水压偏低", "农忙时节孩子放学无人照看",
        "养老补贴认证手续不清楚", "村里缺少快递代收点", "无障碍坡道缺失",
    ),
    "development": (
        "农产品销路不畅", "小微企业用工难", "土地流转协议到期未续", "冷库容量不足", "民宿消防手续办理不清楚",
        "贷款贴息政策不了解", "村集体闲置厂房待招商",
    ),
    "infrastructure": (
        "村道路面破损", "排水沟淤堵，雨后积水", "路灯不亮", "桥栏松动", "机耕路断头", "通信信号弱", "停车位不足",
    ),
    "ecology": (
        "溪水发浑有异味", "污水井外溢", "垃圾清运不及时", "秸秆露天焚烧", "河岸堆放杂物", "养殖尾水直排", "施工扬尘",
    ),
    "petition": (
        "征地补偿款核算有异议", "宅基地界址纠纷", "工程款拖欠", "噪声扰民反复投诉", "村务公开内容有疑问",
        "承包地面积登记有误",
    ),
    "party": (
        "流动党员参加学习不便", "党群服务中心开放时间偏短", "志愿服务队人手不足", "党员活动室设备陈旧",
        "远教站点无法播放",
    ),
}  # fmt: skip
"""By category; those of the first two are the ones that a planted cluster has more of."""

_NEEDS: Final = ("轮椅申领", "危房鉴定", "助学申请", "慢性病备案", "户口迁移", "残疾等级复核", "临时救助", "遗产公证")
_HINDRANCES: Final = (
    "材料不齐，需上门指导", "行动不便，需代办", "系统信息有误", "往返多次未办成", "家属在外，无人陪同",
)  # fmt: skip
INDIVIDUAL: Final = tuple(f"{need}：{hindrance}" for need in _NEEDS for hindrance in _HINDRANCES)
"""Each the problem of one household (个性)."""

_TOLD_BY: Final = ("户主", "村民代表", "网格员", "村干部", "邻近住户", "经营户")
_SINCE: Final = ("近一周", "近一个月", "入夏以来", "多次", "最近")
_WISHES: Final = ("希望尽快处理", "希望有人到现场看一看", "希望给一个答复", "希望明确办理时限", "愿意配合")
DETAILS: Final = ("", *(f"{who}{since}反映，{wish}。" for who in _TOLD_BY for since in _SINCE for wish in _WISHES))

REPLIES: Final = (
    "已到现场核实，正在安排处理", "已与反映人当面说明办理情况", "已列入本月计划，完成后告知",
    "经核查情况属实，已落实责任人", "已电话答复，反映人表示理解",
)  # fmt: skip
EXTENSIONS: Final = ("需等待材料到货", "涉及多个单位，正在会商", "受天气影响工期顺延")
REOPENINGS: Final = ("回访时问题仍然存在", "雨后再次出现", "反映人对处理结果不满意")
