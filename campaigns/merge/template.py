"""From what the sender wrote to something that can be filled in for each row."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property, partial

from django.utils.translation import gettext as _
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.cycle_tag import CycleNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression

from campaigns.merge import source as sources
from campaigns.merge.filters import ENGLISH, Languages, wrong_option
from campaigns.merge.healing import Piece, Tag, read_html, read_subject
from campaigns.merge.language import (
    BLOCKS,
    FILTERS,
    INNER,
    MAX_FILTERS,
    ROWS,
    SINGLE,
    LinkWriter,
    MergeEnvironment,
    environment_in,
)
from campaigns.merge.layout import Layout, Vector
from campaigns.merge.links import check_link
from campaigns.merge.names import FieldNames, folded
from campaigns.merge.problems import Part, Place, Problem, RenderProblem, TemplateProblems, shorten
from campaigns.merge.program import RENDER_ERRORS, Finish, Program, compile_program
from campaigns.merge.row_loops import around_rows, empty_loops, names_of_rows, row_loop
from campaigns.merge.usage import Usage, Uses, children, deep
from campaigns.text_part import InOrder, plain_text, plain_text_source, tidy

UNSUBSCRIBE_LINK = "unsubscribe_link"
"""A name that is no column: the address of the recipient's own unsubscribe page."""
COUNT_OF_ROWS = "rows.size"
"""And the other one: how many rows the mail has."""

_ITSELF = re.compile(r"(\w+)\s+in\s+\1(?![\w.\[])", re.IGNORECASE)  # `for row in row`


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail's texts. The plain one is written when it is asked for: Microsoft Graph takes none."""

    subject: str
    html: str
    plain: Callable[[], str] = field(repr=False, compare=False)

    @property
    def text(self) -> str:
        return self.plain()


@dataclass(frozen=True, slots=True)
class Draft:
    """A template that has been read and found right: Liquid source of both parts, and which columns it uses.

    `once` is about what stands outside of loops over rows and so shows the leading row, `repeated` about what
    stands in them. `asks_for_rows` says whether the rows of a mail are looped over or counted.
    """

    subject: str
    html: str
    layout: Layout
    languages: Languages
    once: Uses
    repeated: Uses
    names_unsubscribe_link: bool
    repeats_rows: bool
    asks_for_rows: bool


class Compiled:
    """A template ready to be filled in. Holds no row: safe to share between threads."""

    def __init__(self, draft: Draft, subject: Program, html: Program, compile_text: Callable[[], Program]) -> None:
        self._layout = draft.layout
        self._asks_for_rows = draft.asks_for_rows
        self._subject = subject
        self._html = html
        self._compile_text = compile_text
        self.may_fail = subject.may_fail or html.may_fail
        """Whether some row could make `render` raise a RenderProblem."""
        self.names_unsubscribe_link = draft.names_unsubscribe_link
        self.once = draft.once
        self.repeated = draft.repeated
        self.repeats_rows = draft.repeats_rows
        self.used_fields = draft.once.fields | draft.repeated.fields
        self.fields_without_fallback = draft.once.without_fallback | draft.repeated.without_fallback

    def render(
        self,
        values: Sequence[str],
        unsubscribe: str = "",
        message: str = "",
        rows: Sequence[Sequence[str]] | None = None,
    ) -> Rendered:
        """Fill in one row: its cells in the order of the header, missing ones at the end count as empty.

        A cell of nothing but blanks counts as empty. `rows` are all rows of the mail, this one first; None
        means that it is alone. Raises RenderProblem.
        """
        if self._asks_for_rows:
            row = self._layout.with_rows(values, rows or [values], unsubscribe, message)
        else:
            row = self._layout.vector(values, unsubscribe, message)
        try:
            html = self._html.render(row)
            return Rendered(" ".join(self._subject.render(row).split()), html, partial(self._plain, row, html))
        except RENDER_ERRORS as error:
            raise RenderProblem(_reason(error)) from error

    def _plain(self, row: Vector, html: str) -> str:
        try:
            return self._text.render(row) if self._text else plain_text(html)
        except RENDER_ERRORS:  # where the HTML went well, its text is no reason to refuse a row
            return plain_text(html)

    @cached_property
    def _text(self) -> Program | None:
        """None where a condition is whole only together with markup that the plain text leaves out."""
        try:
            return self._compile_text()
        except (LiquidError, InOrder):
            return None


def _reason(error: Exception) -> str:
    message = str(error.args[0]) if error.args else str(error)
    return _("The template cannot be filled in for this row: %(reason)s") % {"reason": message}


def compile_template(
    subject: str, html: str, fields: Sequence[str], languages: Languages = ENGLISH, *, fast: bool = True
) -> Compiled:
    """Compile a template for a spreadsheet with the header `fields`. Raises TemplateProblems.

    `fast` False leaves all rendering to python-liquid; the result is the same (for tests).
    """
    draft = read_template(subject, html, fields, languages)
    return compile_draft(draft, draft.html, check_link, fast=fast)


