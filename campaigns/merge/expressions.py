"""Liquid's expressions compiled to Python functions from a row's vector to a value, for program.py.

A `Scope` has what `forloop.index` and its kin are in the loop over rows that is being compiled; outside of
one it has none of them. A name of a column means the vector's cell, so a loop need only hand over another vector.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, cast

from liquid.builtin.expressions import BooleanExpression, Filter, Nil, Path
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
    is_truthy,
)
from liquid.builtin.expressions.logical import _contains as liquid_contains
from liquid.builtin.expressions.primitive import (
    Blank,
    Empty,
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    StringLiteral,
    TrueLiteral,
)
from liquid.expression import Expression

from campaigns.merge.language import MergeEnvironment, field_index
from campaigns.merge.layout import Vector
from campaigns.merge.numbers import equal, less, less_or_equal

Value = Callable[[Vector], object]
Condition = Callable[[Vector], bool]
Forloop = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands."""

    environment: MergeEnvironment
    forloop: Forloop = field(default_factory=dict)


class NotFast(Exception):
    """There is something that only python-liquid renders."""


def forloop_of(place: int) -> Forloop:
    """`place` is where a vector has the number of the round and, behind it, of all rounds."""
    return {
        "index": lambda row: row[place] + 1,
        "index0": itemgetter(place),
        "rindex": lambda row: row[place + 1] - row[place],
        "rindex0": lambda row: row[place + 1] - row[place] - 1,
        "first": lambda row: row[place] == 0,
        "last": lambda row: row[place] == row[place + 1] - 1,
        "length": itemgetter(place + 1),
    }


def filtered(value: Value, item: Filter, scope: Scope) -> Value:
    """`value` with one filter applied. Raises NotFast."""
    function = scope.environment.filters.get(item.name)
    if function is None:
        raise NotFast
    if getattr(function, "with_context", False):
        raise NotFast
    if getattr(function, "with_environment", False):
        function = partial(function, environment=scope.environment)
    if not item.args:
        return lambda row: function(value(row))
    if any(getattr(argument, "name", None) for argument in item.args):
        raise NotFast
    arguments = [value_of(argument.value, scope) for argument in item.args]
    if len(arguments) == 1:
        only = arguments[0]
        if item.name == "default":
            return _defaulted(value, only, function)
        return lambda row: function(value(row), only(row))
    return lambda row: function(value(row), *(argument(row) for argument in arguments))


def _defaulted(value: Value, fallback: Value, function: Callable[..., object]) -> Value:
    def choose(row: Vector) -> object:
        item = value(row)
        if type(item) is str:  # by far the most common
            return item or fallback(row)
        return function(item, fallback(row))

    return choose


_LITERALS = (StringLiteral, IntegerLiteral, FloatLiteral)
_COMPARISONS: Mapping[type[Expression], Callable[[Any, Any, str], bool]] = {
    EqExpression: equal,
    NeExpression: lambda left, right, decimal: not equal(left, right, decimal),
    LtExpression: less,
    GtExpression: lambda left, right, decimal: less(right, left, decimal),
    LeExpression: less_or_equal,
    GeExpression: lambda left, right, decimal: less_or_equal(right, left, decimal),
}


def _told(expression: Expression, scope: Scope) -> Value | None:
    path = expression.path if isinstance(expression, Path) else []
    return scope.forloop.get(str(path[1])) if len(path) == 2 and path[0] == "forloop" else None


def value_of(expression: Expression, scope: Scope) -> Value:
    """A function from the vector to the value of `expression`. Raises NotFast."""
    if isinstance(expression, BooleanExpression):
        return value_of(expression.expression, scope)
    index = field_index(expression)
    if index is not None:
        return itemgetter(index)
    if (told := _told(expression, scope)) is not None:
        return told
    if isinstance(expression, _LITERALS):
        return _always(expression.value)
    if isinstance(expression, TrueLiteral | FalseLiteral | Nil):
        return _always(None if isinstance(expression, Nil) else isinstance(expression, TrueLiteral))
    if isinstance(expression, Blank | Empty):
        return _always(expression)
    if isinstance(expression, LogicalAndExpression | LogicalOrExpression):
        return condition_of(expression, scope)
    if isinstance(expression, ContainsExpression):
        left, right, token = value_of(expression.left, scope), value_of(expression.right, scope), expression.token
        return lambda row: liquid_contains(token, left(row), right(row))
    for kind, compare in _COMPARISONS.items():
        if isinstance(expression, kind):
            compared = cast(EqExpression, expression)
            left, right = value_of(compared.left, scope), value_of(compared.right, scope)
            return _compared(compare, left, right, scope.environment.decimal)
    raise NotFast


def condition_of(expression: Expression, scope: Scope) -> Condition:
    """A function from the vector to whether `expression` holds. Raises NotFast."""
    if isinstance(expression, BooleanExpression):
        return condition_of(expression.expression, scope)
    if isinstance(expression, LogicalAndExpression):
        left, right = condition_of(expression.left, scope), condition_of(expression.right, scope)
        return lambda row: left(row) and right(row)
    if isinstance(expression, LogicalOrExpression):
        left, right = condition_of(expression.left, scope), condition_of(expression.right, scope)
        return lambda row: left(row) or right(row)
    if isinstance(expression, EqExpression | NeExpression):
        index = field_index(expression.left)
        wanted = isinstance(expression, EqExpression)
        if index is not None and isinstance(expression.right, StringLiteral):
            literal = expression.right.value
            return lambda row: (row[index] == literal) is wanted
        if index is not None and isinstance(expression.right, Blank):  # cells of blanks are empty here
            return lambda row: (not row[index]) is wanted
    value = value_of(expression, scope)
    return lambda row: is_truthy(value(row))


def _compared(compare: Callable[[Any, Any, str], bool], left: Value, right: Value, decimal: str) -> Value:
    return lambda row: compare(left(row), right(row), decimal)


def _always(value: object) -> Value:
    return lambda _row: value
