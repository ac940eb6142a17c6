"""Sheets as csv (UTF-8 with or without a mark, UTF-16, or GB18030) or xlsx; English or Chinese column names."""

import codecs
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from geo.errors import FileEmpty, FileUnreadable
from geo.intake import headers, workbooks
from geo.intake.headers import ADDED_COLUMNS
from geo.intake.rejections import Rejection, Spoiled
from geo.intake.workbooks import ErrorCell
from geo.limits import MAX_CELL_CHARS, MAX_IMPORT_BYTES

_FIRST_ROWS: Final = 10
_OTHER_WORKBOOKS: Final = frozenset({".xls", ".xlsm", ".xltx", ".xltm", ".xlsb", ".ods", ".et"})
_CHARACTER_BYTES: Final = 4


def rows(path: Path, *, columns: frozenset[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a sheet with their number in it, the header mostly being row 1; empty rows are passed over.

    Titles and explanations above the header are passed over too. A row counts once however many lines a quoted cell
    has, as spreadsheets count. Spaces around a cell go; cells that a short row leaves out are empty; a column without a
    name must be empty, and is left out. A row that breaks this, whose formula has failed or that has a cell without an
    end comes as `Spoiled`.

    :param columns: the names that the sheet may have; what has one Chinese name for two of them is the one that it has
    :raises FileUnreadable: missing, damaged, not text, cut off, or with quotes that do not close
    :raises FileEmpty: no row below the header
    """
    lines = _filled(path)
    first = list(itertools.islice(lines, _FIRST_ROWS))
    at = headers.header_of(first, columns)
    if not first:
        raise FileEmpty(file=path.name)
    names = [headers.english(cell.strip(), columns) for cell in first[at][1]]
    _check_header(path, names)
    any_row = False
    for number, cells in itertools.chain(first[at + 1 :], lines):
        any_row = True
        yield number, _fields(number, names, cells)
    if not any_row:
        raise FileEmpty(file=path.name)


def titles(path: Path, *, columns: frozenset[str]) -> dict[str, str]:
    """Titles of the columns as they stand in a sheet, by name and in their order; raises as `rows` does."""
    first = list(itertools.islice(_filled(path), _FIRST_ROWS))
    if not first:
        raise FileEmpty(file=path.name)
    header = [cell.strip() for cell in first[headers.header_of(first, columns)][1]]
    found = {headers.english(title, columns): title for title in header if title}
    return {name: title for name, title in found.items() if name not in ADDED_COLUMNS}


def _filled(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, cells in _lines(path):
        if any(cell.strip() for cell in cells):
            yield number, cells


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        yield from workbooks.lines(path)
        return
    if suffix in _OTHER_WORKBOOKS:
        reason = f"{suffix} is not taken; save it as xlsx without macros, or as csv"
        raise FileUnreadable(file=path.name, reason=reason, reason_zh=f"不接受 {suffix}，请另存为不含宏的 xlsx 或 csv")
    text = _text(path)
    csv.field_size_limit(MAX_IMPORT_BYTES)  # how long a cell may be is said of its row, not of the file
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_delimiter(text))
    begun, number = 1, 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        raise FileUnreadable(
            file=path.name,
            reason=f"a quote is not closed, or text follows the closing quote, in row {number + 1} (line {begun});"
            " within quotes a quote is written twice",
            reason_zh=f"第 {number + 1} 行（文本第 {begun} 行）的引号没有成对，或引号后还有文字；引号内的引号须写两次",
        ) from error


def _fields(number: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) == len(header) and "" not in header:
        fields, surplus = dict(zip(header, map(str.strip, cells), strict=True)), []
    else:
        pairs = list(zip_longest(header, (cell.strip() for cell in cells), fillvalue=""))
        fields = {name: cell for name, cell in pairs if name}
        surplus = [cell for name, cell in pairs if not name and cell]
    why = _spoiled(number, header, cells, has_surplus=bool(surplus))
    return Spoiled(fields, why, surplus=surplus) if why else fields


def _spoiled(number: int, header: Sequence[str], cells: Sequence[str], *, has_surplus: bool) -> Rejection | None:
    if has_surplus:
        return Rejection(
            number,
            "row",
            "a cell stands under no column name; in a csv a text with a comma in it needs quotes around it",
            "有单元格没有对应的列名；csv 中含逗号的文字须加引号",
        )
    if sum(map(len, cells)) > MAX_CELL_CHARS:
        for name, cell in zip(header, cells, strict=False):
            if len(cell) > MAX_CELL_CHARS:
                return Rejection(
                    number,
                    name,
                    f"is longer than {MAX_CELL_CHARS:,} characters; shorten it",
                    f"超过 {MAX_CELL_CHARS} 个字符，请缩短",
                )
    for name, cell in zip(header, cells, strict=False):
        if isinstance(cell, ErrorCell) and name:
            return Rejection(
                number, name, f"has the error {cell}; mend the formula", f"单元格有错误值 {cell}，请改正公式"
            )
    return None


def _check_header(path: Path, header: list[str]) -> None:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FileUnreadable(
            file=path.name,
            reason=f"column {twice[0]} stands twice in the header",
            reason_zh=f"表头中“{twice[0]}”列出现两次",
        )


def _text(path: Path) -> str:
    if not path.exists():
        raise FileUnreadable(file=path.name, reason="there is no such file", reason_zh="没有这个文件")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileUnreadable(
            file=path.name, reason=f"cannot be read ({error.strerror})", reason_zh=f"无法读取（{error.strerror}）"
        ) from error
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # "Unicode text" of spreadsheets
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw:
        raise FileUnreadable(
            file=path.name,
            reason="this is not a csv file; save the sheet as csv or xlsx",
            reason_zh="不是 csv 文件，请把表格另存为 csv 或 xlsx",
        )
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            if _is_cut(raw, error):
                raise _cut_off(path, raw) from error
    raise FileUnreadable(
        file=path.name,
        reason="neither UTF-8 nor GB18030; save it as UTF-8",
        reason_zh="既不是 UTF-8 也不是 GB18030，请另存为 UTF-8",
    )


def _delimiter(text: str) -> str:
    """What stands between the cells of the first row that has several: a comma, a tab or a semicolon."""
    for line in text.splitlines()[:_FIRST_ROWS]:
        counts = {mark: line.count(mark) for mark in (",", "\t", ";")}
        if any(counts.values()):
            return max(counts, key=lambda mark: counts[mark])
    return ","


def _is_cut(raw: bytes, error: UnicodeDecodeError) -> bool:
    """Whether only the last character is not whole."""
    length = len(error.object)  # without the mark at its beginning
    return error.start >= length - _CHARACTER_BYTES and error.end == length and not raw.endswith(b"\n")


def _cut_off(path: Path, raw: bytes) -> FileUnreadable:
    row = raw.count(b"\n") + 1
    return FileUnreadable(
        file=path.name,
        reason=f"it is cut off in the middle of a character in line {row}; copy or download it again",
        reason_zh=f"文件在第 {row} 行的一个字中间被截断，请重新复制或下载",
    )
