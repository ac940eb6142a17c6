"""A boundary file read with what is known of its county: codes by name, and a frame found against an outline."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyproj import CRS
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo.analysis.boundaries import Said
from geo.errors import CountyUnclear, FrameNotFound
from geo.intake import boundary_files, code_lists
from geo.intake.boundary_files import BoundaryLayer, SourceLayer
from geo.intake.code_lists import Join
from geo.intake.references import read_reference
from geo.services import boundary_plans
from geo.space import frames
from geo.space.codes import LEVELS, Level, normalise_cn
from geo.space.crs import WGS84, Frame, is_wgs84_like
from geo.space.frames import Diagnosis, Reading
from geo.storage.queries import areas, boundaries, counties

_NAMED_LEFT = 10
_SHOWN_SCORES = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A file, and everything that was said about it.

    :ivar county: needed where neither the codes nor what is stored say it
    :ivar frame: None where it was not said
    :ivar swapped: latitude or northing comes first; None where it was not said
    :ivar codes: a list of codes, for a file that has names only
    :ivar reference: an outline of the county, or of what the file covers, in ``reference_frame``
    """

    path: Path
    level: Level
    county: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None
    frame: Frame | None = None
    swapped: bool | None = None
    codes: Path | None = None
    reference: Path | None = None
    reference_frame: Frame = "wgs84"


def read(session: Session, asked: Asked) -> BoundaryLayer:
    """Open a file, find codes and frame, place it.

    What was said, or what the file declares, is taken; a reading that fits the ground better is only told then. A
    file that declares nothing is compared with the outline that was given, or with the county that is stored.

    :raises FrameNotFound: no reading fits well, or two fit alike
    """
    source = boundary_files.open_file(
        asked.path,
        asked.level,
        columns=asked.columns,
        layer=asked.layer,
        encoding=asked.encoding,
        needed=_needed(asked),
    )
    joined = _joined(asked, source)
    reference = _reference(session, asked, source, joined)
    diagnosis = frames.diagnose(source.geometries, reference) if reference is not None else None
    silent = source.vector.crs is None or (source.vector.crs_implied and asked.reference is not None)
    if asked.crs is None and asked.frame is None and asked.swapped is None and silent and diagnosis is not None:
        layer = boundary_files.place(source, reading=_chosen(source, diagnosis), scores=diagnosis.scores, join=joined)
    else:
        layer = _as_said(asked, source, diagnosis, joined)
    layer = replace(layer, notes={**layer.notes, **(_join_notes(joined) if asked.codes else {})})
    return _own_county(layer, asked.county) if asked.level == LEVELS[0] else layer


def _own_county(layer: BoundaryLayer, county: str | None) -> BoundaryLayer:
    """Of a file with the outlines of many counties only the one that was named."""
    mine = layer.areas["code"] == county
    if county is None or len(layer.areas) == 1 or not mine.any():
        return layer
    kept = layer.areas[mine]
    rows = set(kept["row"].tolist())
    others = Said(f"{len(layer.areas)} 条中的 1 条", f"1 of {len(layer.areas)} records")
    return replace(
        layer,
        areas=kept,
        refused=(),
        repaired=tuple(row for row in layer.repaired if row in rows),
        repairs=tuple(one for one in layer.repairs if one.code == county),
        notes={**layer.notes, "records": others},
    )


def _needed(asked: Asked) -> tuple[str, ...]:
    if asked.codes is not None:
        return ("name",)
    return () if asked.level == "county" and asked.county is not None else ("code",)


def _joined(asked: Asked, source: SourceLayer) -> Join | None:
    if asked.codes is not None:
        entries = code_lists.read_codes(asked.codes)
        rows, parents = source.texts("name"), source.texts("parent")
        return code_lists.join(rows, parents, entries, level=asked.level, county=asked.county)
    if "code" not in source.columns and asked.county is not None:
        # The outline of a county needs no column that says which.
        codes = (asked.county, *(None for _ in source.geometries[1:]))
        return Join(codes, ("exact", *(None for _ in codes[1:])), (), ())
    return None


