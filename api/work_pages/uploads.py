"""Files that come with a form, kept under a name that is safe and still says what they are."""

import re
from pathlib import Path
from typing import Final

from fastapi import UploadFile

_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f/\\]")
_MAX_NAME_BYTES: Final = 200
"""File systems take 255; a Chinese character has three."""


def name_of(file: UploadFile) -> str:
    """Its name without folders, control characters and leading dots; the end of a long one."""
    name = _NOT_IN_NAMES.sub("", file.filename or "").encode("utf-8", "replace")[-_MAX_NAME_BYTES:]
    return name.decode("utf-8", "ignore").lstrip(".") or "file"


def keep(file: UploadFile, path: Path) -> int:
    """Write it to a path, whose folder is made; how many bytes it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with path.open("wb") as out:
        while chunk := file.file.read(1 << 20):
            size += out.write(chunk)
    return size
