"""From what the sender wrote to something that can be filled in for each row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _
from liquid.ast import Node
from liquid.builtin.expressions import BooleanExpression, FilteredExpression
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression

from campaigns.merge import source as sources
from campaigns.merge.healing import Piece, Tag, read_html, read_subject
from campaigns.merge.language import BLOCKS, ENVIRONMENT, FILTERS, INNER, SINGLE, LinkWriter, field_index
from campaigns.merge.links import check_link
from campaigns.merge.names import FieldNames
from campaigns.merge.problems import Part, Place, Problem, RenderProblem, TemplateProblems, shorten
from campaigns.merge.program import RENDER_ERRORS, Finish, Program, compile_program
from campaigns.text_part import plain_text, plain_text_source, tidy

UNSUBSCRIBE_LINK = "unsubscribe_link"
"""The one name that is no column: the address of the recipient's own unsubscribe page."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail's texts."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A template that has been read and found right: Liquid source of both parts, and which columns it uses.

    Behind the columns a row has two extra values: the unsubscribe address and the message token.
    """

    subject: str
    html: str
    columns: int
    used_fields: frozenset[int]
    fields_without_fallback: frozenset[int]
    names_unsubscribe_link: bool

    @property
    def unsubscribe(self) -> int:
        """Index of the unsubscribe address in a row."""
        return self.columns

    @property
    def message(self) -> int:
        """Index of the message token in a row."""
        return self.columns + 1


class Compiled:
    """A template ready to be filled in. Holds no row: safe to share between threads."""

    def __init__(self, draft: Draft, subject: Program, html: Program, text: Program | None) -> None:
        self._columns = draft.columns
        self._subject = subject
        self._html = html
        self._text = text
        self.may_fail = subject.may_fail or html.may_fail or text is None or text.may_fail
        """Whether some row could make `render` raise a RenderProblem."""
        self.names_unsubscribe_link = draft.names_unsubscribe_link
        self.used_fields = draft.used_fields
        self.fields_without_fallback = draft.fields_without_fallback

    def render(self, values: Sequence[str], unsubscribe: str = "", message: str = "") -> Rendered:
        """Fill in one row: its cells in the order of the header, missing ones at the end count as empty.

        A cell of nothing but blanks counts as empty. Raises RenderProblem.
        """
        row = [*values[: self._columns], *[""] * (self._columns - len(values)), unsubscribe, message]
        if any(map(str.isspace, row)):
            row = ["" if value.isspace() else value for value in row]
        try:
            html = self._html.render(row)
            text = self._text.render(row) if self._text else plain_text(html)
            return Rendered(" ".join(self._subject.render(row).split()), html, text)
        except RENDER_ERRORS as error:
            raise RenderProblem(_reason(error)) from error


def _reason(error: Exception) -> str:
    message = str(error.args[0]) if error.args else str(error)
    return _("The template cannot be filled in for this row: %(reason)s") % {"reason": message}


def compile_template(subject: str, html: str, fields: Sequence[str], *, fast: bool = True) -> Compiled:
    """Compile a template for a spreadsheet with the header `fields`. Raises TemplateProblems.

    `fast` False leaves all rendering to python-liquid; the result is the same (for tests).
    """
    draft = read_template(subject, html, fields)
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
    own = f"_f{draft.unsubscribe}"
    marked = sources.with_links(html, own, constant)
    if end:
        place = sources.body_end(marked)
        marked = marked[:place] + end + marked[place:]

    def compiled(text: str, finish: Finish | None = None) -> Program:
        return compile_program(text, write_link, draft.message, finish=finish, fast=fast)

    try:
        text: Program | None = compiled(plain_text_source(html), tidy)
    except LiquidError:  # a condition that is whole only together with markup the plain text leaves out
        text = None
    subject = sources.with_encoders(draft.subject, lambda _offset: "_header")
    try:
        return Compiled(draft, compiled(subject), compiled(sources.encode_html(marked)), text)
    except LiquidError as error:
        message = _("An address with fields in it must hold whole conditions: from {% if %} to {% endif %}.")
        raise TemplateProblems([Problem(Place("body", 1, ""), message)]) from error


def read_template(subject: str, html: str, fields: Sequence[str]) -> Draft:
    """Heal and check both parts. Raises TemplateProblems with everything that was found, in order."""
    names = FieldNames(fields, {UNSUBSCRIBE_LINK: len(fields)})
    problems: list[Problem] = []
    usage = _Usage()
    texts: dict[Part, str] = {}
    readers: tuple[tuple[Part, Callable[[], list[Piece]]], ...] = (
        ("subject", lambda: read_subject(subject)),
        ("body", lambda: read_html(html)),
    )
    for part, read in readers:
        try:
            pieces = read()
            source, found = _resolved(pieces, names)
            problems += found
            usage.note(_parsed(source, part).nodes, frozenset())
            texts[part] = source.text
        except TemplateProblems as stopped:
            problems += stopped.problems
    if problems:
        raise TemplateProblems(problems)
    columns = range(len(fields))
    return Draft(
        texts["subject"],
        texts["body"],
        len(fields),
        frozenset(usage.used.intersection(columns)),
        frozenset(usage.bare.intersection(columns)),
        len(fields) in usage.used,
    )


def _parsed(source: sources.Source, part: Part) -> "_Tree":
    try:
        nodes = ENVIRONMENT.from_string(source.text).nodes
        for node in nodes:
            _refuse_ranges(node)
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
        if any(isinstance(part, RangeLiteral) for part in _deep(expression)):
            raise LiquidError(_("a range such as (1..9) can only stand in “for”"), token=node.token)
    for child in _children(node):
        _refuse_ranges(child)


def _children(node: Node) -> Iterable[Node]:
    return node.children(None)  # type: ignore[arg-type]  # no node in use looks at the context


def _deep(expression: Expression) -> Iterable[Expression]:
    yield expression
    for child in expression.children():
        yield from _deep(child)


def _resolved(pieces: Sequence[Piece], names: FieldNames) -> tuple[sources.Source, list[Problem]]:
    """The Liquid source of `pieces` and what is wrong with names and blocks in them."""
    tags = [piece for piece in pieces if isinstance(piece, Tag)]
    problems = _block_problems(tags)
    local = _local_names(tags)
    inner: list[str] = []
    for tag in tags:
        resolved = names.resolve(tag.inner, tag.name, local)
        problems += [_unknown(tag, name, names) for name in resolved.unknown]
        problems += [_no_filter(tag, name) for name in resolved.filters if name not in FILTERS]
        if not tag.name and not tag.inner:
            problems.append(Problem(tag.place, _("The field is empty; write a column's name into it.")))
        inner.append(resolved.text)
    if problems:
        raise TemplateProblems(sorted(problems, key=lambda problem: problem.place.line))
    return sources.write(pieces, inner), problems


def _unknown(tag: Tag, name: str, names: FieldNames) -> Problem:
    suggestion = names.suggestion(name)
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


def _local_names(tags: Iterable[Tag]) -> frozenset[str]:
    """Names the template makes for itself."""
    made = {tag.inner.split()[0].rstrip("=") for tag in tags if tag.name in ("assign", "capture", "for") and tag.inner}
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


class _Usage:
    """Which columns a template uses, and which it writes out with nothing to say for an empty cell."""

    def __init__(self) -> None:
        self.used: set[int] = set()
        self.bare: set[int] = set()

    def note(self, nodes: Iterable[Node], asked: frozenset[int]) -> None:
        """`asked` are columns whose content a condition around the nodes has asked about."""
        for node in nodes:
            around = asked
            for expression in node.expressions():
                columns = {index for part in _deep(expression) if (index := field_index(part)) is not None}
                self.used |= columns
                if isinstance(expression, BooleanExpression):
                    around |= columns
                if isinstance(node, OutputNode) and isinstance(expression, FilteredExpression):
                    index = field_index(expression.left)
                    fallback = any(item.name == "default" for item in expression.filters or ())
                    if index is not None and not fallback and index not in asked:
                        self.bare.add(index)
            if isinstance(node, IfNode):  # what `elsif` asks about is asked for the branches after it, too
                conditions = [alternative.expression for alternative in node.alternatives]
                around |= {i for c in conditions for part in _deep(c) if (i := field_index(part)) is not None}
            self.note(_children(node), around)
