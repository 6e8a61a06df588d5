"""The part of OData's query language that mail look-ups use: $filter, $select, $expand, $orderby. Pure.

A filter is read into a small tree once and then asked about JSON objects. Grammar: or, and, not, brackets,
eq ne gt ge lt le, startswith, endswith, contains, and `collection/any(x: …)`.
(https://learn.microsoft.com/graph/filter-query-parameter)
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<date>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:?\d\d)?|\d{4}-\d\d-\d\d)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_@][\w.@/]*)"
    r"|(?P<mark>[():,]))"
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a is not None and a > b,
    "ge": lambda a, b: a is not None and a >= b,
    "lt": lambda a, b: a is not None and a < b,
    "le": lambda a, b: a is not None and a <= b,
}
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}


class BadQuery(Exception):
    """The query can't be read; the text says where."""


@dataclass(frozen=True, slots=True)
class Node:
    """`op` with its parts: and/or/not hold nodes; a comparison and a function a path and a value;
    any holds path, variable and a node."""

    op: str
    parts: tuple[Any, ...]


def comparable(value: Any) -> Any:
    """Strings are compared without case, as Exchange does."""
    return value.lower() if isinstance(value, str) else value


def moment(text: str) -> datetime:
    """A date of a filter, with or without fractions and in any offset; UTC where it names none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise BadQuery(f"The date '{text}' can't be read.") from problem
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Reader:
    """A recursive descent over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self.scan(text))
        self.at = 0

    def scan(self, text: str) -> Iterator[tuple[str, str]]:
        position = 0
        while text[position:].strip():
            found = TOKEN.match(text, position)
            if not found or not found.lastgroup:
                raise BadQuery(f"Syntax error at position {position} in '{text}'.")
            yield found.lastgroup, found.group(found.lastgroup)
            position = found.end()

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, *expected: str) -> tuple[str, str]:
        token = self.peek()
        if token[0] == "end" or (expected and token[1].lower() not in expected):
            raise BadQuery(f"Syntax error: character '{token[1]}' is not valid in '{self.text}'.")
        self.at += 1
        return token

    def read(self) -> Node:
        node = self.either()
        if self.peek()[0] != "end":
            raise BadQuery(f"Syntax error: unexpected '{self.peek()[1]}' in '{self.text}'.")
        return node

    def either(self) -> Node:
        nodes = [self.both()]
        while self.peek()[1].lower() == "or":
            self.take()
            nodes.append(self.both())
        return nodes[0] if len(nodes) == 1 else Node("or", tuple(nodes))

    def both(self) -> Node:
        nodes = [self.single()]
        while self.peek()[1].lower() == "and":
            self.take()
            nodes.append(self.single())
        return nodes[0] if len(nodes) == 1 else Node("and", tuple(nodes))

    def single(self) -> Node:
        kind, word = self.take()
        if word == "(":
            node = self.either()
            self.take(")")
            return node
        if word.lower() == "not":
            return Node("not", (self.single(),))
        if kind != "name":
            raise BadQuery(f"Syntax error at '{word}' in '{self.text}'.")
        if word.lower() in FUNCTIONS:
            return self.function(word.lower())
        if word.lower().endswith("/any"):
            return self.any(word[:-4])
        operator = self.take(*COMPARISONS)[1].lower()
        return Node(operator, (word, self.value()))

    def function(self, name: str) -> Node:
        self.take("(")
        path = self.take()[1]
        self.take(",")
        value = self.value()
        self.take(")")
        return Node(name, (path, value))

    def any(self, path: str) -> Node:
        self.take("(")
        variable = self.take()[1]
        self.take(":")
        node = self.either()
        self.take(")")
        return Node("any", (path, variable, node))

    def value(self) -> Any:
        kind, word = self.take()
        if kind == "string":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return float(word) if "." in word else int(word)
        if kind == "date":
            return moment(word)
        if word.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word.lower()]
        return word


