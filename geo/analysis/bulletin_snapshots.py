"""A bulletin as text that is the same for the same bulletin, and back: what is stored, and what its hash is of."""

import json
from hashlib import sha256
from typing import Any, Final

from pydantic import TypeAdapter

from geo.analysis.bulletins import Bulletin

_ADAPTER: Final = TypeAdapter(Bulletin)


def plain(bulletin: Bulletin) -> dict[str, Any]:
    """As what JSON has."""
    found: dict[str, Any] = _ADAPTER.dump_python(bulletin, mode="json")
    return found


def read(snapshot: dict[str, Any]) -> Bulletin:
    """Back from `plain`.

    :raises pydantic.ValidationError: it is no snapshot
    """
    return _ADAPTER.validate_python(snapshot, strict=False)


def canonical(snapshot: dict[str, Any]) -> bytes:
    """UTF-8 with sorted names and without spaces: the same for the same content.

    >>> canonical({"b": 1.5, "a": "通报"}).decode()
    '{"a":"通报","b":1.5}'
    """
    return json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def fingerprint(snapshot: dict[str, Any]) -> str:
    """SHA-256 of the canonical form, hexadecimal."""
    return sha256(canonical(snapshot)).hexdigest()
