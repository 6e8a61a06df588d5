"""How each language writes numbers, dates and truth: the part of a number format that is not in the file.

A format such as ``#,##0.00`` or ``mmmm`` names no language; the spreadsheet program takes its user's. A
code such as ``[$-407]`` names one by its Windows number
(https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-lcid/).
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Locale:
    """One language's signs and words; ``short_date`` … ``hours`` are number format codes."""

    decimal: str
    group: str
    date_separator: str  # what a bare / in a date shows
    months: tuple[str, ...]
    months_after_day: tuple[str, ...]  # 9 marca, but marzec 2025
    months_short: tuple[str, ...]
    days: tuple[str, ...]  # Sunday first, as in Excel
    days_short: tuple[str, ...]
    true: str
    false: str
    short_date: str  # what built-in format 14 shows
    long_date: str
    time: str
    dates_by_number: tuple[str, ...]  # what built-in formats 15 to 17 show
    hours: str  # 20, and the time of 22
    # Of built-in formats: N is the number, S its minus if that does not stand before all. Empty: as in the United
    # States.
    currency: str


def _locale(signs: str, words: str, truth: str, formats: str) -> Locale:
    """Build a Locale from blocks of space-separated words.

    ``signs`` are those of decimals, thousands and dates; ``_`` stands for a space that does not break, ``~``
    for a narrow one. ``words`` are months, short months, days, short days, and months after a day if those
    differ, a line each.
    """
    lines = [tuple(line.split()) for line in words.strip().splitlines()]
    short_date, long_date, time, by_number, hours, currency = formats.split("|")
    true, false = truth.split()
    return Locale(
        decimal=signs[0],
        group=signs[1].replace("_", "\u00a0").replace("~", "\u202f"),
        date_separator=signs[2],
        months=lines[0],
        months_after_day=lines[4] if len(lines) > 4 else lines[0],
        months_short=lines[1],
        days=lines[2],
        days_short=lines[3],
        true=true,
        false=false,
        short_date=short_date,
        long_date=long_date,
        time=time,
        dates_by_number=tuple(by_number.split(" & ")),
        hours=hours,
        currency=currency,
    )


