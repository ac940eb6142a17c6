"""Zip archives, opened with care: what they hold is unpacked into a folder that is gone afterwards.

Nothing is written outside the folder, whatever the names say, and no more than the stated limits, whatever the sizes
say.
"""

import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from geo.errors import FileUnreadable
from geo.limits import MAX_ARCHIVE_BYTES, MAX_ARCHIVE_ENTRIES, MAX_ARCHIVE_RATIO

_ENCRYPTED: Final = 0x1
_UTF8_NAMES: Final = 0x800
_CHUNK: Final = 2**20
_MEGABYTE: Final = 2**20
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, ValueError)
"""What zipfile raises of an archive that is damaged; the last of names that are not in their encoding too."""


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A folder with the files of an archive.

    :raises FileUnreadable: damaged, encrypted, beyond a limit, or with a name that leads out of the folder
    """
    with tempfile.TemporaryDirectory(prefix="wangge-") as made:
        folder = Path(made)
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(path, archive, folder)
        except _DAMAGE as error:
            raise FileUnreadable(
                file=path.name, reason="the archive is damaged; pack it again", reason_zh="压缩包已损坏，请重新压缩"
            ) from error
        yield folder


def check(path: Path) -> None:
    """Refuse an archive that another library is to open, if its entries go beyond a limit by what they say.

    :raises FileUnreadable: too many, too large, or packed too tightly; what is no archive at all is left to the other
    """
    entries = listed(path)
    _check_count(path, len(entries))
    if sum(entry.file_size for entry in entries) > MAX_ARCHIVE_BYTES:
        _refuse_size(path)
    for entry in entries:
        _check(path, entry, _name(entry))


def listed(path: Path) -> list[zipfile.ZipInfo]:
    """The entries of an archive; none of what is damaged, or no archive at all."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except _DAMAGE:
        return []


def _unpack(path: Path, archive: zipfile.ZipFile, folder: Path) -> None:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_count(path, len(entries))
    left = MAX_ARCHIVE_BYTES
    for entry in entries:
        name = _name(entry)
        _check(path, entry, name)
        target = folder.joinpath(*PurePosixPath(name).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        left = _write(path, archive, entry, target, left)


def _name(entry: zipfile.ZipInfo) -> str:
    """Chinese desktops write names in GBK without saying so; zipfile has read those as code page 437."""
    name = entry.filename
    if not entry.flag_bits & _UTF8_NAMES and not name.isascii():
        raw = name.encode("cp437")
        for encoding in ("utf-8", "gb18030"):
            try:
                return raw.decode(encoding).replace("\\", "/")
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")


def _check(path: Path, entry: zipfile.ZipInfo, name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or ":" in parts[0] or "\x00" in name:
        _refuse(
            path,
            f"the archive has a file name that leads elsewhere ({name!r}); pack it again with plain names",
            f"压缩包内的文件名“{name}”指向别处，请用普通文件名重新压缩",
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        _refuse(
            path,
            f"the archive has a link instead of a file ({name}); pack the file itself",
            f"压缩包内“{name}”是链接而不是文件，请压缩文件本身",
        )
    if entry.flag_bits & _ENCRYPTED:
        _refuse(path, "the archive has a password; pack it without one", "压缩包有密码，请去掉密码重新压缩")
    if entry.file_size > _MEGABYTE and entry.file_size > MAX_ARCHIVE_RATIO * max(1, entry.compress_size):
        _refuse(
            path,
            f"{name} in the archive is packed more than {MAX_ARCHIVE_RATIO:,} times; unpack it first",
            f"压缩包内“{name}”的压缩比超过 {MAX_ARCHIVE_RATIO}，请先解压",
        )


def _write(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int) -> int:
    """What is left of the bytes that all files together may have; sizes are counted, not believed."""
    with archive.open(entry) as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                _refuse_size(path)
            file.write(chunk)
    return left


def _check_count(path: Path, count: int) -> None:
    if count > MAX_ARCHIVE_ENTRIES:
        _refuse(
            path,
            f"the archive has {count:,} files, more than {MAX_ARCHIVE_ENTRIES:,}; pack only what is needed",
            f"压缩包内有 {count} 个文件，超过上限 {MAX_ARCHIVE_ENTRIES}，请只压缩所需文件",
        )


def _refuse_size(path: Path) -> None:
    megabytes = MAX_ARCHIVE_BYTES // _MEGABYTE
    _refuse(
        path,
        f"the archive holds more than {megabytes:,} MB; unpack it first",
        f"压缩包解压后超过 {megabytes} MB，请先解压",
    )


def _refuse(path: Path, en: str, zh: str) -> None:
    raise FileUnreadable(file=path.name, reason=en, reason_zh=zh)
