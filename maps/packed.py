"""Zip files that are the same bytes for the same content: fixed times, given order. Word and Excel files are such."""

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

_NEVER: Final = (1980, 1, 1, 0, 0, 0)
_CORE: Final = "docProps/core.xml"
_MOMENT: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of some files, in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _NEVER)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same wherever it is written
            archive.writestr(entry, content)
    return buffer.getvalue()


def settled(document: bytes, day: date) -> bytes:
    """A Word or Excel file as if it had been made on that day."""
    said = datetime(day.year, day.month, day.day, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    return packed(
        (name, _MOMENT.sub(rb"\g<1>" + said + rb"\2", content) if name == _CORE else content) for name, content in files
    )
