"""What the binary formats of Excel, .xls and .xlsb, have in common: how they keep numbers, errors and lines.

The rules are in [MS-XLSB], the structures named here:
https://learn.microsoft.com/en-us/openspecs/office_file_formats/ms-xlsb/
"""

import math
import struct

# The structure BErr.
ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip
NO_NUMBER = "#NUM!"
MOST_EXACT = 2**53  # above it a double no longer knows every whole number


def error_text(code: int) -> str:
    """An error as the program shows it; ``#NUM!`` for one that is not known."""
    return ERRORS.get(code, NO_NUMBER)


def raw_number(value: float) -> str:
    """``value`` as an .xlsx file would write it, for a NumberFormat; "" for infinity and what is no number."""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < MOST_EXACT else repr(value)


def rk_number(bits: int) -> float:
    """A number packed into 32 bits (RkNumber): the high part of a double or a whole number, perhaps times 100."""
    if bits & 0x2:
        value = float(bits >> 2 if bits < 1 << 31 else (bits >> 2) - (1 << 30))
    else:
        (value,) = struct.unpack("<d", struct.pack("<II", 0, bits & 0xFFFFFFFC))
    return value / 100 if bits & 0x1 else value


def plain_lines(text: str) -> str:
    """``text`` with line ends as the rest of the application knows them."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
