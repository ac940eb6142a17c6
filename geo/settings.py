"""Settings, read from the environment (prefix ``WANGGE_``) by the two edges only: `api.app` and `api.cli`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from geo.limits import POOL_SIZE, STATEMENT_TIMEOUT_MS


class Settings(BaseSettings):
    """All that can be set from outside. An empty environment gives a working local service."""

    model_config = SettingsConfigDict(env_prefix="WANGGE_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str | None = Field(
        default=None, description="PostgreSQL >= 15 with PostGIS >= 3.3; without it the private local PostGIS is used"
    )
    home: Path = Field(default=Path("var"), description="where the private PostGIS and all local state lie")
    host: str = Field(default="127.0.0.1", description="address to bind")
    allow_remote: bool = Field(
        default=False, description="serve plain HTTP on an address that is not loopback, for a proxy that speaks TLS"
    )
    port: int = Field(default=8000, ge=1, le=65535, description="port to bind")
    county: str | None = Field(default=None, description="the county meant when a request names none")
    lang: Literal["zh-CN", "en"] = Field(default="zh-CN", description="language of words that people see")
    statement_timeout_ms: int = Field(
        default=STATEMENT_TIMEOUT_MS, ge=100, description="longest statement of a web request"
    )
    pool_size: int = Field(default=POOL_SIZE, ge=1, le=200, description="database connections and worker threads")
    household_ids: Literal["plain", "hashed"] = Field(
        default="plain", description="hashed: households are kept under keyed hashes of their ids, without their names"
    )
    household_key: SecretStr | None = Field(
        default=None,
        description="key of those hashes; without it one is made in HOME",
    )
    bulletin_template: Path | None = Field(
        default=None, description="the county's own Word template of the bulletin; else the default one"
    )
    basemap_url: str | None = Field(
        default=None, description="tile address with {z}, {x}, {y} for a basemap; without it no basemap"
    )
    basemap_attribution: str = Field(default="", description="what the basemap's owner wants to be shown")
    basemap_frame: Literal["wgs84", "gcj02"] = Field(default="wgs84", description="frame of the basemap's tiles")

    @model_validator(mode="after")
    def _basemap_is_a_template(self) -> Self:
        if self.basemap_url is not None and not all(part in self.basemap_url for part in ("{z}", "{x}", "{y}")):
            raise ValueError("WANGGE_BASEMAP_URL needs {z}, {x} and {y}")
        return self
