"""Kinds of files, told by their extensions, as mail programs do."""

import mimetypes

# What Outlook does not let its user open, so sending it helps nobody
# (https://support.microsoft.com/office/blocked-attachments-in-outlook-434752e1-02d3-4e90-9124-8b81e49a8519,
# for the web: https://learn.microsoft.com/powershell/module/exchange/set-owamailboxpolicy#-blockedfiletypes).
_FORBIDDEN = """
ade adp app appcontent-ms application appref-ms asp aspx asx bas bat bgi cab cdxml cer chm cmd cnt com cpl crt csh
der diagcab exe fxp gadget grp hlp hpj hta htc inf ins isp its jar jnlp js jse ksh library-ms lnk mad maf mag mam
maq mar mas mat mau mav maw mcf mda mdb mde mdt mdw mdz mht mhtml msc msh msh1 msh1xml msh2 msh2xml mshxml msi msp
mst msu ops osd pcd pif pl plg prf prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 pssc pst py pyc pyo
pyw pyz pyzw reg scf scr sct search-ms settingcontent-ms shb shs theme tmp udl url vb vbe vbp vbs vhd vhdx vsmacros
vsw webpnp website wsb ws wsc wsf wsh xbap xll xnk
"""
FORBIDDEN = frozenset(_FORBIDDEN.split())

# Python's own table lacks these, and the machine's may not be there.
_MEDIA_TYPES = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eml": "message/rfc822",
    "heic": "image/heic",
    "ics": "text/calendar",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rtf": "application/rtf",
    "vcf": "text/vcard",
    "webp": "image/webp",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
_PYTHONS = mimetypes.MimeTypes()
ANY = "application/octet-stream"

# Extensions that a file pretends to have: "report.pdf.docm" is opened as .docm, and filters distrust it.
_DOCUMENTS = "doc docx gif jpeg jpg mp3 mp4 odt pdf png ppt pptx rtf txt xls xlsx"
_LOOKS_LIKE_A_DOCUMENT = frozenset(_DOCUMENTS.split())


def extension(name: str) -> str:
    """ "pdf" of "Report.PDF"; "" where there is none. Blanks and dots at the end do not count, as in Windows."""
    return name.rstrip(". ").rpartition(".")[2].strip().lower() if "." in name.rstrip(". ") else ""


def forbidden_type(name: str) -> str:
    """The extension (".exe") for which Outlook withholds this file from its reader, or ""."""
    found = extension(name)
    return f".{found}" if found in FORBIDDEN else ""


def has_double_extension(name: str) -> bool:
    """Whether it looks like one kind of file and is another: "invoice.pdf.zip"."""
    last = extension(name)
    before = extension(name[: name.lower().rfind(f".{last}")]) if last else ""
    return before in _LOOKS_LIKE_A_DOCUMENT


def media_type(name: str) -> str:
    """By the extension; what the browser claimed is not asked."""
    found = extension(name)
    return _MEDIA_TYPES.get(found) or _PYTHONS.types_map[True].get(f".{found}") or ANY