def compile_draft(
    draft: Draft,
    html: str,
    write_link: LinkWriter,
    *,
    constant: sources.ConstantLink | None = None,
    end: str = "",
    fast: bool = True,
) -> Compiled:
    """Compile a draft whose HTML may have been added to since.

    `html` is Liquid source; `constant` and `write_link` put in tracked addresses; `end` is source that comes
    last in the HTML only, not in its plain text.
    """
    environment = environment_in(draft.languages)

    def compiled(text: str, finish: Finish | None = None) -> Program:
        return compile_program(text, write_link, draft.layout, environment, finish=finish, fast=fast)

    subject = sources.with_encoders(draft.subject, lambda _offset: "_header")
    try:
        encoded = sources.ready_html(html, f"_f{draft.layout.unsubscribe}", constant, end)
        return Compiled(draft, compiled(subject), compiled(encoded), lambda: compiled(plain_text_source(html), tidy))
    except LiquidError as error:
        message = _("An address with fields in it must hold whole conditions: from {% if %} to {% endif %}.")
        raise TemplateProblems([Problem(Place("body", 1, ""), message)]) from error


def read_template(subject: str, html: str, fields: Sequence[str], languages: Languages = ENGLISH) -> Draft:
    """Heal and check both parts. Raises TemplateProblems with everything that was found, in order."""
    layout = Layout(len(fields))
    names = FieldNames(fields, {UNSUBSCRIBE_LINK: layout.unsubscribe, COUNT_OF_ROWS: layout.size})
    problems: list[Problem] = []
    usage = Usage()
    texts: dict[Part, str] = {}
    readers: tuple[tuple[Part, Callable[[], list[Piece]]], ...] = (
        ("subject", lambda: read_subject(subject)),
        ("body", lambda: around_rows(read_html(html))),
    )
    for part, read in readers:
        try:
            pieces = read()
            source, found = _resolved(pieces, names)
            problems += found
            usage.note(_parsed(source, part, languages).nodes)
            texts[part] = source.text
        except TemplateProblems as stopped:
            problems += stopped.problems
    if problems:
        raise TemplateProblems(problems)
    return Draft(
        texts["subject"],
        texts["body"],
        layout,
        languages,
        usage.outside.within(layout.columns),
        usage.inside.within(layout.columns),
        layout.unsubscribe in usage.outside.used | usage.inside.used,
        usage.repeats_rows,
        usage.repeats_rows or layout.size in usage.outside.used,
    )


def _parsed(source: sources.Source, part: Part, languages: Languages) -> "_Tree":
    try:
        environment = environment_in(languages)
        nodes = environment.from_string(source.text).nodes
        for node in nodes:
            _refuse_ranges(node)
            _refuse_options(node, environment)
            _refuse_cells_in_cycles(node)
    except LiquidError as error:
        start = error.token.start_index if error.token else 0
        place = source.place(start) or Place(part, 1, "")
        message = _("This is not understood: %(reason)s") % {"reason": shorten(str(error.args[0]))}
        raise TemplateProblems([Problem(place, message)]) from error
    return _Tree(nodes)


@dataclass(frozen=True, slots=True)
class _Tree:
    nodes: Sequence[Node]


def _refuse_ranges(node: Node) -> None:
    """`(1..9)` belongs into `for`; anywhere else it could become a list without end."""
    expressions: Iterable[Expression] = [] if isinstance(node, ForNode) else node.expressions()
    for expression in expressions:
        if any(isinstance(part, RangeLiteral) for part in deep(expression)):
            raise LiquidError(_("a range such as (1..9) can only stand in “for”"), token=node.token)
    for child in children(node):
        _refuse_ranges(child)


def _refuse_cells_in_cycles(node: Node) -> None:
    """`cycle` writes what it is given as it is: a cell would get into the mail without its encoder."""
    if isinstance(node, CycleNode) and any(isinstance(one, Path) for part in node.expressions() for one in deep(part)):
        raise LiquidError(_("“cycle” takes words in quotation marks and numbers only"), token=node.token)
    for child in children(node):
        _refuse_cells_in_cycles(child)


def _refuse_options(node: Node, environment: MergeEnvironment) -> None:
    """What a filter is told must be something it understands."""
    for expression in node.expressions():
        for part in deep(expression):
            filters = (part.filters or ()) if isinstance(part, FilteredExpression) else ()
            if len(filters) > MAX_FILTERS:
                message = _("one field can have %(limit)d filters at most") % {"limit": MAX_FILTERS}
                raise LiquidError(message, token=node.token)
            for item in filters:
                options = [getattr(option.value, "value", None) for option in item.args if not hasattr(option, "name")]
                wrong = wrong_option(item.name, environment.filters[item.name], options)
                if wrong:
                    raise LiquidError(wrong, token=node.token)
    for child in children(node):
        _refuse_options(child, environment)


