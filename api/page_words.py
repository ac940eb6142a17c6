"""Words of the pages around the maps."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Final

from geo.errors import Lang

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "other_language": ("English", "中文"),
    "home": ("走访覆盖图", "Coverage map"),
    "sign_in": ("登录", "Sign in"),
    "sign_out": ("退出登录", "Sign out"),
    "sign_in_hint": ("账号由本县管理员开设。", "Accounts are made by the administrator of your county."),
    "wrong": ("账号或密码不对。", "The account or the password is wrong."),
    "wait": ("尝试次数过多，请在 {n} 秒后再试。", "Too many attempts; try again in {n} seconds."),
    "old_form": ("页面已过期，请再提交一次。", "The page was too old; please send it again."),
    "account": ("账号", "Account"),
    "name": ("账号", "Account"),
    "password": ("密码", "Password"),
    "role": ("角色", "Role"),
    "scope": ("范围", "Scope"),
    "everything": ("全部区域", "everything"),
    "staff_no": ("工号", "Staff number"),
    "tokens": ("令牌", "Tokens"),
    "tokens_hint": (
        "供其他系统或 GIS 软件代表本账号读取数据：用户名填账号，密码填令牌；或用请求头 Authorization: Bearer 令牌。",
        "For other systems and GIS programs: the account as user name and the token as password, or a Bearer header.",
    ),
    "token_made": ("新令牌", "New token"),
    "token_once": (
        "请立即复制保存，离开本页后不再显示。",
        "Copy it now; it is not shown again once you leave this page.",
    ),
    "label": ("用途", "What it is for"),
    "days": ("有效天数", "Valid for days"),
    "make_token": ("生成令牌", "Make a token"),
    "made": ("生成于", "Made"),
    "expires": ("到期", "Expires"),
    "used": ("最近使用", "Last used"),
    "never": ("从未", "never"),
    "revoke": ("吊销", "Revoke"),
    "revoked": ("已吊销", "revoked"),
    "expired": ("已过期", "expired"),
    "change_password": ("修改密码", "Change the password"),
    "old_password": ("当前密码", "Current password"),
    "new_password": ("新密码（至少 {n} 位）", "New password (at least {n} characters)"),
    "change": ("修改", "Change"),
    "changed": ("密码已修改，其他设备上的登录已退出。", "The password is changed; other devices are signed out."),
    "viewer": ("查看者", "viewer"),
    "cadre": ("干部", "cadre"),
    "supervisor": ("网格主管", "supervisor"),
    "planner": ("走访办", "planner"),
    "admin": ("管理员", "administrator"),
    "service": ("系统对接", "service"),
}


def words(lang: Lang) -> SimpleNamespace:
    """All of them in one language, by name."""
    return SimpleNamespace(**{name: pair[lang == "en"] for name, pair in _WORDS.items()})
