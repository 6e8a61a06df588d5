"""The merge language: Liquid as python-liquid reads it, with what a mailing needs and nothing that can run
away.

What differs from plain Liquid, all of it here, in filters.py or in numbers.py:

- a column alone in a condition (`{% if Phone %}`) asks whether its cell has content;
- comparisons know numbers as the spreadsheet shows them (numbers.py);
- escaping is done for the author, so `escape` and its kin change nothing;
- in a loop over the rows of a mail (`{% for row in rows %}`) a column means the current row's cell;
- no tags that load templates or write markup of their own; loops and output are limited.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from io import StringIO
from time import thread_time
from typing import Any, TextIO, cast

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
from liquid.builtin.tags.for_tag import ForLoop, ForNode, ForTag
from liquid.builtin.tags.if_tag import IfNode, IfTag
from liquid.builtin.tags.unless_tag import UnlessNode, UnlessTag
from liquid.context import RenderContext
from liquid.exceptions import BreakLoop, ContinueLoop, LoopIterationLimitError
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG
from markupsafe import Markup

from campaigns.merge.encoding import ENCODERS
from campaigns.merge.filters import Languages, filters_in, limited, reckoning_in
from campaigns.merge.numbers import equal, less, less_or_equal
from campaigns.spreadsheet.locales import locale_named

MAX_LOOP_ITERATIONS = 10_000  # of all loops of a mail together
MAX_OUTPUT_BYTES = 10_000_000
MAX_LOCAL_BYTES = 1_000_000
MAX_SECONDS = 3.0  # of processor time that the loops of a mail may take
MAX_FILTERS = 20  # of one field

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

ROWS = "_rows"
"""What the rows of a mail are called in the Liquid source: for each a mapping from `_f0`, `_f1` … to its cells."""

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


def _decimal(context: RenderContext) -> str:
    """The decimal mark of the cells' language."""
    return cast("MergeEnvironment", context.env).decimal


class _Equal(EqExpression):
    def evaluate(self, context: RenderContext) -> object:
        return equal(self.left.evaluate(context), self.right.evaluate(context), _decimal(context))


class _NotEqual(NeExpression):
    def evaluate(self, context: RenderContext) -> object:
        return not equal(self.left.evaluate(context), self.right.evaluate(context), _decimal(context))


class _Less(LtExpression):
    def evaluate(self, context: RenderContext) -> object:
        return less(self.left.evaluate(context), self.right.evaluate(context), _decimal(context))


class _Greater(GtExpression):
    def evaluate(self, context: RenderContext) -> object:
        return less(self.right.evaluate(context), self.left.evaluate(context), _decimal(context))


class _LessOrEqual(LeExpression):
    def evaluate(self, context: RenderContext) -> object:
        return less_or_equal(self.left.evaluate(context), self.right.evaluate(context), _decimal(context))


class _GreaterOrEqual(GeExpression):
    def evaluate(self, context: RenderContext) -> object:
        return less_or_equal(self.right.evaluate(context), self.left.evaluate(context), _decimal(context))


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


class RowsNode(ForNode):
    """`{% for _row in _rows %}`: each round sees the columns of its own row."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        rows, length = self.expression.evaluate(context)
        if not length:
            return self.default.render(context, buffer) if self.default else 0
        forloop = ForLoop(ROWS, rows, length, context.parentloop())
        namespace: dict[str, object] = {"forloop": forloop}
        written = 0
        with context.loop(namespace, forloop):
            for cells in forloop:
                namespace.update(cells)
                try:
                    written += self.block.render(context, buffer)
                except ContinueLoop:
                    continue
                except BreakLoop:
                    break
        return written


class _Round(BlockNode):
    """What a loop repeats, as long as there is time."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        cast(_Context, context).raise_for_time()
        return super().render_to_output(context, buffer)


