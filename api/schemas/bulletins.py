"""Bulletins on the wire."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from geo.analysis import bulletin_snapshots
from geo.analysis.bulletins import Bulletin
from geo.limits import MAX_TEXT_CHARS
from geo.storage.queries.bulletins import EditionInfo


class BulletinIn(BaseModel):
    """What is to be published."""

    month: str = Field(description="YYYY-MM, a month that is over", examples=["2026-10"])
    reason: str | None = Field(
        default=None, max_length=MAX_TEXT_CHARS, description="why there is another edition; not needed for the first"
    )
    edition: int | None = Field(
        default=None, ge=1, description="number that it is to have; refused where somebody else was faster"
    )


class BulletinOut(BaseModel):
    """A published edition."""

    county: str
    month: str = Field(examples=["2026-10"])
    edition: int
    published_at: datetime
    actor: str = Field(description="the account that published it")
    reason: str | None = Field(description="why there is an edition after the first")
    sha256: str = Field(description="of the canonical JSON of the snapshot: sorted names, no spaces, UTF-8")
    address: str = Field(description="of the snapshot; with format=docx, xlsx or zip of its files")

    @classmethod
    def of(cls, info: EditionInfo) -> "BulletinOut":
        """From what is stored."""
        return cls(
            county=info.county,
            month=str(info.month),
            edition=info.edition,
            published_at=info.published_at,
            actor=info.actor,
            reason=info.reason,
            sha256=info.sha256,
            address=f"/bulletins/{info.month}/{info.edition}?county={info.county}",
        )


class BulletinPage(BaseModel):
    """A page of editions."""

    bulletins: list[BulletinOut]
    next: str | None = Field(description="cursor of the next page")


class BulletinContent(BaseModel):
    """The whole of a bulletin: figures, the lists behind them, and what differs from the edition before."""

    sha256: str | None = Field(description="of the bulletin; None for a draft")
    bulletin: dict[str, Any]

    @classmethod
    def of(cls, bulletin: Bulletin, sha256: str | None) -> "BulletinContent":
        """From the value."""
        return cls(sha256=sha256, bulletin=bulletin_snapshots.plain(bulletin))
