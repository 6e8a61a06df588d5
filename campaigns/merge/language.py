"""The merge language: Liquid as python-liquid reads it, with what a mailing needs and nothing that can run
away.

What differs from plain Liquid, all of it here or in numbers.py:

- a column alone in a condition (`{% if Phone %}`) asks whether its cell has content;
- comparisons know numbers as the spreadsheet shows them (numbers.py);
- escaping is done for the author, so `escape` and its kin change nothing;
- no tags that load templates or write markup of their own; loops and output are limited.
"""

import html as html_entities
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from io import StringIO
from typing import Any, TextIO, cast

from dateutil import parser as date_parser  # type: ignore[import-untyped]
from django.utils.translation import gettext as _
from liquid import Environment
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import BooleanExpression, Path
from liquid.builtin.expressions.logical import (
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import Blank, RangeLiteral
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.builtin.tags.if_tag import IfNode, IfTag
from liquid.builtin.tags.unless_tag import UnlessNode, UnlessTag
from liquid.context import RenderContext
from liquid.exceptions import FilterError, LoopIterationLimitError
from liquid.expression import Expression
from liquid.filter import string_filter
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.stringify import to_liquid_string
from liquid.tag import Tag
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG
from markupsafe import Markup

from campaigns.merge.encoding import ENCODERS
from campaigns.merge.numbers import equal, less, less_or_equal

MAX_LOOP_ITERATIONS = 10_000  # of all loops of a mail together
MAX_OUTPUT_BYTES = 10_000_000
MAX_VALUE_CHARACTERS = 200_000  # of what a filter may return
MAX_NUMBER_BITS = 4_096  # of a whole number it may return
MAX_LOCAL_BYTES = 1_000_000

BLOCKS = frozenset({"if", "unless", "case", "for", "capture", "ifchanged"})
INNER = {
    "elsif": frozenset({"if", "unless"}),
    "else": frozenset({"if", "unless", "case", "for"}),
    "when": frozenset({"case"}),
}
SINGLE = frozenset({"assign", "cycle", "break", "continue"})
NOT_AVAILABLE = frozenset(  # they load templates or write past the encoders; remarks go when the template is read
    {"include", "render", "liquid", "echo", "tablerow", "increment", "decrement", "doc", "comment", "#"}
)

LinkWriter = Callable[[int, str, str], str]
"""(number of the link or -1, its HTML as rendered, message token) → HTML of the attribute value."""

_FIELD = re.compile(r"_f\d+")


def field_index(expression: object) -> int | None:
    """The column an expression names, if it is nothing but a column."""
    if isinstance(expression, Path) and len(expression.path) == 1:
        name = expression.path[0]
        if isinstance(name, str) and _FIELD.fullmatch(name):
            return int(name[2:])
    return None


class _Equal(EqExpression):
    def evaluate(self, context: RenderContext) -> object:
        return equal(self.left.evaluate(context), self.right.evaluate(context))


class _NotEqual(NeExpression):
    def evaluate(self, context: RenderContext) -> object:
        return not equal(self.left.evaluate(context), self.right.evaluate(context))


class _Less(LtExpression):
    def evaluate(self, context: RenderContext) -> object:
        return less(self.left.evaluate(context), self.right.evaluate(context))


class _Greater(GtExpression):
    def evaluate(self, context: RenderContext) -> object:
        return less(self.right.evaluate(context), self.left.evaluate(context))


class _LessOrEqual(LeExpression):
    def evaluate(self, context: RenderContext) -> object:
        return less_or_equal(self.left.evaluate(context), self.right.evaluate(context))


class _GreaterOrEqual(GeExpression):
    def evaluate(self, context: RenderContext) -> object:
        return less_or_equal(self.right.evaluate(context), self.left.evaluate(context))


_ADAPTED: dict[type[Expression], Any] = {
    EqExpression: _Equal,
    NeExpression: _NotEqual,
    LtExpression: _Less,
    GtExpression: _Greater,
    LeExpression: _LessOrEqual,
    GeExpression: _GreaterOrEqual,
}


def _adapt(expression: Expression) -> Expression:
    if isinstance(expression, LogicalAndExpression | LogicalOrExpression):
        expression.left = _adapt(expression.left)
        expression.right = _adapt(expression.right)
        return expression
    if (adapted := _ADAPTED.get(type(expression))) is not None:
        compared = cast(EqExpression, expression)
        return cast(Expression, adapted(compared.token, compared.left, compared.right))
    if field_index(expression) is not None:
        return _NotEqual(expression.token, expression, Blank(expression.token))
    return expression


def _adapt_conditions(node: Node) -> Node:
    if isinstance(node, IfNode | UnlessNode):
        conditions = [node.condition, *(alternative.expression for alternative in node.alternatives)]
        for condition in conditions:
            if isinstance(condition, BooleanExpression):
                condition.expression = _adapt(condition.expression)
    return node


class _If(IfTag):
    def parse(self, stream: TokenStream) -> Node:
        return _adapt_conditions(super().parse(stream))


class _Unless(UnlessTag):
    def parse(self, stream: TokenStream) -> Node:
        return _adapt_conditions(super().parse(stream))


class _Range(RangeLiteral):
    def evaluate(self, context: RenderContext) -> range:
        numbers = super().evaluate(context)
        if numbers.stop - numbers.start > MAX_LOOP_ITERATIONS:
            raise LoopIterationLimitError("loop iteration limit reached", token=self.token)
        return numbers


class _For(ForTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        if isinstance(node, ForNode) and isinstance(node.expression.iterable, RangeLiteral):
            literal = node.expression.iterable
            node.expression.iterable = _Range(literal.token, literal.start, literal.stop)
        return node


class _CaptureNode(CaptureNode):
    def _assign(self, context: RenderContext, buf: StringIO) -> None:
        context.assign(self.name, Markup(buf.getvalue()))  # noqa: S704 - values in it are encoded already


class _Capture(CaptureTag):
    node_class = _CaptureNode


class LinkNode(Node):
    """`{% _link 3 %}…{% end_link %}`: an address with fields in it, put there by `source.with_links`."""

    __slots__ = ("block", "number")

    def __init__(self, token: Any, number: int, block: BlockNode) -> None:
        super().__init__(token)
        self.number = number
        self.block = block
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        inner = context.get_buffer(buffer)
        self.block.render(context, inner)
        write = cast(LinkWriter, context.globals["_write_link"])
        return buffer.write(write(self.number, inner.getvalue(), str(context.globals["_message"])))

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> list[Node]:
        return [self.block]


class _Link(Tag):
    name = "_link"
    end = "end_link"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        stream.expect(TOKEN_EXPRESSION)
        number = int(stream.current.value)
        next(stream)
        block = get_parser(self.env).parse_block(stream, frozenset({self.end}))
        stream.expect(TOKEN_TAG, value=self.end)
        return LinkNode(token, number, block)


class _Context(RenderContext):
    """Counts the rounds of all loops of a mail together, not only of nested ones."""

    __slots__ = ("rounds",)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.rounds: int = getattr(self, "rounds", 0) + length
        if self.rounds > MAX_LOOP_ITERATIONS:
            raise LoopIterationLimitError("loop iteration limit reached", token=None)


class _Template(BoundTemplate):
    context_class = _Context


def _same(value: object) -> str:
    return to_liquid_string(value, autoescape=False)


@string_filter
def _replace(value: str, old: object, new: object = "") -> str:
    old, new = _same(old), _same(new)
    if len(value) + value.count(old) * len(new) > MAX_VALUE_CHARACTERS:
        raise FilterError(_("The result of “replace” is too long."), token=None)
    return value.replace(old, new)


def _join(value: Any, separator: object = " ") -> str:
    items = [_same(item) for item in value] if isinstance(value, list | tuple) else [_same(value)]
    glue = _same(separator)
    if sum(map(len, items)) + len(items) * len(glue) > MAX_VALUE_CHARACTERS:
        raise FilterError(_("The result of “join” is too long."), token=None)
    return glue.join(items)


_DAY_FIRST = re.compile(r"\s*\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}")


def _date(value: object, form: object = "%Y-%m-%d") -> str:
    """A date in the form of strftime; text that is no date stays as it is. With dots the day comes first."""
    text = _same(value)
    if not text.strip():
        return ""
    if text in ("now", "today"):
        return datetime.now().astimezone().strftime(_same(form))
    if text.strip().isdigit():
        return text
    try:
        read = date_parser.parse(text, dayfirst=_DAY_FIRST.match(text) is not None)
        return str(read.strftime(_same(form)))
    except (ValueError, OverflowError):
        return text


def _first_word(value: object) -> str:
    return next(iter(_same(value).split()), "")


def _limited(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        result = function(*args, **options)
        if isinstance(result, str) and len(result) > MAX_VALUE_CHARACTERS:
            raise FilterError(_("A field has become too long."), token=None)
        if isinstance(result, int) and result.bit_length() > MAX_NUMBER_BITS:
            raise FilterError(_("A number has become too large."), token=None)
        return result

    for mark in ("with_context", "with_environment"):
        if getattr(function, mark, False):
            setattr(call, mark, True)
    return call


class MergeEnvironment(Environment):
    """python-liquid with our tags, filters and limits."""

    template_class = _Template
    output_stream_limit = MAX_OUTPUT_BYTES
    local_namespace_limit = MAX_LOCAL_BYTES

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        for name in NOT_AVAILABLE:
            del self.tags[name]
        for tag in (_If, _Unless, _For, _Capture, _Link):
            self.add_tag(tag)
        filters: Mapping[str, Callable[..., Any]] = {
            "escape": _same,
            "escape_once": lambda value: html_entities.unescape(_same(value)),
            "newline_to_br": _same,
            "replace": _replace,
            "join": _join,
            "date": _date,
            "first_word": _first_word,
        }
        for name in ("safe", "escapejs"):  # would let a cell write HTML
            del self.filters[name]
        self.filters.update(filters)
        self.filters = {name: _limited(function) for name, function in self.filters.items()}
        self.filters.update(ENCODERS)


ENVIRONMENT = MergeEnvironment()
FILTERS = frozenset(ENVIRONMENT.filters) - frozenset(ENCODERS)
"""The filters an author may use."""
