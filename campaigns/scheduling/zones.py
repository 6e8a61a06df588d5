"""Which time zone a cell means: "Europe/Berlin", "W. Europe Standard Time", "+02:00", "München", "Germany".

Names of countries and cities are CLDR's (Babel), in the languages of NAMES_IN. A name counts only when it means one
time: "Spain" has two, and is a problem. Pure.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global
from django.utils.translation import gettext as _

NAMES_IN = ("en", "de", "fr", "es", "it", "nl", "pl", "pt")

_OFFSET = re.compile(r"(?:utc|gmt)? ?([+-]) ?(\d{1,2})(?::?([0-5]\d))?")
_DISPLAYED = re.compile(r"\((?:utc|gmt)[^)]*\) (.+)")  # "(UTC+01:00) Amsterdam, Berlin, …" as Windows lists them
_REMARK = re.compile(r" \([^)]*\)$")  # "Eastern Time (US & Canada)"
_LEAST, _MOST = timedelta(hours=-12), timedelta(hours=14)

# What people write and mean, where the zone database has nothing or means something else ("EST" without summer time).
# CST, IST and BST mean several zones, and are left out.
_MEANT = {
    "utc": "UTC",
    "gmt": "UTC",
    "z": "UTC",
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "cet": "Europe/Berlin",
    "cest": "Europe/Berlin",
    "eet": "Europe/Helsinki",
    "eest": "Europe/Helsinki",
    "wet": "Europe/Lisbon",
    "west": "Europe/Lisbon",
    "est": "America/New_York",
    "edt": "America/New_York",
    "eastern": "America/New_York",
    "eastern time": "America/New_York",
    "central time": "America/Chicago",
    "cdt": "America/Chicago",
    "mst": "America/Denver",
    "mdt": "America/Denver",
    "mountain time": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "pacific": "America/Los_Angeles",
    "pacific time": "America/Los_Angeles",
    "jst": "Asia/Tokyo",
}
# Large cities that give no zone its name. Those whose name several share (Birmingham, Valencia) are left out.
_CITIES = {
    "Europe/Berlin": "Hamburg München Munich Köln Cologne Frankfurt Stuttgart Düsseldorf Dortmund Essen Leipzig Bremen "
    "Dresden Hannover Hanover Nürnberg Nuremberg Duisburg Bochum Wuppertal Bielefeld Bonn Münster Mannheim Karlsruhe "
    "Augsburg Wiesbaden Mainz Kiel Lübeck Erfurt Rostock Kassel Saarbrücken Potsdam Freiburg Heidelberg Regensburg",
    "Europe/Vienna": "Graz Linz Salzburg Innsbruck Klagenfurt Villach",
    "Europe/Zurich": "Genf Geneva Genève Basel Bern Lausanne Winterthur Luzern Lucerne Lugano",
    "Europe/Paris": "Lyon Marseille Toulouse Nizza Nice Nantes Bordeaux Lille Strasbourg Straßburg",
    "Europe/Rome": "Milano Mailand Milan Napoli Neapel Naples Turin Torino Bologna Florenz Firenze Venedig Venezia",
    "Europe/Madrid": "Barcelona Sevilla Bilbao Málaga Zaragoza",
    "Europe/London": "Edinburgh Glasgow Leeds Liverpool Sheffield Cardiff Belfast England Scotland Wales",
    "Europe/Amsterdam": "Rotterdam Utrecht Eindhoven Groningen",
    "Europe/Brussels": "Antwerpen Antwerp Gent Ghent Brugge Lüttich Liège",
    "Europe/Warsaw": "Kraków Krakau Krakow Łódź Wrocław Breslau Poznań Posen Gdańsk Danzig",
    "Europe/Stockholm": "Göteborg Gothenburg Malmö Uppsala",
    "Europe/Istanbul": "Ankara Izmir",
    "America/New_York": "Boston Philadelphia Washington Atlanta Miami Baltimore Charlotte Pittsburgh Orlando",
    "America/Chicago": "Houston Dallas Austin Minneapolis Milwaukee Memphis",
    "America/Los_Angeles": "Seattle Sacramento Oakland",
    "America/Toronto": "Ottawa Montreal Montréal Québec",
    "Asia/Shanghai": "Beijing Peking Shenzhen Guangzhou Chengdu Wuhan",
    "Asia/Kolkata": "Delhi Mumbai Bangalore Bengaluru Chennai Hyderabad Pune Ahmedabad",
    "Asia/Tokyo": "Osaka Kyoto Nagoya Yokohama Sapporo",
    "Asia/Ho_Chi_Minh": "Hanoi Saigon",
    "Asia/Dubai": "Sharjah",
    "Australia/Sydney": "Canberra",
    "Africa/Johannesburg": "Durban Pretoria Soweto",
}
_CITIES_OF_WORDS = {
    "new delhi": "Asia/Kolkata",
    "den haag": "Europe/Amsterdam",
    "the hague": "Europe/Amsterdam",
    "san francisco": "America/Los_Angeles",
    "san diego": "America/Los_Angeles",
    "las vegas": "America/Los_Angeles",
    "washington dc": "America/New_York",
    "new york city": "America/New_York",
    "rio de janeiro": "America/Sao_Paulo",
    "abu dhabi": "Asia/Dubai",
    "cape town": "Africa/Johannesburg",
    "kapstadt": "Africa/Johannesburg",
    "frankfurt am main": "Europe/Berlin",
    "the netherlands": "Europe/Amsterdam",
    "great britain": "Europe/London",
    "großbritannien": "Europe/London",
    "uk": "Europe/London",
    "czech republic": "Europe/Prague",
    "turkey": "Europe/Istanbul",
}
# Codes of countries, of those that have one time. DE is Delaware too, but a column of American states has many more
# that are none of these, and so is refused.
_OF_ONE_TIME = "AT BE CH CZ DE DK FI FR GB GR HU IE IT LI LU NL NO PL SE"
_CODES = {**{code: (code.casefold(),) for code in _OF_ONE_TIME.split()}, "US": ("us", "usa")}
_NOT_A_PLACE = {"georgia"}  # a country, and a state of the USA


class NoZone(ValueError):
    """The cell names no time zone; the text says why, for the user."""


def named(name: str) -> tzinfo:
    """The zone of this name of the zone database; UTC when there is none (the name is not from a cell but ours)."""
    return ZoneInfo(name) if name in names() else UTC


@lru_cache(maxsize=4096)
def zone_of(cell: str) -> tzinfo | None:
    """The zone that this cell means; None when it is empty. A cache. Raises NoZone."""
    key = _key(cell)
    if not key:
        return None
    if key in _MEANT:
        return ZoneInfo(_MEANT[key])
    if (found := _OFFSET.fullmatch(key.replace("−", "-"))) is not None:
        return _offset(cell, *found.groups())
    if (listed := _DISPLAYED.fullmatch(key)) is not None:
        for place in map(str.strip, _REMARK.sub("", listed[1]).split(",")):
            if place in _MEANT or _one(_meanings().get(place, ())):
                return zone_of(place)
    meanings = _meanings().get(key, ())
    if (name := _one(meanings)) is not None:
        return ZoneInfo(name)
    shown = {"cell": cell.strip()[:60]}
    if meanings:
        shown["example"] = min(meanings)
        raise NoZone(_("“%(cell)s” has several time zones. Name one of its cities, such as %(example)s.") % shown)
    raise NoZone(
        _("“%(cell)s” is no time zone. Write a place such as Europe/Berlin, or an offset such as +02:00.") % shown
    )


@cache
def names() -> frozenset[str]:
    """A cache: the names of the zone database."""
    return frozenset(available_timezones()) - {"Factory", "localtime", "posixrules"}


def _key(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).casefold()


def _offset(cell: str, sign: str, hours: str, minutes: str | None) -> tzinfo:
    distance = timedelta(hours=int(hours), minutes=int(minutes or 0))
    distance = -distance if sign == "-" else distance
    if not _LEAST <= distance <= _MOST:
        raise NoZone(_("“%(cell)s” is no offset of a time zone: they go from -12:00 to +14:00.") % {"cell": cell})
    return timezone(distance)


@cache
def _meanings() -> Mapping[str, frozenset[str]]:
    """A cache: which zones a name may mean."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    # A name of the zone database or of Windows is one zone, whatever else is called so.
    for key, name in _names_of_zones():
        found[key] = {name}
    certain = set(found) | _NOT_A_PLACE
    for key, zones in (*_countries(), *_cities()):
        if key not in certain:
            found[key].update(zones)
    return {key: frozenset(zones) for key, zones in found.items()}