EN = _locale(
    ".,/",
    """January February March April May June July August September October November December
    Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec
    Sunday Monday Tuesday Wednesday Thursday Friday Saturday
    Sun Mon Tue Wed Thu Fri Sat""",
    "TRUE FALSE",
    "m/d/yyyy|dddd, mmmm d, yyyy|h:mm:ss AM/PM|d-mmm-yy & d-mmm & mmm-yy|h:mm|",
)
DE = _locale(
    ",..",
    """Januar Februar März April Mai Juni Juli August September Oktober November Dezember
    Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez
    Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag
    So Mo Di Mi Do Fr Sa""",
    "WAHR FALSCH",
    'dd.mm.yyyy|dddd, d. mmmm yyyy|hh:mm:ss|dd. mmm yy & dd. mmm & mmm yy|hh:mm|N "€"',
)
FR = _locale(
    ",~/",
    """janvier février mars avril mai juin juillet août septembre octobre novembre décembre
    janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.
    dimanche lundi mardi mercredi jeudi vendredi samedi
    dim. lun. mar. mer. jeu. ven. sam.""",
    "VRAI FAUX",
    'dd/mm/yyyy|dddd d mmmm yyyy|hh:mm:ss|dd-mmm-yy & dd-mmm & mmm-yy|hh:mm|N "€"',
)
ES = _locale(
    ",./",
    """enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    ene feb mar abr may jun jul ago sep oct nov dic
    domingo lunes martes miércoles jueves viernes sábado
    dom lun mar mié jue vie sáb""",
    "VERDADERO FALSO",
    'dd/mm/yyyy|dddd, d "de" mmmm "de" yyyy|h:mm:ss|dd-mmm-yy & dd-mmm & mmm-yy|h:mm|N "€"',
)
IT = _locale(
    ",./",
    """gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
    gen feb mar apr mag giu lug ago set ott nov dic
    domenica lunedì martedì mercoledì giovedì venerdì sabato
    dom lun mar mer gio ven sab""",
    "VERO FALSO",
    'dd/mm/yyyy|dddd d mmmm yyyy|hh:mm:ss|dd-mmm-yy & dd-mmm & mmm-yy|h:mm|N "€"',
)
NL = _locale(
    ",.-",
    """januari februari maart april mei juni juli augustus september oktober november december
    jan feb mrt apr mei jun jul aug sep okt nov dec
    zondag maandag dinsdag woensdag donderdag vrijdag zaterdag
    zo ma di wo do vr za""",
    "WAAR ONWAAR",
    'd-m-yyyy|dddd d mmmm yyyy|hh:mm:ss|d-mmm-yy & d-mmm & mmm-yy|h:mm|"€" SN',
)
PT = _locale(
    ",_/",
    """janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
    jan fev mar abr mai jun jul ago set out nov dez
    domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado
    dom seg ter qua qui sex sáb""",
    "VERDADEIRO FALSO",
    'dd/mm/yyyy|dddd, d "de" mmmm "de" yyyy|hh:mm:ss|dd/mmm/yy & dd/mmm & mmm/yy|hh:mm|N "€"',
)
PL = _locale(
    ",_.",
    """styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
    sty lut mar kwi maj cze lip sie wrz paź lis gru
    niedziela poniedziałek wtorek środa czwartek piątek sobota
    niedz. pon. wt. śr. czw. pt. sob.
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia""",
    "PRAWDA FAŁSZ",
    'dd.mm.yyyy|dddd, d mmmm yyyy|hh:mm:ss|dd-mmm-yy & dd-mmm & mmm-yy|hh:mm|N "zł"',
)
SV = _locale(
    ",_-",
    """januari februari mars april maj juni juli augusti september oktober november december
    jan feb mar apr maj jun jul aug sep okt nov dec
    söndag måndag tisdag onsdag torsdag fredag lördag
    sö må ti on to fr lö""",
    "SANT FALSKT",
    'yyyy-mm-dd|"den "d mmmm yyyy|hh:mm:ss|dd-mmm-yy & dd-mmm & mmm-yy|hh:mm|N "kr"',
)
DA = _locale(
    ",.-",
    """januar februar marts april maj juni juli august september oktober november december
    jan feb mar apr maj jun jul aug sep okt nov dec
    søndag mandag tirsdag onsdag torsdag fredag lørdag
    sø ma ti on to fr lø""",
    "SAND FALSK",
    'dd-mm-yyyy|d. mmmm yyyy|hh:mm:ss|dd-mmm-yy & dd-mmm & mmm-yy|hh:mm|N "kr."',
)
NB = _locale(
    ",_.",
    """januar februar mars april mai juni juli august september oktober november desember
    jan feb mar apr mai jun jul aug sep okt nov des
    søndag mandag tirsdag onsdag torsdag fredag lørdag
    sø ma ti on to fr lø""",
    "SANN USANN",
    'dd.mm.yyyy|dddd d. mmmm yyyy|hh:mm:ss|dd.mmm.yy & dd.mmm & mmm.yy|hh:mm|"kr" SN',
)

FI = _locale(
    ",_.",
    """tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu
    tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu
    sunnuntai maanantai tiistai keskiviikko torstai perjantai lauantai
    su ma ti ke to pe la
    tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta \
marraskuuta joulukuuta""",
    "TOSI EPÄTOSI",
    'd.m.yyyy|dddd d. mmmm yyyy|h.mm.ss|d.mmm.yy & d.mmm & mmm.yy|h:mm|N "€"',
)
CS = _locale(
    ",_.",
    """leden únor březen duben květen červen červenec srpen září říjen listopad prosinec
    led úno bře dub kvě čvn čvc srp zář říj lis pro
    neděle pondělí úterý středa čtvrtek pátek sobota
    ne po út st čt pá so
    ledna února března dubna května června července srpna září října listopadu prosince""",
    "PRAVDA NEPRAVDA",
    'dd.mm.yyyy|dddd d. mmmm yyyy|h:mm:ss|d.mmm.yy & d.mmm & mmm.yy|h:mm|N "Kč"',
)
HU = _locale(
    ",_.",
    """január február március április május június július augusztus szeptember október november december
    jan. febr. márc. ápr. máj. jún. júl. aug. szept. okt. nov. dec.
    vasárnap hétfő kedd szerda csütörtök péntek szombat
    V H K Sze Cs P Szo""",
    "IGAZ HAMIS",
    'yyyy. mm. dd.|yyyy. mmmm d., dddd|h:mm:ss|dd.mmm.yy & dd.mmm & mmm.yy|h:mm|N "Ft"',
)
RO = _locale(
    ",..",
    """ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
    ian. feb. mar. apr. mai iun. iul. aug. sept. oct. nov. dec.
    duminică luni marți miercuri joi vineri sâmbătă
    dum. lun. mar. mie. joi vin. sâm.""",
    "ADEVĂRAT FALS",
    'dd.mm.yyyy|dddd, d mmmm yyyy|hh:mm:ss|dd.mmm.yy & dd.mmm & mmm.yy|hh:mm|N "lei"',
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
    "nn": NB,
    "no": NB,
    "fi": FI,
    "cs": CS,
    "hu": HU,
    "ro": RO,
}

