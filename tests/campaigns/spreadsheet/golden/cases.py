"""What stands in the golden workbooks: number formats with values for each, and cells of every kind.

A case is one cell. Its ``format`` and ``value`` are what a reader of the expectations sees, ``xml`` is what
the file holds.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

LOCALES = (
    "en-US", "en-GB", "en-CA", "de-DE", "de-AT", "de-CH", "fr-FR", "fr-CH", "fr-CA", "es-ES", "es-MX", "it-IT", "nl-NL",
    "nl-BE", "pt-BR", "pt-PT", "pl-PL", "sv-SE", "da-DK", "nb-NO", "fi-FI", "cs-CZ", "hu-HU", "ro-RO",
)  # fmt: skip

FORMATS = Path(__file__).with_name("formats.txt")
BUILT_IN = "built-in "
MERGED, LINK, HIDDEN = "merged cells", "link", "hidden row"  # kinds that a cell alone does not make


class Case(NamedTuple):
    format: str  # a code, ``built-in 14``, or the kind of cell
    value: str  # the number as the file holds it, or ``s:`` and the text
    style: str | int  # the format of the cell
    attributes: str
    content: str


def cases() -> Iterator[Case]:
    """Every cell, in the order of the workbook's rows."""
    values: list[str] = []
    for line in FORMATS.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            values = line[2:].split(" ")
        elif line and not line.startswith("// "):
            yield from (_case(line, value) for value in values)
    yield from kinds()


def _case(name: str, value: str) -> Case:
    style = int(name.removeprefix(BUILT_IN)) if name.startswith(BUILT_IN) else name
    if value.startswith("s:"):
        text = f'<is><t xml:space="preserve">{escape(value[2:])}</t></is>'
        return Case(name, value, style, ' t="inlineStr"', text)
    return Case(name, value, style, "", f"<v>{value}</v>")


# Shared texts by place: the cells below name them by number.
STRINGS = (
    "<si><t>plain</t></si>",
    '<si><t xml:space="preserve">  two blanks  </t></si>',
    "<si><r><t>ri</t></r><r><rPr><b/></rPr><t>ch &amp; bold</t></r></si>",
    "<si><t>line\nline</t></si>",
    "<si><t>00123</t></si>",
    "<si><t>1234567890123456789</t></si>",
    "<si><t>=1+1</t></si>",
    "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>",
    '<si><t>a "quoted" word, and &lt;more&gt;</t></si>',
    "<si><t>tab\there</t></si>",
    "<si><t>Zoë 😀</t></si>",
)


def kinds() -> Iterator[Case]:
    """Cells of every kind there is besides numbers."""
    for place, string in enumerate(STRINGS):
        yield Case("shared text", string, 0, ' t="s"', f"<v>{place}</v>")
    yield Case("shared text", "in @*.", "@*.", ' t="s"', "<v>0</v>")
    for text in ("inline", "00123", "a &amp; b"):
        yield Case("inline text", text, 0, ' t="inlineStr"', f"<is><t>{text}</t></is>")
    yield Case("inline text", "rich", 0, ' t="inlineStr"', "<is><r><t>ri</t></r><r><rPr><i/></rPr><t>ch</t></r></is>")
    for value in "10":
        yield Case("boolean", value, 0, ' t="b"', f"<v>{value}</v>")
        yield Case("boolean", f"{value} in 0.00", "0.00", ' t="b"', f"<v>{value}</v>")
    for error in ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"):
        yield Case("error", error, 0, ' t="e"', f"<v>{error}</v>")
    yield Case("formula", "number", "0.00", "", "<f>1+0.5</f><v>1.5</v>")
    yield Case("formula", "text", 0, ' t="str"', "<f>&quot;B&quot;&amp;&quot;en&quot;</f><v>Ben</v>")
    yield Case("formula", "no text", 0, ' t="str"', "<f>&quot;&quot;</f><v></v>")
    yield Case("formula", "boolean", 0, ' t="b"', "<f>1=1</f><v>1</v>")
    yield Case("formula", "error", 0, ' t="e"', "<f>1/0</f><v>#DIV/0!</v>")
    yield Case("formula", "date", "yyyy-mm-dd", "", "<f>DATE(2025,3,9)</f><v>45725</v>")
    for moment in ("2025-03-09", "2025-03-09T18:00:00", "2025-03-09T18:00:00.250"):
        yield Case("ISO date", moment, "yyyy-mm-dd hh:mm:ss", ' t="d"', f"<v>{moment}</v>")
    yield Case("ISO date", "2025-03-09, built-in 14", 14, ' t="d"', "<v>2025-03-09</v>")
    yield Case("empty", "styled", "0.00", "", "")
    yield Case("number", "t=n", 0, ' t="n"', "<v>5</v>")
    yield Case("number", "1.0", 0, "", "<v>1.0</v>")
    yield Case("number", "1E3", 0, "", "<v>1E3</v>")
    yield Case("number", "17 digits", "0.00", "", "<v>1.0049999999999999</v>")
    yield Case("number", "-0", "0.00", "", "<v>-0</v>")
    yield Case(MERGED, "B and C", 0, ' t="s"', "<v>0</v>")
    yield Case(LINK, "inside the workbook", 0, ' t="s"', "<v>0</v>")
    yield Case(HIDDEN, "in a hidden row", "0.00", "", "<v>1.5</v>")
