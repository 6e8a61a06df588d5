"""Which columns of the spreadsheet a template uses, seen in its syntax tree."""

from collections.abc import Iterable
from dataclasses import dataclass

from liquid.ast import Node
from liquid.builtin.expressions import BooleanExpression, FilteredExpression
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.expression import Expression

from campaigns.merge.language import RowsNode, field_index


@dataclass(frozen=True, slots=True)
class Uses:
    """Columns that a template uses, and those it writes out with nothing to say for an empty cell."""

    fields: frozenset[int]
    without_fallback: frozenset[int]


def children(node: Node) -> Iterable[Node]:
    return node.children(None)  # type: ignore[arg-type]  # no node in use looks at the context


def deep(expression: Expression) -> Iterable[Expression]:
    yield expression
    for child in expression.children():
        yield from deep(child)


class _Found:
    """Columns found in a part of a template; `bare` as in Uses.without_fallback."""

    def __init__(self) -> None:
        self.used: set[int] = set()
        self.bare: set[int] = set()

    def within(self, columns: int) -> Uses:
        return Uses(
            frozenset(self.used.intersection(range(columns))), frozenset(self.bare.intersection(range(columns)))
        )


class Usage:
    """Which columns a template uses, outside of loops over rows and inside."""

    def __init__(self) -> None:
        self.outside = _Found()
        self.inside = _Found()
        self.repeats_rows = False

    def note(self, nodes: Iterable[Node]) -> None:
        self._note(nodes, frozenset(), self.outside)

    def _note(self, nodes: Iterable[Node], asked: frozenset[int], found: _Found) -> None:
        """`asked` are columns whose content a condition around the nodes has asked about."""
        for node in nodes:
            around = asked
            for expression in node.expressions():
                columns = {index for part in deep(expression) if (index := field_index(part)) is not None}
                found.used |= columns
                if isinstance(expression, BooleanExpression):
                    around |= columns
                if isinstance(node, OutputNode) and isinstance(expression, FilteredExpression):
                    index = field_index(expression.left)
                    fallback = any(item.name == "default" for item in expression.filters or ())
                    if index is not None and not fallback and index not in asked:
                        found.bare.add(index)
            if isinstance(node, IfNode):  # what `elsif` asks about is asked for the branches after it, too
                conditions = [alternative.expression for alternative in node.alternatives]
                around |= {i for c in conditions for part in deep(c) if (i := field_index(part)) is not None}
            if isinstance(node, RowsNode):  # what was asked outside was asked about the leading row only
                self.repeats_rows = True
                self._note(children(node.block), frozenset(), self.inside)
                self._note(children(node.default) if node.default else (), around, found)
            else:
                self._note(children(node), around, found)