# The low ten bits of a Windows language number are the language, whatever the country.
LANGUAGE_NUMBERS = {
    0x05: "cs", 0x06: "da", 0x07: "de", 0x09: "en", 0x0A: "es", 0x0B: "fi", 0x0C: "fr", 0x0E: "hu", 0x10: "it",
    0x13: "nl", 0x14: "nb", 0x15: "pl", 0x16: "pt", 0x18: "ro", 0x1D: "sv",
}  # fmt: skip

_BRITISH = replace(
    EN, short_date="dd/mm/yyyy", long_date="dd mmmm yyyy", time="hh:mm:ss", hours="hh:mm", currency='"£"N',
    dates_by_number=("dd-mmm-yy", "dd-mmm", "mmm-yy"),
)  # fmt: skip
_SWISS = replace(DE, decimal=".", group="’", currency='"CHF" SN')

# Countries that do as others than their language's first home.
VARIANTS = {
    "en-gb": _BRITISH,
    "en-ie": replace(_BRITISH, long_date="dddd d mmmm yyyy", currency='"€"N'),
    "en-au": replace(EN, short_date="d/mm/yyyy", long_date="dddd, d mmmm yyyy", currency='"$"N'),
    "en-nz": replace(EN, short_date="d/mm/yyyy", long_date="dddd, d mmmm yyyy", currency='"$"N'),
    "en-ca": replace(
        EN, short_date="yyyy-mm-dd", date_separator="-", dates_by_number=_BRITISH.dates_by_number, currency='"$"N',
    ),
    "de-at": replace(
        DE,
        months=("Jänner", *DE.months[1:]),
        months_after_day=("Jänner", *DE.months[1:]),
        months_short=("Jän", "Feb", "Mär", *DE.months_short[3:]),
        dates_by_number=("dd.mmm.yy", "dd.mmm", "mmm.yy"),
        currency='"€" N',
    ),
    "de-ch": _SWISS,
    "de-li": _SWISS,
    "fr-ch": replace(
        FR, decimal=".", group="’", date_separator=".", short_date="dd.mm.yyyy", long_date="dddd, d mmmm yyyy",
        dates_by_number=("dd.mmm.yy", "dd.mmm", "mmm.yy"), currency='"CHF" SN',
    ),
    "fr-be": replace(
        FR, group=".", short_date="d/mm/yyyy", dates_by_number=("d-mmm-yy", "d-mmm", "mmm-yy"), hours="h:mm",
    ),
    "fr-ca": replace(FR, group="\u00a0", date_separator="-", short_date="yyyy-mm-dd", currency='N "$"'),
    "it-ch": replace(
        IT, decimal=".", group="’", date_separator=".", short_date="dd.mm.yyyy", long_date="dddd, d mmmm yyyy",
        dates_by_number=("dd.mmm.yy", "dd.mmm", "mmm.yy"), currency='"CHF" SN',
    ),
    "es-mx": replace(ES, decimal=".", group=",", hours="hh:mm", currency='"$"N'),
    "es-us": replace(ES, decimal=".", group=",", currency='"$"N'),
    "nl-be": replace(
        NL, date_separator="/", short_date="d/mm/yyyy", dates_by_number=("d/mmm/yy", "d/mmm", "mmm/yy"), hours="h:mm",
    ),
    "pt-br": replace(PT, group=".", currency='"R$" N'),
}  # fmt: skip


def locale_named(name: str) -> Locale:
    """The Locale for a language tag such as ``de``, ``de-AT``, ``de_CH``; English for one we don't know."""
    tag = name.lower().replace("_", "-")
    return VARIANTS.get(tag) or LOCALES.get(tag.partition("-")[0], EN)


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
