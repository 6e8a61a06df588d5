"""Which row is the header, what its columns are called, and which of them hold addresses."""

import re
import unicodedata
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from campaigns.spreadsheet.errors import Remark
from campaigns.spreadsheet.problems import looks_like_address

LOOKED_AT = 30  # rows in which a header is expected
ENOUGH = 0.5  # share of filled cells that must be addresses for a column to be one by content

# As people write them, folded by ``folded``: lower case, no accents, no signs.
_ADDRESS_WORDS = """
    email emails mail emailaddress mailaddress emailid primaryemail workemail contactemail to recipient
    recipients recipientemail emailadresse emailadressen mailadresse empfanger empfaenger an epost
    epostadresse epostadress epostaddress eposta adresseemail adressemail adresseelectronique courriel
    courrielprincipal destinataire mel a correo correoelectronico correoe direcciondecorreo
    direcciondecorreoelectronico para destinatario postaelettronica indirizzoemail
    indirizzodipostaelettronica indirizzomail emailadres mailadres aan ontvanger enderecodeemail
    correioeletronico correioelectronico adresemail adrespocztyelektronicznej adresat do emailadress mejl
    mottaker mottagare modtager til till sahkoposti sahkopostiosoite emailcim adresa elektronickaposta
    emailovaadresa epostatadresi
"""
_CC_WORDS = "cc kopie copie copia kopia cce copyto carboncopy emailcc ccemail mailcc"
_BCC_WORDS = """
    bcc blindkopie cci cco ccn bccemail emailbcc copiecachee copiaoculta copianascosta blindcopy
"""
_REPLY_TO_WORDS = """
    replyto reply replyemail antwortan antwort antwortadresse repondrea responder responderaemail rispondia
    antwoordaan svara svartill svartil
"""
ADDRESS_WORDS = frozenset(_ADDRESS_WORDS.split())
CC_WORDS = frozenset(_CC_WORDS.split())
BCC_WORDS = frozenset(_BCC_WORDS.split())
REPLY_TO_WORDS = frozenset(_REPLY_TO_WORDS.split())
STRONG = re.compile(
    r"e ?mail|e ?post\b|courriel|correo|sahkoposti|postaelettronica|электрон|почта"
    r"|メール|邮箱|電子郵件|电子邮件|이메일"
)


class Roles(NamedTuple):
    """Places in the header of the columns with a meaning of their own; None where there is none."""

    address: int | None
    cc: int | None
    bcc: int | None
    reply_to: int | None


def folded(name: str) -> str:
    """``E-Mail Adresse:`` → ``emailadresse``: what a heading is compared by."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def find_header(rows: Sequence[dict[int, str]]) -> int | None:
    """The place of the header among the first rows, or None if the first full row is data already.

    Above the header there may be titles; they fill few cells. The header is the row with a word for
    "email", or else, of the full rows above the first address, the first that fills most cells, or else, in a sheet
    without any address, the first that is about full. Of several header rows, with cells merged over them, it is
    the lowest.
    """
    usual = median(len(cells) for cells in rows)
    above: list[int] = []  # full rows without an address
    for place, cells in enumerate(rows[:LOOKED_AT]):
        if len(cells) * 2 < usual:
            continue
        if any(looks_like_address(text) for text in cells.values()):
            return max(above, key=lambda earlier: len(rows[earlier])) if above else None
        if _is_header(cells, usual, most_above=max((len(rows[earlier]) for earlier in above), default=0)):
            return _lowest(rows, place)
        above.append(place)
    return above[0] if above else 0


def _is_header(cells: dict[int, str], usual: float, most_above: int) -> bool:
    """Whether a row has a heading for addresses. What may also be a name (Mel) or be within a sentence counts only
    where all that stands above is titles.
    """
    if len(cells) == 1 and usual != 1:
        return False
    exact = [text for text in cells.values() if folded(text) in ADDRESS_WORDS]
    if any(STRONG.search(folded(text)) for text in exact):
        return True
    if len(cells) <= most_above:
        return False
    return bool(exact) or (1 < usual <= len(cells) and any(map(_speaks_of_mail, cells.values())))


def _speaks_of_mail(heading: str) -> bool:
    """``Parent email``, ``E-Mail der Eltern``."""
    return STRONG.search(" ".join(re.split(r"[\W_]+", heading.casefold()))) is not None


def _lowest(rows: Sequence[dict[int, str]], place: int) -> int:
    """The last row of a header of several rows: its word for "email" is one cell merged over all of them."""
    words = {
        (column, text) for column, text in rows[place].items() if folded(text) in ADDRESS_WORDS or _speaks_of_mail(text)
    }
    while place + 1 < len(rows) and not words.isdisjoint(rows[place + 1].items()):
        place += 1
    return place


def column_names(shown: Sequence[str], letters: Sequence[str], remarks: list[Remark], *, named: bool) -> list[str]:
    """The header's texts made usable as field names: on one line, none empty, no two alike in any case."""
    names: list[str] = []
    taken: set[str] = set()
    own = {" ".join(text.split()).casefold() for text in shown}
    for text, column in zip(shown, letters, strict=True):
        name = " ".join(text.split())
        if not name:
            name = f"Column {column}"
            if named:
                remarks.append(Remark("named_header", column=column, name=name))
        if name.casefold() in taken:
            name = _next_free(name, taken | own)
            remarks.append(Remark("renamed_header", column=column, name=name))
        taken.add(name.casefold())
        names.append(name)
    return names


def _next_free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name} ({number})".casefold() in taken:
        number += 1
    return f"{name} ({number})"


def find_roles(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Roles:
    """The columns that hold addresses, by heading first and by content second."""
    words = [folded(name) for name in header]
    share = [_share_of_addresses([row[place] for row in rows]) for place in range(len(header))]
    cc = _first(words, CC_WORDS, share)
    bcc = _first(words, BCC_WORDS, share)
    reply_to = _first(words, REPLY_TO_WORDS, share)
    taken = {cc, bcc, reply_to}
    free = [place for place in range(len(header)) if place not in taken]
    return Roles(_address(header, words, share, free), cc, bcc, reply_to)


def _address(header: Sequence[str], words: Sequence[str], share: Sequence[float], free: Sequence[int]) -> int | None:
    for place in free:
        if words[place] in ADDRESS_WORDS and share[place] >= ENOUGH:
            return place
    for place in free:
        if _speaks_of_mail(header[place]) and share[place] >= ENOUGH:
            return place
    by_content = [place for place in free if share[place] >= ENOUGH]
    if by_content:
        return max(by_content, key=lambda place: share[place])
    # A heading that can mean nothing else counts even where the sample is empty or all broken.
    for place in free:
        if words[place] in ADDRESS_WORDS and STRONG.search(words[place]):
            return place
    return None


def _first(words: Sequence[str], wanted: frozenset[str], share: Sequence[float]) -> int | None:
    return next((place for place, word in enumerate(words) if word in wanted and share[place] != 0.0), None)


def _share_of_addresses(texts: Sequence[str]) -> float:
    """Which part of the filled cells look like addresses; -1 if none is filled."""
    filled = [text for text in texts if text.strip()]
    return sum(looks_like_address(text) for text in filled) / len(filled) if filled else -1.0
