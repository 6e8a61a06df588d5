"""Liquid compiled to Python functions: what python-liquid would render, many times faster.

The syntax tree is python-liquid's own, and so are filters, comparisons and truth; only walking the tree anew
for every row is saved. A template is a list of texts with gaps, and each gap has a function from the row's
vector to text. A tree with anything beyond outputs, conditions, links and loops over rows (other loops,
assignments …) is rendered by python-liquid itself; property tests show that both ways mean the same
(tests/campaigns/merge/test_fast_path.py).
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from time import thread_time
from typing import Protocol, cast

from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.primitive import IntegerLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.template import BoundTemplate

from campaigns.merge.encoding import ENCODERS, SPECIAL, Encoder
from campaigns.merge.expressions import NotFast, Scope, condition_of, filtered, forloop_of, value_of
from campaigns.merge.language import (
    MAX_LOOP_ITERATIONS,
    MAX_OUTPUT_BYTES,
    ROWS,
    LinkNode,
    LinkWriter,
    MergeEnvironment,
    RowsNode,
    field_index,
    raise_for_time_since,
)
from campaigns.merge.layout import Layout, Vector

Slot = Callable[[Vector], str]
Finish = Callable[[str], str]

RENDER_ERRORS = (LiquidError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)
"""What rendering a row may raise; callers turn it into a RenderProblem."""


class Program(Protocol):
    """A compiled template. `may_fail` is false where no row can make `render` raise anything."""

    may_fail: bool

    def render(self, row: Vector) -> str:
        """The text for one row: the cells of all columns, then the extra values. Raises RENDER_ERRORS."""


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

    def render(self, row: Vector) -> str:
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

    def __init__(self, template: BoundTemplate, write_link: LinkWriter, layout: Layout, finish: Finish | None) -> None:
        self._finish = finish
        self._template = template
        self._write_link = write_link
        self._layout = layout

    def render(self, row: Vector) -> str:
        names: dict[str, object] = _names(row[: self._layout.rows])
        if len(row) > self._layout.rows:
            names[ROWS] = [_names(cells[: self._layout.columns]) for cells in row[self._layout.rows]]
        result = self._template.render(names, _write_link=self._write_link, _message=row[self._layout.message])
        return self._finish(result) if self._finish else result


def _names(cells: Vector) -> dict[str, object]:
    return {f"_f{index}": value for index, value in enumerate(cells)}


class LoopProgram:
    """A fast program with so many loops over rows; where these could be too many rounds, python-liquid counts."""

    may_fail = True

    def __init__(self, fast: FastProgram, exact: LiquidProgram, loops: int, layout: Layout) -> None:
        self._fast = fast
        self._exact = exact
        self._most = MAX_LOOP_ITERATIONS // loops
        self._rows = layout.rows

    def render(self, row: Vector) -> str:
        return (self._fast if len(row[self._rows]) <= self._most else self._exact).render(row)


def compile_program(
    text: str,
    write_link: LinkWriter,
    layout: Layout,
    environment: MergeEnvironment,
    *,
    finish: Finish | None = None,
    fast: bool = True,
) -> Program:
    """Compile Liquid source in which columns are named as in `layout`. Raises LiquidError.

    `finish` is what tidies the text in the end; done to a tidy text it changes nothing.
    """
    template = environment.from_string(text)
    exact = LiquidProgram(template, write_link, layout, finish)
    if fast:
        try:
            compiler = _Compiler(write_link, layout, environment)
            program = FastProgram(compiler.parts(template.nodes), compiler.may_fail, finish)
            return LoopProgram(program, exact, compiler.loops, layout) if compiler.loops else program
        except NotFast:
            pass
    return exact


class _Compiler:
    def __init__(self, write_link: LinkWriter, layout: Layout, environment: MergeEnvironment) -> None:
        self.write_link = write_link
        self.layout = layout
        self.may_fail = False
        self.loops = 0
        self.scope = Scope(environment)

    def parts(self, nodes: Sequence[Node]) -> list[str | Slot]:
        return [self.part(node) for node in nodes]

    def part(self, node: Node) -> str | Slot:
        if isinstance(node, ContentNode):
            return node.text
        if isinstance(node, OutputNode):
            self.may_fail |= not _harmless(node)
            return _output(node, self.scope)
        if isinstance(node, IfNode | UnlessNode):
            return self.condition(node)
        if isinstance(node, LinkNode):
            return self.link(node)
        if isinstance(node, RowsNode):
            return self.loop(node)
        raise NotFast

    def block(self, block: BlockNode | None) -> Slot:
        parts = self.parts(block.nodes) if block else []
        if block is None or block.blank:  # python-liquid drops blocks of nothing but blanks
            return _nothing
        if all(isinstance(part, str) for part in parts):
            return partial(_constant, "".join(cast(list[str], parts)))
        return FastProgram(parts).render

    def condition(self, node: IfNode | UnlessNode) -> Slot:
        first = condition_of(node.condition, self.scope)
        wanted = isinstance(node, IfNode)
        consequence = self.block(node.consequence)
        rest = [(condition_of(other.expression, self.scope), self.block(other.block)) for other in node.alternatives]
        default = self.block(node.default)

        def choose(row: Vector) -> str:
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
        write, number, message, if_empty = self.write_link, node.number, self.layout.message, node.if_empty
        return lambda row: write(number, inner(row), row[message]) or if_empty

    def loop(self, node: RowsNode) -> Slot:
        """Each round renders the same block with the vector of its own row."""
        asked = node.expression
        start, limit = _number(asked.offset) or 0, _number(asked.limit)
        self.loops += 1
        default = self.block(node.default)
        outside = self.scope
        self.scope = Scope(outside.environment, forloop_of(self.layout.round))
        block = self.block(node.block)
        self.scope = outside
        step = -1 if asked.reversed else 1
        rows, round_, length = self.layout.rows, self.layout.round, self.layout.round + 1

        def repeat(row: Vector) -> str:
            chosen = row[rows][start:]
            if limit is not None and start + limit:  # to python-liquid an end at 0 is no end
                chosen = chosen[:limit]
            if not chosen:
                return default(row)
            texts: list[str] = []
            size = 0
            begin = thread_time()
            for number, current in enumerate(chosen[::step]):
                raise_for_time_since(begin)
                current[round_], current[length] = number, len(chosen)
                texts.append(block(current))
                size += len(texts[-1])
                if size > MAX_OUTPUT_BYTES:
                    raise ValueError("output limit reached")
            return "".join(texts)

        return repeat


def _number(option: Expression | None) -> int | None:
    if option is None or (isinstance(option, IntegerLiteral) and option.value >= 0):
        return option.value if option else None
    raise NotFast


def _constant(text: str, _row: Vector) -> str:
    return text


def _nothing(_row: Vector) -> str:
    return ""


_CANNOT_FAIL = frozenset(
    [
        "default",
        "upcase",
        "downcase",
        "upper",
        "lower",
        "capitalize",
        "title",
        "strip",
        "trim",
        "first_word",
        "last_word",
        "escape",
        *ENCODERS,
    ]
)


def _harmless(node: OutputNode) -> bool:
    """Whether no cell, however odd, makes this output fail.

    (Cells are far shorter than what filters may return.)
    """
    expression = node.expression
    return isinstance(expression, FilteredExpression) and all(
        item.name in _CANNOT_FAIL for item in expression.filters or ()
    )


def _output(node: OutputNode, scope: Scope) -> Slot:
    expression = node.expression
    if not isinstance(expression, FilteredExpression) or not expression.filters:
        raise NotFast
    *filters, last = expression.filters
    encode = ENCODERS.get(last.name)
    if encode is None:
        raise NotFast
    index = field_index(expression.left)
    if index is not None and not filters:
        if last.name == "_verbatim":
            return cast(Slot, itemgetter(index))
        special = SPECIAL.get(last.name)
        return (lambda row: encode(row[index])) if special is None else _cell(index, special, encode)
    value = value_of(expression.left, scope)
    for item in filters:
        value = filtered(value, item, scope)
    return lambda row: encode(value(row))


def _cell(index: int, special: Callable[[str], object], encode: Encoder) -> Slot:
    def slot(row: Vector) -> str:
        text = row[index]
        return text if text.isalnum() or special(text) is None else encode(text)

    return slot
