"""What anybody can find out about the sample with geopandas, without the code that made it."""

import geopandas as gpd
import pandas as pd

from data.sample import Sample
from geo.space.crs import to_wgs84

MONTHS = [str(month) for month in pd.period_range("2025-11", "2026-10", freq="M")]


def faults(sample: Sample) -> pd.Series:
    """Why a row must be refused; empty where it is good."""
    visits = sample.visits
    reason = pd.Series("", index=visits.index)
    reason[(visits["ended_at"] != "") & (visits["ended_at"] < visits["started_at"])] = "ended_before_it_started"
    reason[~visits["staff_no"].isin(sample.cadres["staff_no"])] = "unknown_staff_no"
    reason[visits["lat"] > 90] = "lon_lat_swapped"
    reason[visits["started_at"] > "2027"] = "far_future"
    return reason


def located(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    lon, lat = frame["lon"].to_numpy(copy=True), frame["lat"].to_numpy(copy=True)
    shifted = (frame["frame"] == "gcj02").to_numpy()
    lon[shifted], lat[shifted] = to_wgs84(lon[shifted], lat[shifted], "gcj02")
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs=4326)


def grid_of(points: gpd.GeoDataFrame, sample: Sample) -> pd.Series:
    """Code of the grid that contains each point; missing outside of all."""
    joined = points.sjoin(sample.grids[["code", "geometry"]], predicate="within", how="left")
    assert joined.index.is_unique  # a partition: no point is in two grids
    return joined["code"]


def excluded(sample: Sample, level: str) -> list[str]:
    return [one["code"] for one in sample.planted["excluded"] if one["level"] == level]