def value_at(item: Any, path: str) -> Any:
    for name in path.split("/"):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def matches(node: Node, item: dict[str, Any]) -> bool:
    """Does the JSON object satisfy the filter?"""
    if node.op in ("and", "or"):
        return (all if node.op == "and" else any)(matches(part, item) for part in node.parts)
    if node.op == "not":
        return not matches(node.parts[0], item)
    if node.op == "any":
        path, variable, inner = node.parts
        return any(matches(inner, {variable: element}) for element in value_at(item, path) or ())
    actual, wanted = value_at(item, node.parts[0]), node.parts[1]
    if isinstance(wanted, datetime):
        actual = moment(actual) if isinstance(actual, str) else None
    actual, wanted = comparable(actual), comparable(wanted)
    if node.op in FUNCTIONS:
        return isinstance(actual, str) and FUNCTIONS[node.op](actual, wanted)
    return COMPARISONS[node.op](actual, wanted)


def required(node: Node) -> Iterator[tuple[str, Any]]:
    """(path, value) of every equality that must hold: what an index can be asked for first."""
    if node.op == "and":
        for part in node.parts:
            yield from required(part)
    elif node.op == "eq":
        yield node.parts


def required_property(node: Node) -> tuple[str, str] | None:
    """(property id, value) when the filter demands one extended property."""
    if node.op == "and":
        return next(filter(None, map(required_property, node.parts)), None)
    if node.op == "any" and node.parts[0].lower() == "singlevalueextendedproperties":
        wanted = {path.partition("/")[2]: value for path, value in required(node.parts[2])}
        if {"id", "value"} <= wanted.keys():
            return wanted["id"], wanted["value"]
    return None


def paths(node: Node) -> Iterator[str]:
    """Every property a filter mentions."""
    if node.op in ("and", "or", "not"):
        for part in node.parts:
            yield from paths(part)
    else:
        yield node.parts[0]


def split(text: str, mark: str) -> list[str]:
    """Parts between `mark`, but not inside brackets or quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(character, 0)
            if character == mark and depth == 0:
                parts.append(text[start:at])
                start = at + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


@dataclass(frozen=True, slots=True)
class Query:
    """The query options of one request."""

    select: frozenset[str] = frozenset()
    expand: dict[str, dict[str, str]] = field(default_factory=dict)
    filter: Node | None = None
    order: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False


def read_query(parameters: dict[str, str]) -> Query:
    """Query options from URL parameters, with or without the leading $; BadQuery when one can't be read."""
    given = {name.lstrip("$").lower(): value for name, value in parameters.items()}
    try:
        top, skip = int(given["top"]) if "top" in given else None, int(given.get("skip", 0))
    except ValueError as problem:
        raise BadQuery("Invalid value for $top or $skip.") from problem
    if (top is not None and not 0 < top <= 1000) or skip < 0:
        raise BadQuery("The limit of '1000' for Top query has been exceeded.")
    return Query(
        select=frozenset(split(given.get("select", ""), ",")),
        expand=read_expand(given.get("expand", "")),
        filter=Reader(given["filter"]).read() if given.get("filter") else None,
        order=tuple(read_order(given.get("orderby", ""))),
        top=top,
        skip=skip,
        count=given.get("count", "").lower() == "true",
    )


def read_expand(text: str) -> dict[str, dict[str, str]]:
    """`a,b($filter=…;$select=…)` → {a: {}, b: {filter: …, select: …}}"""
    found: dict[str, dict[str, str]] = {}
    for part in split(text, ","):
        name, _, options = part.partition("(")
        inner = options.strip().removesuffix(")")
        pairs = (option.partition("=") for option in split(inner, ";"))
        found[name.strip()] = {key.strip().lstrip("$").lower(): value.strip() for key, _, value in pairs}
    return found


def read_order(text: str) -> Iterator[tuple[str, bool]]:
    """(path, descending) pairs."""
    for part in split(text, ","):
        path, *direction = part.split()
        if direction and direction[0].lower() not in ("asc", "desc"):
            raise BadQuery(f"Syntax error in $orderby '{text}'.")
        yield path, bool(direction) and direction[0].lower() == "desc"
