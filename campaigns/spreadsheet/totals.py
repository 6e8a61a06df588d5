"""What people write under a table: a line of totals, and notes. Nobody is written to there."""

import re
from collections.abc import Iterator, Sequence

from campaigns.spreadsheet.errors import Remark
from campaigns.spreadsheet.problems import is_error
from campaigns.spreadsheet.rows import Block

MOST_HELD = 50  # rows without an address at the end that are looked at
MOST_NAMED = 10
LONG_NOTE = 40  # characters no name or city has

_WORDS = """
    total totals totale totali totales totaux totaal totalt totalsumme subtotal sous-total summe gesamtsumme endsumme
    zwischensumme gesamt insgesamt gesamtergebnis zwischenergebnis gesamtbetrag sum sums suma somma somme soma summa
    sammanlagt yhteensä razem łącznie ogółem celkem spolu összesen ukupno skupaj viso kopā kokku toplam σύνολο итого
    всего разом 合計 总计 總計 합계 Σ ∑
"""
# The word is all of the cell, or says what is added up: "Total général", "Summe (netto):", "Total: 12 guests".
TOTAL = re.compile(
    rf"(?:grand |sub ?)?(?:{'|'.join(map(re.escape, _WORDS.casefold().split()))})"
    r"(?: (?:général|generale?|geral|complessivo|ttc|ht|netto|brutto|net|gross|amount|sum|eur|euro|usd|chf|gbp))?"
    r"\s*(?:[:=(\d€$£].*)?",
    re.DOTALL,
)
AMOUNT = re.compile(r"[-+(]?[^\w\s]?\s?[\d.,'’\s\u00a0\u202f]*\d\)?\s?(?:[^\w\s]|[a-z]{3})?", re.IGNORECASE)


def without_totals(blocks: Iterator[Block], address_place: int, usual: int, remarks: list[Remark]) -> Iterator[Block]:
    """The blocks less what stands below the table, which is told in a remark.

    Only rows after the last one with an address are doubted, and of them only those that fill fewer cells than
    ``usual``: a person's row whose address is merely missing stays.
    """
    held = Block([], [], {})
    above = 0  # number of the row before those held
    for block in blocks:
        last = next((n for n in range(len(block.rows) - 1, -1, -1) if "@" in block.rows[n][address_place]), -1)
        if last >= 0:
            if held.rows:
                yield held
            start, held = block.cut(last + 1)
            above = start.numbers[-1]
            yield start
        else:
            held = held.joined(block)
            if len(held.rows) > MOST_HELD:
                start, held = held.cut(len(held.rows) - MOST_HELD)
                above = start.numbers[-1]
                yield start
    if held.rows:
        below = _below(held, above, address_place, usual)
        if below:
            yield from held.without(below)
            numbers = [str(held.numbers[place]) for place in below]
            named = ", ".join(numbers[:MOST_NAMED]) + (" …" if len(numbers) > MOST_NAMED else "")
            remarks.append(Remark("rows_below_table", count=len(below), rows=named))
        else:
            yield held


def _below(held: Block, above: int, address_place: int, usual: int) -> list[int]:
    """The places of the rows that are totals or notes."""
    found: list[int] = []
    ended = False  # an empty row or a total came before
    for place, (number, row) in enumerate(zip(held.numbers, held.rows, strict=True)):
        ended = ended or number > above + 1
        above = number
        texts = [text.strip() for text in row if text.strip()]
        if len(texts) >= usual:
            ended = False
        elif _is_total(texts, row[address_place].strip(), usual):
            found.append(place)
            ended = True
        elif ended and _is_note(texts, row[address_place].strip(), usual):
            found.append(place)
    return found


def _is_total(texts: Sequence[str], address: str, usual: int) -> bool:
    if address and TOTAL.fullmatch(address.casefold()) is None:
        return False
    others = [text for text in texts if TOTAL.fullmatch(text.casefold()) is None]
    if not all(AMOUNT.fullmatch(text) or is_error(text) for text in others):
        return False  # such as a last name: “Soma” and “Summa” are also people
    return len(others) < len(texts) or len(texts) * 2 <= usual


def _is_note(texts: Sequence[str], address: str, usual: int) -> bool:
    """A lone text; in a table of two columns, where it may be a person's name, one that no name looks like."""
    if len(texts) != 1:
        return not address and len(texts) * 3 <= usual
    text = texts[0]
    return usual > 2 or len(text) > LONG_NOTE or ":" in text or any(map(str.isdigit, text))
