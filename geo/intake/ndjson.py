"""Files of one JSON object a line. A line that is none is a row that cannot be read, and no other's concern."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO

from geo.errors import FileEmpty, FileUnreadable
from geo.intake.rejections import Rejection, Spoiled
from geo.limits import MAX_CELL_CHARS, MAX_LINE_CHARS

_NOT_JSON: Final = (
    "is not JSON; each line is one object, and a last line without its end was cut off",
    "不是 JSON；每行应为一个对象，最后一行不完整说明文件被截断",
)
_NO_OBJECT: Final = ("is not an object with named fields", "不是带字段名的对象")
_OF_OTHER_FILES: Final = (_NOT_JSON[0], _NO_OBJECT[0])
"""What is wrong with every line of a file that is something else."""
_NUMBER: Final = ("has a number of too many digits", "含有位数过多的数字")
_DEEP: Final = (
    "is nested too deep; a field holds a text, a number or a list of texts",
    "嵌套过深；每个字段应为文字、数字或文字列表",
)
_NO_TEXT: Final = ("has half of a character (\\ud800 to \\udfff)", "含有不完整的字符（\\ud800 至 \\udfff）")
_TOO_LONG: Final = (f"is longer than {MAX_LINE_CHARS:,} characters", f"超过 {MAX_LINE_CHARS} 个字符")


def rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Objects with the numbers of their lines; a line that is none comes as `Spoiled`. Empty lines are passed over.

    :raises FileUnreadable: not UTF-8, or not a single line is an object, which shows at the end
    :raises FileEmpty: no line
    """
    any_object, first = False, None
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(_bounded(file), start=1):
                if not line.strip():
                    continue
                row = _row(number, line)
                if not (isinstance(row, Spoiled) and row.why.en in _OF_OTHER_FILES):
                    any_object = True
                elif first is None and not any_object:
                    first = row.why
                    _refuse_list(path, line)
                yield number, row
    except UnicodeDecodeError as error:
        raise FileUnreadable(
            file=path.name, reason="this is not UTF-8, or it was cut off", reason_zh="不是 UTF-8 编码，或文件不完整"
        ) from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileUnreadable(file=path.name, reason="there is no such file", reason_zh="没有这个文件") from error
    if not any_object and first is None:
        raise FileEmpty(file=path.name)
    if not any_object and first is not None:
        raise FileUnreadable(
            file=path.name, reason=f"line {first.row} {first.en}", reason_zh=f"第 {first.row} 行{first.zh}"
        )


def _bounded(file: TextIO) -> Iterator[str]:
    """Lines; of one that is too long the beginning, which is too long as well."""
    while line := file.readline(MAX_LINE_CHARS + 1):
        rest = line
        while len(rest) > MAX_LINE_CHARS and not rest.endswith("\n"):
            rest = file.readline(MAX_LINE_CHARS + 1)
        yield line


def _row(number: int, line: str) -> Mapping[str, Any]:
    found, why = _object(line) if len(line) <= MAX_LINE_CHARS else ({}, _TOO_LONG)
    if why is None:
        return found
    return Spoiled({}, Rejection(number, "row", *why), surplus=[line.strip()[:MAX_CELL_CHARS]])


def _object(line: str) -> tuple[dict[str, Any], tuple[str, str] | None]:
    """What a line says, and what is wrong with it."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return {}, _NOT_JSON
    except ValueError:  # of an integer with more digits than are read
        return {}, _NUMBER
    except RecursionError:
        return {}, _DEEP
    if not isinstance(found, dict):
        return {}, _NO_OBJECT
    if any(map(_is_deep, found.values())):
        return {}, _DEEP
    return found, _NO_TEXT if "\\ud" in line.lower() and not _is_text(found) else None


def _is_deep(value: object) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(one, dict | list) for one in inner)


def _is_text(found: dict[str, Any]) -> bool:
    """Whether all characters are whole: JSON can write the halves of those beyond the first 65,536."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_list(path: Path, line: str) -> None:
    """Whoever writes one list into a file does so on its first line, and no line after it stands for itself."""
    if line.lstrip().startswith("[") and line.rstrip().endswith(("[", ",")):
        raise FileUnreadable(
            file=path.name,
            reason="this is one JSON list; write one object a line, without [ ] and without commas between",
            reason_zh="这是一个 JSON 列表；请每行写一个对象，不要 [ ] 和行间逗号",
        )