class _For(ForTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        if not isinstance(node, ForNode):
            return node
        node.block = _Round(node.block.token, node.block.nodes)
        iterable = node.expression.iterable
        if isinstance(iterable, RangeLiteral):
            node.expression.iterable = _Range(iterable.token, iterable.start, iterable.stop)
        elif isinstance(iterable, Path) and iterable.path == [ROWS]:
            return RowsNode(node.token, node.expression, node.block, node.default)
        return node


class _CaptureNode(CaptureNode):
    def _assign(self, context: RenderContext, buf: StringIO) -> None:
        context.assign(self.name, Markup(buf.getvalue()))  # noqa: S704 - values in it are encoded already


class _Capture(CaptureTag):
    node_class = _CaptureNode


class LinkNode(Node):
    """`{% _link 3 %}…{% end_link %}`: an address with fields in it, put there by `source.ready_html`.

    `_link 3 bare` stands for one without quotes around it. `if_empty` is what is written for an empty address.
    """

    __slots__ = ("block", "if_empty", "number")

    def __init__(self, token: Any, number: int, block: BlockNode, *, bare: bool) -> None:
        super().__init__(token)
        self.number = number
        self.if_empty = '""' if bare else ""
        self.block = block
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        inner = context.get_buffer(buffer)
        self.block.render(context, inner)
        write = cast(LinkWriter, context.globals["_write_link"])
        written = write(self.number, inner.getvalue(), str(context.globals["_message"]))
        return buffer.write(written or self.if_empty)

    def children(self, static_context: RenderContext, *, include_partials: bool = True) -> list[Node]:
        return [self.block]


class _Link(Tag):
    name = "_link"
    end = "end_link"

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        stream.expect(TOKEN_EXPRESSION)
        number, _blank, bare = stream.current.value.partition(" ")
        next(stream)
        block = get_parser(self.env).parse_block(stream, frozenset({self.end}))
        stream.expect(TOKEN_TAG, value=self.end)
        return LinkNode(token, int(number), block, bare=bool(bare))


class _Context(RenderContext):
    """Counts the rounds of all loops of a mail together, not only of nested ones, and the time they take."""

    __slots__ = ("begin", "rounds")

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.rounds: int = getattr(self, "rounds", 0) + length
        if self.rounds > MAX_LOOP_ITERATIONS:
            raise LoopIterationLimitError("loop iteration limit reached", token=None)

    def raise_for_time(self) -> None:
        self.begin: float = getattr(self, "begin", 0) or thread_time()
        raise_for_time_since(self.begin)


def raise_for_time_since(begin: float) -> None:
    """`begin` is the processor time of this thread at which loops began."""
    if thread_time() - begin > MAX_SECONDS:
        raise LoopIterationLimitError(_("Its loops take too long."), token=None)


class _Template(BoundTemplate):
    context_class = _Context


class MergeEnvironment(Environment):
    """python-liquid with our tags, filters and limits."""

    template_class = _Template
    output_stream_limit = MAX_OUTPUT_BYTES
    local_namespace_limit = MAX_LOCAL_BYTES

    def __init__(self, languages: Languages) -> None:
        self.languages = languages
        self.decimal = locale_named(languages.cells).decimal
        super().__init__()

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        for name in NOT_AVAILABLE:
            del self.tags[name]
        for tag in (_If, _Unless, _For, _Capture, _Link):
            self.add_tag(tag)
        for name in ("safe", "escapejs"):  # would let a cell write HTML
            del self.filters[name]
        self.filters.update(filters_in(self.languages))
        self.filters.update(reckoning_in(self.languages, self.filters))
        self.filters = {name: limited(function) for name, function in self.filters.items()}
        self.filters.update(ENCODERS)


@lru_cache(maxsize=64)
def environment_in(languages: Languages) -> MergeEnvironment:
    """A cache: the language as it reads and shows dates and numbers in these languages."""
    return MergeEnvironment(languages)


FILTERS = frozenset(environment_in(Languages()).filters) - frozenset(ENCODERS)
"""The filters an author may use."""
