"""Liquid compiled to Python functions: what python-liquid would render, many times faster.

The syntax tree is python-liquid's own, and so are filters, comparisons and truth; only walking the tree anew
for every row is saved. A template is a list of texts with gaps, and each gap has a function from the row to
text. A tree with anything beyond outputs, conditions and links (loops, assignments …) is rendered by
python-liquid itself; property tests show that both ways mean the same
(tests/campaigns/merge/test_fast_path.py).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Protocol, cast

from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import BooleanExpression, Filter, FilteredExpression, Nil
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
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.template import BoundTemplate

from campaigns.merge.encoding import ENCODERS, SPECIAL, Encoder
from campaigns.merge.language import ENVIRONMENT, MAX_OUTPUT_BYTES, LinkNode, LinkWriter, field_index
from campaigns.merge.numbers import equal, less, less_or_equal

Row = Sequence[str]
Slot = Callable[[Row], str]
Value = Callable[[Row], object]
Finish = Callable[[str], str]
Condition = Callable[[Row], bool]

RENDER_ERRORS = (LiquidError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)
"""What rendering a row may raise; callers turn it into a RenderProblem."""


class Program(Protocol):
    """A compiled template. `may_fail` is false where no row can make `render` raise anything."""

    may_fail: bool

    def render(self, row: Row) -> str:
        """The text for one row: the cells of all columns, then the extra values. Raises RENDER_ERRORS."""


class _NotFast(Exception):
    """The tree holds something that only python-liquid renders."""


class FastProgram:
    """Texts with gaps.

    `finish` tidies lines. It is called only where a gap that stands alone on its line came out empty, or one
    came out with blanks or lines of its own: all else is tidy as it was compiled.
    """

    def __init__(self, parts: Sequence[str | Slot], may_fail: bool = False, finish: Finish | None = None) -> None:
        self.may_fail = may_fail
        self._finish = finish
        self._texts: list[str] = []
        slots: list[tuple[int, Slot]] = []
        for part in parts:
            if isinstance(part, str) and self._texts and not (slots and slots[-1][0] == len(self._texts) - 1):
                self._texts[-1] += part
            elif isinstance(part, str):
                self._texts.append(part)
            else:
                slots.append((len(self._texts), part))
                self._texts.append("")
        self._slots = tuple(slots)
        self._gaps = [(place, self._stands_alone(place)) for place, _ in slots]

    def _stands_alone(self, place: int) -> bool:
        before = self._texts[place - 1] if place else ""
        after = self._texts[place + 1] if place + 1 < len(self._texts) else ""
        return (not before or before[-1] in "\n ") and (not after or after[0] in "\n ")

    def render(self, row: Row) -> str:
        texts = self._texts.copy()
        for place, slot in self._slots:
            texts[place] = slot(row)
        result = "".join(texts)
        if len(result) > MAX_OUTPUT_BYTES:
            raise ValueError("output limit reached")
        if self._finish is not None and any(_is_loose(texts[place], alone) for place, alone in self._gaps):
            return self._finish(result)
        return result


def _is_loose(text: str, alone: bool) -> bool:
    if not text:
        return alone
    return text[0].isspace() or text[-1].isspace() or text.count("\n") > 1


class LiquidProgram:
    """A template rendered by python-liquid."""

    may_fail = True

    def __init__(self, template: BoundTemplate, write_link: LinkWriter, message: int, finish: Finish | None) -> None:
        self._finish = finish
        self._template = template
        self._write_link = write_link
        self._message = message

    def render(self, row: Row) -> str:
        names: dict[str, object] = {f"_f{index}": value for index, value in enumerate(row)}
        result = self._template.render(names, _write_link=self._write_link, _message=row[self._message])
        return self._finish(result) if self._finish else result


def compile_program(
    text: str, write_link: LinkWriter, message: int, *, finish: Finish | None = None, fast: bool = True
) -> Program:
    """Compile Liquid source; `message` is the index of the message token in a row. Raises LiquidError.

    `finish` is what tidies the text in the end; done to a tidy text it changes nothing.
    """
    template = ENVIRONMENT.from_string(text)
    if fast:
        try:
            compiler = _Compiler(write_link, message)
            return FastProgram(compiler.parts(template.nodes), compiler.may_fail, finish)
        except _NotFast:
            pass
    return LiquidProgram(template, write_link, message, finish)


class _Compiler:
    def __init__(self, write_link: LinkWriter, message: int) -> None:
        self.write_link = write_link
        self.message = message
        self.may_fail = False

    def parts(self, nodes: Sequence[Node]) -> list[str | Slot]:
        return [self.part(node) for node in nodes]

    def part(self, node: Node) -> str | Slot:
        if isinstance(node, ContentNode):
            return node.text
        if isinstance(node, OutputNode):
            self.may_fail |= not _harmless(node)
            return _output(node)
        if isinstance(node, IfNode | UnlessNode):
            return self.condition(node)
        if isinstance(node, LinkNode):
            return self.link(node)
        raise _NotFast

    def block(self, block: BlockNode | None) -> Slot:
        if block is None or block.blank:  # python-liquid drops blocks of nothing but blanks
            return _nothing
        parts = self.parts(block.nodes)
        if all(isinstance(part, str) for part in parts):
            return partial(_constant, "".join(cast(list[str], parts)))
        return FastProgram(parts).render

    def condition(self, node: IfNode | UnlessNode) -> Slot:
        first = _condition(node.condition)
        wanted = isinstance(node, IfNode)
        consequence = self.block(node.consequence)
        rest = [(_condition(other.expression), self.block(other.block)) for other in node.alternatives]
        default = self.block(node.default)

        def choose(row: Row) -> str:
            if first(row) is wanted:
                return consequence(row)
            for condition, block in rest:
                if condition(row):
                    return block(row)
            return default(row)

        return choose

    def link(self, node: LinkNode) -> Slot:
        self.may_fail = True
        inner = self.block(node.block)
        write, number, message = self.write_link, node.number, self.message
        return lambda row: write(number, inner(row), row[message])


def _constant(text: str, _row: Row) -> str:
    return text


def _nothing(_row: Row) -> str:
    return ""


_CANNOT_FAIL = frozenset({"default", "upcase", "downcase", "capitalize", "strip", "first_word", "escape", *ENCODERS})


def _harmless(node: OutputNode) -> bool:
    """Whether no cell, however odd, makes this output fail.

    (Cells are far shorter than what filters may return.)
    """
    expression = node.expression
    return isinstance(expression, FilteredExpression) and all(
        item.name in _CANNOT_FAIL for item in expression.filters or ()
    )


def _output(node: OutputNode) -> Slot:
    expression = node.expression
    if not isinstance(expression, FilteredExpression) or not expression.filters:
        raise _NotFast
    *filters, last = expression.filters
    encode = ENCODERS.get(last.name)
    if encode is None:
        raise _NotFast
    index = field_index(expression.left)
    if index is not None and not filters:
        if last.name == "_verbatim":
            return cast(Slot, itemgetter(index))
        special = SPECIAL.get(last.name)
        return (lambda row: encode(row[index])) if special is None else _cell(index, special, encode)
    value = _value(expression.left)
    for item in filters:
        value = _filtered(value, item)
    return lambda row: encode(value(row))


def _cell(index: int, special: Callable[[str], object], encode: Encoder) -> Slot:
    def slot(row: Row) -> str:
        text = row[index]
        return text if text.isalnum() or special(text) is None else encode(text)

    return slot


def _filtered(value: Value, item: Filter) -> Value:
    function = ENVIRONMENT.filters.get(item.name)
    if function is None:
        raise _NotFast
    if getattr(function, "with_context", False):
        raise _NotFast
    if getattr(function, "with_environment", False):
        function = partial(function, environment=ENVIRONMENT)
    if not item.args:
        return lambda row: function(value(row))
    if any(getattr(argument, "name", None) for argument in item.args):
        raise _NotFast
    arguments = [_value(argument.value) for argument in item.args]
    if len(arguments) == 1:
        only = arguments[0]
        if item.name == "default":
            return _defaulted(value, only, function)
        return lambda row: function(value(row), only(row))
    return lambda row: function(value(row), *(argument(row) for argument in arguments))


def _defaulted(value: Value, fallback: Value, function: Callable[..., object]) -> Value:
    def choose(row: Row) -> object:
        item = value(row)
        if type(item) is str:  # by far the most common
            return item or fallback(row)
        return function(item, fallback(row))

    return choose


_LITERALS = (StringLiteral, IntegerLiteral, FloatLiteral)
_COMPARISONS: Mapping[type[Expression], Callable[[Any, Any], bool]] = {
    EqExpression: equal,
    NeExpression: lambda left, right: not equal(left, right),
    LtExpression: less,
    GtExpression: lambda left, right: less(right, left),
    LeExpression: less_or_equal,
    GeExpression: lambda left, right: less_or_equal(right, left),
}


def _value(expression: Expression) -> Value:
    """A function from the row to the value of `expression`."""
    if isinstance(expression, BooleanExpression):
        return _value(expression.expression)
    index = field_index(expression)
    if index is not None:
        return itemgetter(index)
    if isinstance(expression, _LITERALS):
        return _always(expression.value)
    if isinstance(expression, TrueLiteral | FalseLiteral | Nil):
        return _always(None if isinstance(expression, Nil) else isinstance(expression, TrueLiteral))
    if isinstance(expression, Blank | Empty):
        return _always(expression)
    if isinstance(expression, LogicalAndExpression | LogicalOrExpression):
        return _condition(expression)
    if isinstance(expression, ContainsExpression):
        left, right, token = _value(expression.left), _value(expression.right), expression.token
        return lambda row: liquid_contains(token, left(row), right(row))
    for kind, compare in _COMPARISONS.items():
        if isinstance(expression, kind):
            compared = cast(EqExpression, expression)
            return _compared(compare, _value(compared.left), _value(compared.right))
    raise _NotFast


def _condition(expression: Expression) -> Condition:
    """A function from the row to whether `expression` holds."""
    if isinstance(expression, BooleanExpression):
        return _condition(expression.expression)
    if isinstance(expression, LogicalAndExpression):
        left, right = _condition(expression.left), _condition(expression.right)
        return lambda row: left(row) and right(row)
    if isinstance(expression, LogicalOrExpression):
        left, right = _condition(expression.left), _condition(expression.right)
        return lambda row: left(row) or right(row)
    if isinstance(expression, EqExpression | NeExpression):
        index = field_index(expression.left)
        wanted = isinstance(expression, EqExpression)
        if index is not None and isinstance(expression.right, StringLiteral):
            literal = expression.right.value
            return lambda row: (row[index] == literal) is wanted
        if index is not None and isinstance(expression.right, Blank):  # cells of blanks are empty here
            return lambda row: (not row[index]) is wanted
    value = _value(expression)
    return lambda row: is_truthy(value(row))


def _compared(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> Value:
    return lambda row: compare(left(row), right(row))


def _always(value: object) -> Value:
    return lambda _row: value
