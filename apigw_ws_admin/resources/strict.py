"""Strict JSON and YAML for untrusted files: no guesses, no references, no duplicate names."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from typing import Any, ClassVar, Final, NoReturn

import yaml
from django.utils.translation import gettext as _

#: The most levels of nesting. LibYAML's composer would recurse until the process dies.
_DEEPEST: Final = 12
#: Values, and beginnings and ends of lists and mappings: a megabyte of records has no more.
_MOST_EVENTS: Final = 100_000
#: Words in YAML that are no text, in a part of YAML 1.2's own reading: no “no”, no 0777, and no 1:30, which
#: is 90, and a megabyte of it an hour's work.
_WORDS: Final = (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+][0-9]+)?", "-0123456789"),
)


class BadFile(ValueError):
    """A file cannot be read; the text says where, and what to change."""


def json_of(text: str) -> Any:
    """Return what the JSON holds. Raises BadFile, also for a name that an object has twice."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        problem = _("This is not JSON: line %(line)d, column %(column)d: %(problem)s.")
        where = {"line": error.lineno, "column": error.colno, "problem": error.msg}
        raise BadFile(problem % where) from error
    except RecursionError as error:
        raise BadFile(_too_deep()) from error
    except BadFile:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise BadFile(_("This is not JSON: %s.") % error) from error


def yaml_of(text: str) -> Any:
    """As ``json_of``; without tags, and references, a few of which expand to billions of values."""
    try:
        _look_through(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = _line(error.problem_mark)
        raise BadFile(
            _("This is not YAML: line %(line)d: %(problem)s.") % {"line": line, "problem": error.problem}
        ) from error
    except BadFile:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise BadFile(_("This is not YAML: %s.") % error) from error


def printable(value: Any) -> str:
    """What no database takes, in a sentence; empty where all of it can be stored."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return next(filter(None, map(printable, value)), "")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return _("half a character is no text.")
        return _("a text holds the character NUL.") if "\0" in value else ""
    return ""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML's safe loader for ``_WORDS`` and texts, and with each name once."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        return _once([(self.construct_object(k, deep=True), v) for k, v in node.value], self._value)

    def _value(self, node: yaml.Node) -> Any:
        return self.construct_object(node, deep=True)


for _tag, _pattern, _beginnings in _WORDS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), [*_beginnings, ""]
    )


def _look_through(text: str) -> None:
    """Before anything is built of it."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.AliasEvent):
            problem = _("Line %d refers to another place. Write out what is there.")
            raise BadFile(problem % _line(event.start_mark))
        if tag := getattr(event, "tag", None):
            problem = _("Line %(line)d has the tag “%(tag)s”. Leave it out.")
            raise BadFile(problem % {"line": _line(event.start_mark), "tag": tag})
        if number > _MOST_EVENTS:
            raise BadFile(_("There is too much in the file. Divide it."))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise BadFile(_too_deep())


def _line(mark: Any) -> int:
    return int(mark.line) + 1


def _once(pairs: list[tuple[Any, Any]], of: Any = lambda value: value) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for name, value in pairs:
        if not isinstance(name, str):
            raise BadFile(_("“%s” is no name. Put names that look like numbers in quotes.") % (name,))
        if name in found:
            raise BadFile(_("A record names “%s” twice.") % name)
        found[name] = of(value)
    return found


def _no_number(name: str) -> NoReturn:
    raise BadFile(_("%s is no number.") % name)


def _too_deep() -> str:
    return _("Lists and mappings are too deep within each other.")