def _join_notes(joined: Join | None) -> dict[str, Said]:
    if joined is None:
        return {}
    counts = joined.count("exact"), joined.count("normalised"), len(joined.refused), len(joined.left)
    named = ", ".join(f"{entry.name} {entry.code}" for entry in joined.left[:_NAMED_LEFT])
    left = f": {named}" + (" …" if len(joined.left) > _NAMED_LEFT else "") if joined.left else ""
    return {
        "codes": Said(
            "名称一致 {}，换写法后一致 {}，未找到 {}，代码表剩余 {}".format(*counts) + left,
            "{} by the same name, {} by another form of it, {} not found, {} of the list left".format(*counts) + left,
        )
    }


def _reference(session: Session, asked: Asked, source: SourceLayer, joined: Join | None) -> BaseGeometry | None:
    """The outline that was given, else the county that is stored, else none."""
    told = joined.codes if joined else source.texts("code")
    codes = [code and normalise_cn(code, asked.level) for code in told]
    if asked.reference is not None:
        county = asked.county or _county_of(session, asked.level, codes)
        return read_reference(asked.reference, frame=asked.reference_frame, code=county)
    county = asked.county or _county_of(session, asked.level, codes)
    known = counties.find(session, county) if county else None
    active = boundaries.find_active(session, known.code) if known else None
    if known is None or active is None or asked.level == LEVELS[0]:
        return None
    return areas.shapes(session, active, [known.code], drawn=False).get(known.code)


def _county_of(session: Session, level: Level, codes: list[str | None]) -> str | None:
    try:
        return boundary_plans.county_of(session, level, codes)
    except CountyUnclear:
        return None


def _chosen(source: SourceLayer, diagnosis: Diagnosis) -> Reading:
    if diagnosis.chosen is not None:
        return diagnosis.chosen
    best = [score for score in diagnosis.scores if score.iou > 0][:_SHOWN_SCORES]
    raise FrameNotFound(
        file=source.source,
        why=_WHY[diagnosis.outcome][0],
        why_zh=_WHY[diagnosis.outcome][1],
        scores="; ".join(f"{score.reading.name} {score.iou:.3f}" for score in best) or "—",
        scores_zh="；".join(f"{score.reading.name_zh} {score.iou:.3f}" for score in best) or "—",
        options=best[0].reading.options if best else "--crs EPSG:4490",
    )


_WHY = {
    "tie": ("two readings fit alike", "有两种解读同样吻合"),
    "poor": ("no reading fits well", "没有一种解读吻合"),
    "impossible": ("no reading touches it", "任何解读都与参照范围不相交"),
}


def _as_said(asked: Asked, source: SourceLayer, diagnosis: Diagnosis | None, joined: Join | None) -> BoundaryLayer:
    reading = None
    if asked.swapped:
        declared = boundary_files.declared_crs(source, asked.crs) if asked.crs or source.vector.crs else None
        reading = Reading((declared and declared.to_epsg()) or WGS84, asked.frame or "wgs84", swapped=True)
    layer = boundary_files.place(
        source,
        crs=asked.crs or ("EPSG:4326" if source.vector.crs is None and asked.frame else None),
        frame=asked.frame or "wgs84",
        reading=reading,
        scores=diagnosis.scores if diagnosis else (),
        join=joined,
    )
    if diagnosis is None or diagnosis.chosen is None:
        return layer
    frame = "wgs84" if asked.frame in (None, "cgcs2000") else asked.frame
    taken = reading or Reading(_epsg(layer.crs), frame)
    better = diagnosis.chosen
    if better == taken:
        return layer
    fit = f"{diagnosis.scores[0].iou:.3f}"
    note = Said(
        f"按 {better.name_zh} 解读与参照范围更吻合（{fit}）；如需如此读取：{better.options}",
        f"{better.name} fits the reference better ({fit}); to read it so: {better.options}",
    )
    return replace(layer, notes={**layer.notes, "frame": note})


def _epsg(crs: str) -> int:
    declared = CRS.from_user_input(crs)
    return WGS84 if is_wgs84_like(declared) else declared.to_epsg() or 0
