"""File formats: files are read with suspicion, and written row by row.

A record is a mapping of columns to JSON values. In CSV all cells are text: lists and mappings are written
as JSON, and null is an empty cell.
"""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from io import StringIO
from itertools import islice
from pathlib import PurePath
from typing import Any, Final

import yaml
from django.utils.translation import gettext as _

from apigw_ws_admin.resources.strict import BadFile, json_of, printable, yaml_of

Record = Mapping[str, Any]

#: The most bytes and records of a file, because somebody waits for its preview.
MOST_BYTES: Final = 1_000_000
MOST_RECORDS: Final = 1_000
#: Rows that are sent together.
_BATCH: Final = 500
#: What makes a spreadsheet evaluate a cell; and the apostrophe that prevents it, which is doubled if meant.
#: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


class Format(ABC):
    """How records are written to and read from a file."""

    title: str
    extensions: tuple[str, ...]
    content_type: str

    @abstractmethod
    def lines(self, columns: Sequence[str], records: Iterable[Record]) -> Iterator[str]:
        """The file, piece by piece."""

    def records(self, text: str) -> Any:
        """Return the records in the text, unchecked. Raises BadFile."""
        raise NotImplementedError

    def chunks(self, columns: Sequence[str], records: Iterable[Record]) -> Generator[bytes]:
        """Yield the file in UTF-8, many rows at a time."""
        lines = self.lines(columns, records)
        while piece := "".join(islice(lines, _BATCH)):
            yield piece.encode()


class Json(Format):
    title = "JSON"
    extensions = ("json",)
    content_type = "application/json"

    def lines(self, columns: Sequence[str], records: Iterable[Record]) -> Iterator[str]:
        before = "["
        for record in records:
            yield before + "\n" + json.dumps(record, ensure_ascii=False, indent=2)
            before = ","
        yield "[]\n" if before == "[" else "\n]\n"

    def records(self, text: str) -> Any:
        return json_of(text)


class JsonLines(Format):
    """One record per line."""

    title = "JSON lines"
    extensions = ("jsonl",)
    content_type = "application/jsonl"

    def lines(self, columns: Sequence[str], records: Iterable[Record]) -> Iterator[str]:
        return (json.dumps(record, ensure_ascii=False) + "\n" for record in records)


class Yaml(Format):
    title = "YAML"
    extensions = ("yaml", "yml")
    content_type = "application/yaml"

    def lines(self, columns: Sequence[str], records: Iterable[Record]) -> Iterator[str]:
        nothing = "[]\n"
        for record in records:
            nothing = ""
            yield yaml.safe_dump([record], allow_unicode=True, sort_keys=False)
        yield nothing

    def records(self, text: str) -> Any:
        return yaml_of(text)


class Csv(Format):
    title = "CSV"
    extensions = ("csv",)
    content_type = "text/csv; charset=utf-8"

    def lines(self, columns: Sequence[str], records: Iterable[Record]) -> Iterator[str]:
        yield _line(columns)
        for record in records:
            yield _line(_cell(record[column]) for column in columns)

    def records(self, text: str) -> Any:
        """Semicolons are accepted, too: spreadsheets write them in many countries."""
        header = text.partition("\n")[0]
        delimiter = ";" if header.count(";") > header.count(",") else ","
        try:
            columns, *rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except csv.Error as error:
            raise BadFile(_("This is not CSV: %s.") % error) from error
        _check_cells(columns, rows)
        return [dict(zip(columns, map(_text, row), strict=True)) for row in rows if any(row)]


def read(name: str, data: bytes, formats: Sequence[Format]) -> list[Record]:
    """Return the records of a file, whose name says the format. Raises BadFile, which says what to change."""
    ending = PurePath(name).suffix.removeprefix(".").lower()
    known = {extension: each for each in formats for extension in each.extensions}
    if ending not in known:
        raise BadFile(_("Name the file after what is in it: %s.") % ", ".join(f".{each}" for each in known))
    if len(data) > MOST_BYTES:
        raise BadFile(_("The file is too large: a megabyte is the most. Divide it."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = _("The file is not in UTF-8: byte %d is no part of it. Save it as UTF-8.")
        raise BadFile(problem % (error.start + 1)) from error
    if not text.strip():
        raise BadFile(_("The file is empty."))
    return _checked(known[ending].records(text))


def _checked(found: Any) -> list[Record]:
    if not (isinstance(found, list) and all(isinstance(each, dict) for each in found)):
        raise BadFile(_("The file has to be a list of records, each with names and values."))
    if not found:
        raise BadFile(_("There are no records in the file."))
    if len(found) > MOST_RECORDS:
        raise BadFile(
            _("There are %(found)d records in the file, and %(most)d are the most. Divide it.")
            % {"found": len(found), "most": MOST_RECORDS}
        )
    for number, record in enumerate(found, 1):
        if problem := printable(record):
            raise BadFile(_("Row %(number)d: %(problem)s") % {"number": number, "problem": problem})
    return found


def _check_cells(columns: list[str], rows: list[list[str]]) -> None:
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise BadFile(_("The column “%s” is there twice.") % twice)
    for number, row in enumerate(rows, 1):
        if any(row) and len(row) != len(columns):
            raise BadFile(
                _("Row %(number)d has %(cells)d cells, and the first line names %(columns)d columns.")
                % {"number": number, "cells": len(row), "columns": len(columns)}
            )


def _line(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return json.dumps(value, ensure_ascii=False)


def _text(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


JSON: Final = Json()
JSON_LINES: Final = JsonLines()
YAML: Final = Yaml()
CSV: Final = Csv()
