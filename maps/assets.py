"""Front-end files: where they lie, their addresses, their text; and the copy from npm that ``make assets`` runs.

Our own files are committed under ``maps/static``. Vendored ones are copied from ``node_modules`` into
``maps/static/vendor`` by ``python -m maps.assets`` with their licences beside them, and are not committed.
"""

import base64
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final

from geo.errors import ServiceUnavailable

URL_PREFIX: Final = "/static"
STATIC: Final = Path(__file__).parent / "static"

LEAFLET_JS: Final = "vendor/leaflet/leaflet.js"
LEAFLET_CSS: Final = "vendor/leaflet/leaflet.css"
FULLSCREEN_JS: Final = "vendor/leaflet.fullscreen/Control.FullScreen.umd.js"
MEASURE_JS: Final = "vendor/leaflet.polylinemeasure/Leaflet.PolylineMeasure.js"
MEASURE_CSS: Final = "vendor/leaflet.polylinemeasure/Leaflet.PolylineMeasure.css"
SYNC_JS: Final = "vendor/leaflet.sync/L.Map.Sync.js"
VECTOR_GRID_JS: Final = "vendor/leaflet.vectorgrid/Leaflet.VectorGrid.bundled.min.js"
SWAGGER_JS: Final = "vendor/swagger-ui-dist/swagger-ui-bundle.js"
SWAGGER_CSS: Final = "vendor/swagger-ui-dist/swagger-ui.css"

VENDORED: Final[dict[str, tuple[str, ...]]] = {
    "leaflet": ("dist/leaflet.js", "dist/leaflet.css", "dist/images/*.png", "LICENSE"),
    "leaflet.fullscreen": ("dist/Control.FullScreen.umd.js", "dist/Control.FullScreen.css", "LICENSE.md"),
    "leaflet.polylinemeasure": ("Leaflet.PolylineMeasure.js", "Leaflet.PolylineMeasure.css", "LICENSE.txt"),
    "leaflet.sync": ("L.Map.Sync.js", "LICENSE"),
    "leaflet.vectorgrid": ("dist/Leaflet.VectorGrid.bundled.min.js", "package.json"),
    "swagger-ui-dist": ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"),
}
"""npm package → the files taken from it; ``dist/`` is dropped from their paths. What comes without a licence file names
its licence in ``package.json``."""

TOGETHER: Final = "together"
"""Folder of the addresses of several files at once."""

_MOST_JOINED: Final = 40
_HASH_DIGITS: Final = 12
_MEDIA_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
_CSS_URL: Final = re.compile(r"url\(\s*['\"]?([\w./-]+\.png)['\"]?\s*\)")
_SOURCE_MAP: Final = re.compile(r"//# sourceMappingURL=\S*")


class AssetMissing(ServiceUnavailable):
    """A front-end file that is not there, most likely because ``make assets`` was not run."""

    zh = "缺少前端文件 {name}，请运行：make assets"
    en = "front-end file {name} is missing; run: make assets"


def static_dir() -> Path:
    """The folder to serve under `URL_PREFIX`."""
    return STATIC


def url_of(name: str) -> str:
    """Address of a file, with a hash of its content so that it may be cached for ever.

    :param name: path below `static_dir`
    :raises AssetMissing: it is not there
    """
    return f"{URL_PREFIX}/{name}?v={_hash(_find(name), _find(name).stat().st_mtime_ns)}"


def urls_of(names: Sequence[str]) -> list[str]:
    """Addresses of scripts or of style sheets, in their order; our own that stand side by side come as one file.

    :raises AssetMissing: one of them is not there
    """
    addresses: list[str] = []
    for vendored, run in groupby(names, key=lambda name: "/" in name):
        if vendored:
            addresses += [url_of(name) for name in run]
        else:
            own = tuple(run)
            addresses.append(f"{URL_PREFIX}/{TOGETHER}/{'+'.join(own)}?v={_joined(own).mark}")
    return addresses


@dataclass(frozen=True, slots=True)
class Joined:
    """Files of ours one behind the other; ``mark`` is the hash that `urls_of` gives them."""

    text: bytes
    media_type: str
    mark: str


def joined(names: str) -> Joined | None:
    """What lies at an address of `urls_of`; None where there is no such thing.

    :param names: of our own scripts, or style sheets, with ``+`` between them
    """
    several = tuple(names.split("+"))
    endings = {Path(name).suffix for name in several}
    known = all("/" not in name and (STATIC / name).is_file() for name in several)
    if len(several) > _MOST_JOINED or len(endings) != 1 or not endings <= set(_MEDIA_TYPES) or not known:
        return None
    return _joined(several)


def is_hash_of(path: Path, text: str) -> bool:
    """Whether a text is the hash that `url_of` gives a file."""
    return text == _hash(path, path.stat().st_mtime_ns)


def text_of(name: str) -> str:
    """A script or style sheet as text that may stand inside an HTML page: images inlined, no end tag within.

    :raises AssetMissing: it is not there
    """
    path = _find(name)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return _CSS_URL.sub(lambda match: f"url({_data_uri(path.parent / match[1])})", text)
    return _SOURCE_MAP.sub("", text).replace("</script", r"<\/script")


def copy_vendored(modules: Path, into: Path = STATIC / "vendor") -> list[Path]:
    """Replace the vendored files by those of a ``node_modules`` folder.

    :return: the files written
    :raises AssetMissing: the folder lacks one of them
    """
    copies: dict[Path, Path] = {}
    for package, patterns in VENDORED.items():
        for pattern in patterns:
            found = sorted((modules / package).glob(pattern))
            if not found:
                raise AssetMissing(name=f"{modules.name}/{package}/{pattern}")
            for source in found:
                name = source.relative_to(modules / package).as_posix().removeprefix("dist/")
                copies[source] = into / package / name
    shutil.rmtree(into, ignore_errors=True)
    for source, target in copies.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return list(copies.values())


def _find(name: str) -> Path:
    path = STATIC / name
    if not path.is_file():
        raise AssetMissing(name=name)
    return path


def _joined(names: tuple[str, ...]) -> Joined:
    return _read(names, tuple(_find(name).stat().st_mtime_ns for name in names))


@lru_cache(maxsize=64)
def _read(names: tuple[str, ...], _changed_ns: tuple[int, ...]) -> Joined:
    text = b"\n".join(_find(name).read_bytes() for name in names)
    return Joined(text, _MEDIA_TYPES[Path(names[0]).suffix], sha256(text).hexdigest()[:_HASH_DIGITS])


@lru_cache(maxsize=64)
def _hash(path: Path, _changed_ns: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:_HASH_DIGITS]


def _data_uri(image: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(image.read_bytes()).decode('ascii')}"


def main() -> None:
    """Copy the vendored files from ``node_modules`` in the working directory."""
    copy_vendored(Path("node_modules"))


if __name__ == "__main__":
    main()
