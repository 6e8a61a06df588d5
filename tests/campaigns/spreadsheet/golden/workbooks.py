"""Write a golden workbook, part by part, so that it holds exactly what its cases say."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.campaigns.spreadsheet.files import MAIN, PACKAGE_RELS, RELS
from tests.campaigns.spreadsheet.golden.cases import HIDDEN, LINK, MERGED, STRINGS, Case

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PACKAGE_KIND = "application/vnd.openxmlformats-package.relationships+xml"
HIDDEN_ROW = ' hidden="1"'
FIRST_CODE = 164  # numbers below belong to built-in formats


def write(path: Path, cases: Sequence[Case], *, date1904: bool) -> Path:
    """One sheet “Golden”: a header, then a row per case, its number in A and its cell in B."""
    codes = sorted({case.style for case in cases if isinstance(case.style, str)})
    numbers = sorted({case.style for case in cases if isinstance(case.style, int)} | {0})
    styles: list[str | int] = [*numbers, *codes]
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELS}"><workbookPr date1904="{int(date1904)}"/>'
        '<sheets><sheet name="Golden" sheetId="1" r:id="r0"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(
            ("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")
        ),
        "xl/styles.xml": _styles(codes, styles),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(STRINGS)}</sst>',
        "xl/worksheets/sheet1.xml": _sheet(cases, {style: place for place, style in enumerate(styles)}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, DECLARATION + content)
    return path


def _content_types() -> str:
    parts = ("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet"), ("styles", "styles")
    overrides = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{KIND}.{kind}+xml"/>'
        for part, kind in (*parts, ("sharedStrings", "sharedStrings"))
    )
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{PACKAGE_KIND}"/>{overrides}</Types>'
    )


def _relations(*targets: tuple[str, str]) -> str:
    lines = [
        f'<Relationship Id="r{place}" Type="{RELS}/{kind}" Target="{target}"/>'
        for place, (kind, target) in enumerate(targets)
    ]
    return f'<Relationships xmlns="{PACKAGE_RELS}">{"".join(lines)}</Relationships>'


def _styles(codes: Sequence[str], styles: Sequence[str | int]) -> str:
    number_of = {code: FIRST_CODE + place for place, code in enumerate(codes)}
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>' for code, number in number_of.items()
    )
    cells = "".join(
        f'<xf numFmtId="{style if isinstance(style, int) else number_of[style]}" fontId="0" fillId="0" borderId="0" '
        'xfId="0" applyNumberFormat="1"/>'
        for style in styles
    )
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="{len(codes)}">{formats}</numFmts>'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
        '<borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(styles)}">{cells}</cellXfs></styleSheet>'
    )


def _sheet(cases: Sequence[Case], places: dict[str | int, int]) -> str:
    rows = [
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Case</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>Shown</t></is></c></row>'
    ]
    numbered = list(enumerate(cases, start=2))
    rows += [
        f'<row r="{row}"{HIDDEN_ROW if case.format == HIDDEN else ""}>'
        f'<c r="A{row}" t="inlineStr"><is><t>case {row}</t></is></c>'
        f'<c r="B{row}" s="{places[case.style]}"{case.attributes}>{case.content}</c></row>'
        for row, case in numbered
    ]
    merged = [f'<mergeCell ref="B{row}:C{row}"/>' for row, case in numbered if case.format == MERGED]
    links = [f'<hyperlink ref="B{row}" location="Golden!A1"/>' for row, case in numbered if case.format == LINK]
    return (
        f'<worksheet xmlns="{MAIN}"><cols><col min="1" max="2" width="60" customWidth="1"/></cols>'
        f"<sheetData>{''.join(rows)}</sheetData><mergeCells>{''.join(merged)}</mergeCells>"
        f"<hyperlinks>{''.join(links)}</hyperlinks></worksheet>"
    )
