"""How each language writes numbers, dates and truth: the part of a number format that is not in the file.

A format such as ``#,##0.00`` or ``mmmm`` names no language; the spreadsheet program takes its user's. A
code such as ``[$-407]`` names one by its Windows number
(https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-lcid/).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Locale:
    """One language's signs and words; ``short_date`` … ``time`` are number format codes."""

    decimal: str
    group: str
    months: tuple[str, ...]
    months_short: tuple[str, ...]
    days: tuple[str, ...]  # Sunday first, as in Excel
    days_short: tuple[str, ...]
    true: str
    false: str
    short_date: str  # what built-in format 14 shows
    long_date: str
    time: str


def _locale(signs: str, words: str, truth: str, formats: str) -> Locale:
    """Build a Locale from blocks of space-separated words; ``_`` in ``signs`` stands for a space that does
    not break.
    """
    lines = [line.split() for line in words.strip().splitlines()]
    short_date, long_date, time = formats.split("|")
    true, false = truth.split()
    decimal, group = signs[0], signs[1].replace("_", "\u00a0").replace("~", "\u202f")
    return Locale(
        decimal,
        group,
        tuple(lines[0]),
        tuple(lines[1]),
        tuple(lines[2]),
        tuple(lines[3]),
        true,
        false,
        short_date,
        long_date,
        time,
    )


EN = _locale(
    ".,",
    """January February March April May June July August September October November December
    Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
    Sunday Monday Tuesday Wednesday Thursday Friday Saturday
    Sun Mon Tue Wed Thu Fri Sat""",
    "TRUE FALSE",
    "m/d/yyyy|dddd, mmmm d, yyyy|h:mm:ss AM/PM",
)
DE = _locale(
    ",.",
    """Januar Februar März April Mai Juni Juli August September Oktober November Dezember
    Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez
    Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag
    So Mo Di Mi Do Fr Sa""",
    "WAHR FALSCH",
    "dd.mm.yyyy|dddd, d. mmmm yyyy|hh:mm:ss",
)
FR = _locale(
    ",~",
    """janvier février mars avril mai juin juillet août septembre octobre novembre décembre
    janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.
    dimanche lundi mardi mercredi jeudi vendredi samedi
    dim. lun. mar. mer. jeu. ven. sam.""",
    "VRAI FAUX",
    "dd/mm/yyyy|dddd d mmmm yyyy|hh:mm:ss",
)
ES = _locale(
    ",.",
    """enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    ene feb mar abr may jun jul ago sep oct nov dic
    domingo lunes martes miércoles jueves viernes sábado
    dom lun mar mié jue vie sáb""",
    "VERDADERO FALSO",
    'dd/mm/yyyy|dddd, d "de" mmmm "de" yyyy|h:mm:ss',
)
IT = _locale(
    ",.",
    """gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
    gen feb mar apr mag giu lug ago set ott nov dic
    domenica lunedì martedì mercoledì giovedì venerdì sabato
    dom lun mar mer gio ven sab""",
    "VERO FALSO",
    "dd/mm/yyyy|dddd d mmmm yyyy|hh:mm:ss",
)
NL = _locale(
    ",.",
    """januari februari maart april mei juni juli augustus september oktober november december
    jan feb mrt apr mei jun jul aug sep okt nov dec
    zondag maandag dinsdag woensdag donderdag vrijdag zaterdag
    zo ma di wo do vr za""",
    "WAAR ONWAAR",
    "d-m-yyyy|dddd d mmmm yyyy|hh:mm:ss",
)
PT = _locale(
    ",.",
    """janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
    jan fev mar abr mai jun jul ago set out nov dez
    domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado
    dom seg ter qua qui sex sáb""",
    "VERDADEIRO FALSO",
    'dd/mm/yyyy|dddd, d "de" mmmm "de" yyyy|hh:mm:ss',
)
PL = _locale(
    ",_",
    """styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
    sty lut mar kwi maj cze lip sie wrz paź lis gru
    niedziela poniedziałek wtorek środa czwartek piątek sobota
    N Pn Wt Śr Cz Pt So""",
    "PRAWDA FAŁSZ",
    "dd.mm.yyyy|dddd, d mmmm yyyy|hh:mm:ss",
)
SV = _locale(
    ",_",
    """januari februari mars april maj juni juli augusti september oktober november december
    jan feb mar apr maj jun jul aug sep okt nov dec
    söndag måndag tisdag onsdag torsdag fredag lördag
    sö må ti on to fr lö""",
    "SANT FALSKT",
    'yyyy-mm-dd|"den "d mmmm yyyy|hh:mm:ss',
)
DA = _locale(
    ",.",
    """januar februar marts april maj juni juli august september oktober november december
    jan feb mar apr maj jun jul aug sep okt nov dec
    søndag mandag tirsdag onsdag torsdag fredag lørdag
    sø ma ti on to fr lø""",
    "SAND FALSK",
    "dd-mm-yyyy|d. mmmm yyyy|hh:mm:ss",
)
NB = _locale(
    ",_",
    """januar februar mars april mai juni juli august september oktober november desember
    jan feb mar apr mai jun jul aug sep okt nov des
    søndag mandag tirsdag onsdag torsdag fredag lørdag
    sø ma ti on to fr lø""",
    "SANN USANN",
    "dd.mm.yyyy|dddd d. mmmm yyyy|hh:mm:ss",
)