def _resolved(pieces: Sequence[Piece], names: FieldNames) -> tuple[sources.Source, list[Problem]]:
    """The Liquid source of `pieces` and what is wrong with names and blocks in them."""
    tags = [piece for piece in pieces if isinstance(piece, Tag)]
    problems = [*_block_problems(tags), *map(_empty_loop, empty_loops(pieces))]
    local = _local_names(tags)
    inner: list[str] = []
    for tag, row in zip(tags, names_of_rows(tags), strict=True):
        loop = row_loop(tag)
        resolved = names.resolve(loop.options if loop else tag.inner, tag.name, local, row)
        problems += [_unknown(tag, name, names) for name in resolved.unknown]
        problems += [_no_filter(tag, name) for name in resolved.filters if name not in FILTERS]
        if not tag.name and not tag.inner:
            problems.append(Problem(tag.place, _("The field is empty; write a column's name into it.")))
        if tag.name == "for" and (itself := _ITSELF.match(tag.inner)):
            problems.append(_unknown(tag, itself[1], names))
        if loop and row:
            problems.append(Problem(tag.place, _("A loop over rows cannot stand within another one.")))
        inner.append(f"_row in {ROWS} {resolved.text}".strip() if loop else resolved.text)
    if problems:
        raise TemplateProblems(sorted(problems, key=lambda problem: problem.place.line))
    return sources.write(pieces, inner), problems


def _empty_loop(tag: Tag) -> Problem:
    message = _(
        "This loop repeats nothing. To repeat a row of a table, write {% for row in rows %} into its first cell and "
        "{% endfor %} into its last one."
    )
    return Problem(tag.place, message)


def _unknown(tag: Tag, name: str, names: FieldNames) -> Problem:
    suggestion = names.suggestion(name)
    if tag.name == "for" and get_close_matches(folded(name), ["rows"]):
        suggestion = "rows"
    elif folded(name) == "rows":
        message = _(
            "“rows” are all rows of a mail. Repeat something for each with {% for row in rows %} … {% endfor %}, "
            "or count them with {{ rows.size }}."
        )
        return Problem(tag.place, message, code="unknown_field")
    if suggestion is None:
        message = _("There is no column “%(name)s” in your data.") % {"name": name}
    else:
        message = _("There is no column “%(name)s” in your data. Did you mean “%(suggestion)s”?")
        message %= {"name": name, "suggestion": suggestion}
    return Problem(tag.place, message, suggestion, "unknown_field")


def _no_filter(tag: Tag, name: str) -> Problem:
    close = get_close_matches(name, FILTERS, n=1)
    if not close:
        return Problem(tag.place, _("There is no filter “%(name)s”.") % {"name": name}, code="not_available")
    message = _("There is no filter “%(name)s”. Did you mean “%(suggestion)s”?")
    return Problem(tag.place, message % {"name": name, "suggestion": close[0]}, close[0], "not_available")


def _local_names(tags: Sequence[Tag]) -> frozenset[str]:
    """Names the template makes for itself. (That of a row in a loop over rows always has a column behind it.)"""
    making = [tag for tag in tags if tag.name in ("assign", "capture", "for") and tag.inner and not row_loop(tag)]
    made = {tag.inner.split()[0].rstrip("=") for tag in making}
    return frozenset(made | ({"forloop"} if any(tag.name == "for" for tag in tags) else set()))


def _block_problems(tags: Iterable[Tag]) -> list[Problem]:
    """Tags that are not of the language, and conditions or loops without their other end."""
    problems: list[Problem] = []
    still_open: list[Tag] = []
    for tag in tags:
        if tag.name in BLOCKS:
            still_open.append(tag)
        elif tag.name in INNER:
            if not still_open or still_open[-1].name not in INNER[tag.name]:
                message = _("{%% %(name)s %%} stands outside of the condition it belongs to.")
                problems.append(Problem(tag.place, message % {"name": tag.name}))
        elif tag.name.startswith("end") and tag.name[3:] in BLOCKS:
            if still_open and still_open[-1].name == tag.name[3:]:
                still_open.pop()
            else:
                message = _("{%% %(name)s %%} has no beginning: {%% %(start)s %%} is missing before it.")
                problems.append(Problem(tag.place, message % {"name": tag.name, "start": tag.name[3:]}))
        elif tag.name and tag.name not in SINGLE:
            message = _("{%% %(name)s %%} is not available here.") % {"name": tag.name}
            problems.append(Problem(tag.place, message, code="not_available"))
    for tag in still_open:
        message = _("This {%% %(name)s %%} has no end: {%% end%(name)s %%} is missing.") % {"name": tag.name}
        problems.append(Problem(tag.place, message))
    return problems
