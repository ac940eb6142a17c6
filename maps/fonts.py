"""A font of this machine that has Chinese characters, for pictures that are drawn without a browser."""

import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

from geo.errors import ServiceUnavailable

_KNOWN: Final = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),  # 2 is simplified Chinese
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/System/Library/Fonts/PingFang.ttc", 0),
    ("/System/Library/Fonts/STHeiti Light.ttc", 0),
    ("C:/Windows/Fonts/msyh.ttc", 0),
)
_PATIENCE_S: Final = 10


class FontMissing(ServiceUnavailable):
    """No font with Chinese characters is installed."""

    zh = "没有找到中文字体，无法绘制图片。请安装，例如：apt-get install -y fonts-noto-cjk"
    en = "no font with Chinese characters was found for the picture; install one: apt-get install -y fonts-noto-cjk"


def chinese(size_px: int) -> ImageFont.FreeTypeFont:
    """The font at a size.

    :raises FontMissing: there is none
    """
    path, index = _find()
    return ImageFont.truetype(path, size_px, index=index)


@lru_cache(maxsize=1)
def _find() -> tuple[str, int]:
    for path, index in (*_asked(), *_KNOWN):
        if Path(path).is_file():
            return path, index
    raise FontMissing


def _asked() -> list[tuple[str, int]]:
    """What fontconfig would take for simplified Chinese; nothing where it is not installed or has none either."""
    command = ["fc-match", "--format", "%{file}\n%{index}\n%{lang}", "sans-serif:lang=zh-cn"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE_S).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    path, index, languages = answer.split("\n", 2)
    return [(path, int(index))] if "zh-cn" in languages.split("|") else []
