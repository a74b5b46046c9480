"""The local time of a place, from the IANA time zone database: https://www.iana.org/time-zones."""

import difflib
import re
import unicodedata
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

MAX_PLACE_CHARACTERS = 100
COUNTRY_GROUPS = ("Brazil/", "Canada/", "Chile/", "Etc/", "Mexico/", "US/")  # the others are continents, with cities

# Places that no zone is named after.
OTHER_PLACES = {
    "Africa/Cairo": "Alexandria, Giza",
    "Africa/Johannesburg": "Cape Town, Durban, Pretoria",
    "Africa/Lagos": "Abuja, Ibadan, Kano",
    "America/Bogota": "Barranquilla, Cali, Medellín",
    "America/Chicago": "Austin, Dallas, Houston, Kansas City, Minneapolis, Nashville, New Orleans, San Antonio",
    "America/Denver": "Albuquerque, Colorado Springs, Salt Lake City",
    "America/Edmonton": "Calgary",
    "America/Los_Angeles": "Las Vegas, Portland, Sacramento, San Diego, San Francisco, San Jose, Seattle",
    "America/Mexico_City": "Guadalajara, Puebla",
    "America/New_York": "Atlanta, Boston, Charlotte, Miami, New York City, Philadelphia, Pittsburgh, Washington",
    "America/Sao_Paulo": "Belo Horizonte, Brasília, Curitiba, Porto Alegre, Rio de Janeiro",
    "America/Toronto": "Ottawa, Quebec City",
    "Asia/Dubai": "Abu Dhabi, Sharjah",
    "Asia/Ho_Chi_Minh": "Da Nang, Hanoi",
    "Asia/Jakarta": "Bandung, Surabaya",
    "Asia/Karachi": "Faisalabad, Islamabad, Lahore",
    "Asia/Kolkata": "Ahmedabad, Bangalore, Bengaluru, Chennai, Delhi, Hyderabad, Jaipur, Mumbai, New Delhi, Pune",
    "Asia/Riyadh": "Jeddah, Mecca, Medina",
    "Asia/Seoul": "Busan, Daegu, Incheon, South Korea",
    "Asia/Shanghai": "Beijing, Chengdu, Guangzhou, Hangzhou, Nanjing, Shenzhen, Tianjin, Wuhan, Xi'an",
    "Asia/Tokyo": "Fukuoka, Hiroshima, Kobe, Kyoto, Nagoya, Osaka, Sapporo, Yokohama",
    "Europe/Amsterdam": "Rotterdam, The Hague, Utrecht",
    "Europe/Berlin": "Cologne, Dresden, Düsseldorf, Frankfurt, Hamburg, Leipzig, Munich, Stuttgart",
    "Europe/Brussels": "Antwerp, Ghent",
    "Europe/Istanbul": "Ankara, Izmir",
    "Europe/Kyiv": "Kharkiv, Lviv, Odesa",
    "Europe/Lisbon": "Porto",
    "Europe/London": "Birmingham, Edinburgh, England, Glasgow, Leeds, Liverpool, Manchester, UK, United Kingdom",
    "Europe/Madrid": "Barcelona, Bilbao, Seville, Valencia",
    "Europe/Moscow": "Saint Petersburg, St. Petersburg",
    "Europe/Paris": "Bordeaux, Lille, Lyon, Marseille, Nice, Strasbourg, Toulouse",
    "Europe/Rome": "Bologna, Florence, Genoa, Milan, Naples, Palermo, Turin, Venice",
    "Europe/Stockholm": "Gothenburg, Malmö",
    "Europe/Warsaw": "Gdańsk, Kraków, Poznań, Wrocław",
    "Europe/Zurich": "Basel, Bern, Geneva, Lausanne",
    "Pacific/Auckland": "Christchurch, Wellington",
}
OTHER_COUNTRIES = {"us": "united states", "usa": "united states"}
STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d"})


def get_time(place: str) -> str:
    """Get the current local time of a place: weekday, ISO 8601 time with its UTC offset, and time zone.

    Args:
        place: A large city ("Tokyo"), a country ("France"), or, always understood, an IANA time zone ("Asia/Tokyo").
    """
    zone = _zone(place)
    now = datetime.now(ZoneInfo(zone))
    return f"{now:%A} {now.isoformat(timespec='seconds')} ({zone})"


def _zone(place: str) -> str:
    name = _folded(place)
    if not 0 < len(place) <= MAX_PLACE_CHARACTERS or not name:
        raise ValueError(f"Give a place or a time zone of 1 to {MAX_PLACE_CHARACTERS} characters, such as Tokyo.")
    if zone := _zones().get(name):
        return zone
    if zones := _countries().get(OTHER_COUNTRIES.get(name, name)):
        return _only(zones, place)
    close = difflib.get_close_matches(name, _zones(), n=3, cutoff=0.7)
    guess = f"Did you mean {' or '.join(dict.fromkeys(_zones()[match] for match in close))}? " if close else ""
    raise ValueError(f"No time zone is known for {place!r}. {guess}Give a large city alone, or an IANA time zone.")


def _only(zones: list[str], country: str) -> str:
    now = datetime.now(UTC)
    distinct = {now.astimezone(ZoneInfo(zone)).utcoffset(): zone for zone in reversed(zones)}
    if len(distinct) > 1:
        choices = ", ".join(reversed(distinct.values()))
        raise ValueError(f"{country} has several local times. Give one of its time zones: {choices}.")
    return zones[0]


@cache
def _zones() -> dict[str, str]:
    zones = (files("tzdata") / "zones").read_text("utf-8").split()
    zones.reverse()  # the last of a name wins: the zone, not the links that are its old names
    cities = {_folded(zone.rpartition("/")[2]): zone for zone in zones if not zone.startswith(COUNTRY_GROUPS)}
    others = {_folded(place): zone for zone, places in OTHER_PLACES.items() for place in places.split(", ")}
    return {_folded(zone): zone for zone in zones} | others | cities


@cache
def _countries() -> dict[str, list[str]]:
    names = dict(line.split("\t") for line in _table("iso3166.tab"))
    zones = defaultdict(list)
    for line in _table("zone.tab"):
        code, _coordinates, zone, *_comment = line.split("\t")
        zones[_folded(names[code])].append(zone)
    return dict(zones)


def _table(name: str) -> list[str]:
    text = (files("tzdata") / "zoneinfo" / name).read_text("utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(STROKES)
    return re.sub(r"[\s_-]+", " ", re.sub(r"[.'’()]", "", plain)).strip()  # noqa: RUF001


TOOLS = [get_time]
