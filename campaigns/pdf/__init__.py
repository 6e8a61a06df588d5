"""Making PDFs from HTML, in a process of its own (docs/decisions/0011-pdf-per-row.md).

Pure: text in, bytes out. Imports nothing, as the process starts from here.
"""
