"""The key of hashed household ids: from the settings, else made once beside the service's other state."""

import os
import secrets
from contextlib import suppress
from typing import Final

from geo.settings import Settings

_FILE: Final = "household.key"
_BYTES: Final = 32


def household_key(settings: Settings) -> bytes | None:
    """The key that ids of households are hashed with, None where they are kept as they are."""
    if settings.household_ids == "plain":
        return None
    if settings.household_key is not None:
        return settings.household_key.get_secret_value().encode()
    path = settings.home / _FILE
    if not path.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{_FILE}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(_BYTES).encode())
        with suppress(FileExistsError):  # another process was first: its key counts
            path.hardlink_to(new)
        new.unlink()
    return path.read_bytes()