def _names_of_zones() -> Iterator[tuple[str, str]]:
    for name in sorted(names()):
        if not name.startswith("posix"):
            yield _key(name), name
    # https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml
    for windows, name in get_global("windows_zone_mapping").items():
        if name in names():
            yield _key(windows), name


def _countries() -> Iterator[tuple[str, Iterable[str]]]:
    for code, zones in get_global("territory_zones").items():
        known = ["Asia/Shanghai"] if code == "CN" else [name for name in zones if name in names()]  # one by law
        for word in _CODES.get(code, ()):
            yield word, known
        for language in NAMES_IN:
            country = Locale(language).territories.get(code)
            if country and known:
                yield _key(country), known


def _cities() -> Iterator[tuple[str, Iterable[str]]]:
    for zones in get_global("territory_zones").values():
        for name in zones:
            if name in names() and name.count("/") == 1:  # America/Argentina/San_Juan is not the San Juan most know
                yield _key(name.partition("/")[2]), [name]
    for language in NAMES_IN:
        for name, words in Locale(language).time_zones.items():
            if name in names() and name.count("/") == 1 and words.get("city"):
                yield _key(words["city"]), [name]
    for name, cities in _CITIES.items():
        for city in cities.split():
            yield _key(city), [name]
    for city, name in _CITIES_OF_WORDS.items():
        yield city, [name]


def _one(zones: Iterable[str]) -> str | None:
    """The zone that all of these are alike; None when they differ, or there is none."""
    several = sorted(zones)
    return several[0] if len({_clock(name) for name in several}) == 1 else None


@cache
def _clock(name: str) -> tuple[timedelta | None, ...]:
    """A cache: what the zone's clocks show through some years; zones with the same are one for us."""
    zone = ZoneInfo(name)
    return tuple(
        datetime(year, month, day, tzinfo=UTC).astimezone(zone).utcoffset()
        for year in (2026, 2027, 2028)
        for month in range(1, 13)
        for day in (1, 10, 20, 28)
    )
