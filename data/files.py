"""The sample county as files."""

import json
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

_README: Final = """\
云栖县（虚构示例）                                       种子 seed {seed}，倍数 scale {scale}

本文件夹中的一切均为虚构：县、乡镇、村、网格、边界、单位、干部、走访对象、走访记录与问题皆由程序随机生成。
县域位于公海海面，代码 990101 不属于任何省份。姓名由常用字随机组合，与真实的人同名纯属巧合；电话均非真实号码。
仅供试用、演示和测试，不得作为真实数据使用。

Everything in this folder is fictional: the county, its towns, villages, grids and boundaries, its organisations,
cadres, places, visits and issues were made at random by a program. The county lies on the open sea; the code 99 is no
province.
Names are put together from common characters; a likeness to real persons is chance. No telephone number is real.
For trials, demonstrations and tests only.

boundaries.gpkg   边界 boundaries, EPSG:4326; layers county, towns, villages, grids
organisations.csv 单位
cadres.csv        干部
assignments.csv   分工
places.csv        走访对象
visits.csv        走访（含有意加入的差错 with flaws on purpose）
rules.csv         走访要求
area_settings.csv 区域设置：重点与排除 tiers and exclusions
limits.csv        办理期限 days by category
routes.csv        承办分派 who handles what
issues.csv        问题
issue_events.csv  问题的办理过程，逐条按时间 what happened to the issues, in the order of time
planted.json      预设事实：测试用 planted truths for tests
"""


def write_layers(layers: dict[str, gpd.GeoDataFrame], path: Path) -> Path:
    """A new GeoPackage with one layer a frame."""
    path.unlink(missing_ok=True)
    for name, frame in layers.items():
        frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    return path


def write_sheet(frame: pd.DataFrame, path: Path) -> Path:
    """A csv as spreadsheet programs in China open it rightly: UTF-8 with a byte order mark."""
    frame.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return path


def write_json(value: dict[str, object], path: Path) -> Path:
    """Readable JSON."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def write_readme(seed: int, scale: int, path: Path) -> Path:
    """Say in Chinese and English that all is fictional."""
    path.write_text(_README.format(seed=seed, scale=scale), encoding="utf-8")
    return path