LOCALES = {
    "en": EN,
    "de": DE,
    "fr": FR,
    "es": ES,
    "it": IT,
    "nl": NL,
    "pt": PT,
    "pl": PL,
    "sv": SV,
    "da": DA,
    "nb": NB,
    "no": NB,
}

# The low ten bits of a Windows language number are the language, whatever the country.
LANGUAGE_NUMBERS = {
    0x06: "da", 0x07: "de", 0x09: "en", 0x0A: "es", 0x0C: "fr", 0x10: "it",
    0x13: "nl", 0x14: "nb", 0x15: "pl", 0x16: "pt", 0x1D: "sv",
}  # fmt: skip

# Countries that do as others than their language's first home.
VARIANTS = {
    "en-gb": ("dd/mm/yyyy", "dd mmmm yyyy", "hh:mm:ss"),
    "en-ie": ("dd/mm/yyyy", "dddd d mmmm yyyy", "hh:mm:ss"),
    "en-au": ("d/mm/yyyy", "dddd, d mmmm yyyy", "h:mm:ss AM/PM"),
    "en-ca": ("yyyy-mm-dd", "mmmm d, yyyy", "h:mm:ss AM/PM"),
}


def locale_named(name: str) -> Locale:
    """The Locale for a language tag such as ``de``, ``de-AT``, ``de_CH``; English for one we don't know."""
    tag = name.lower().replace("_", "-")
    locale = LOCALES.get(tag.partition("-")[0], EN)
    if tag in VARIANTS:
        short_date, long_date, time = VARIANTS[tag]
        return Locale(
            locale.decimal, locale.group, locale.months, locale.months_short, locale.days, locale.days_short,
            locale.true, locale.false, short_date, long_date, time,
        )  # fmt: skip
    if tag in ("de-ch", "de-li"):
        return Locale(
            ".", "’", locale.months, locale.months_short, locale.days, locale.days_short,
            locale.true, locale.false, locale.short_date, locale.long_date, locale.time,
        )  # fmt: skip
    return locale


def locale_of_code(code: str, fallback: Locale) -> Locale:
    """The Locale that a bracket such as ``[$-407]`` or ``[$-de-DE]`` names; only its words are used, never
    its signs.
    """
    language = code.lower().partition("-")[0]
    if language in LOCALES:  # before the number: "de" and "da" are hexadecimal numbers too
        return LOCALES[language]
    try:
        number = int(code, 16)
    except ValueError:
        return fallback
    return LOCALES.get(LANGUAGE_NUMBERS.get(number & 0x3FF, ""), fallback)
