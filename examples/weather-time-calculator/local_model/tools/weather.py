"""Weather offline: Open-Meteo's two endpoints, in its form, for these places only; the weather in them is made up."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..offline_tool import OfflineTool

OBSERVED_UTC = datetime(2026, 5, 12, 12, 15)

# A list of places: each is up to four words, none of which begins another question.
STOP = r"(?:and|or|what|how|is|are|will|the|time|weather|today|tonight|tomorrow|now|right|currently|please)\b"
WORD = rf"(?!{STOP})[^\W\d_][\w'’-]*"  # noqa: RUF001
PLACE = rf"(?:St\. )?{WORD}" + rf"(?: {WORD})?" * 3
PLACE_LIST = rf"{PLACE}(?:(?:,|,? and|,? or| &) {PLACE})*"
QUESTION = re.compile(
    r"\b(?:weather|forecast|temperature|rain(?:ing|y)?|snow(?:ing)?|sunny|windy|hot|cold|warm)\b[^,;.?!]{0,40}?"
    rf"\b(?:in|at|for)\s+(?P<places>{PLACE_LIST})",
    re.IGNORECASE,
)
CONJUNCTION = re.compile(r",? (?:and|or|&) ", re.IGNORECASE)
SEPARATOR = re.compile(rf"{CONJUNCTION.pattern}|, ", re.IGNORECASE)


class Place(NamedTuple):
    """A place, by its GeoNames id, and its weather: °C, WMO weather code, km/h."""

    id: int
    name: str
    admin1: str
    country: str
    country_code: str
    latitude: float
    longitude: float
    timezone: str
    utc_offset_hours: int
    temperature: float
    weather_code: int
    wind_speed: float


PLACES = [
    Place(2988507, "Paris", "Île-de-France", "France", "FR", 48.85341, 2.3488, "Europe/Paris", 2, 17.4, 2, 11.2),
    Place(4717560, "Paris", "Texas", "United States", "US", 33.66094, -95.55551, "America/Chicago", -5, 24.1, 0, 18.7),
    Place(1850147, "Tokyo", "Tokyo", "Japan", "JP", 35.6895, 139.69171, "Asia/Tokyo", 9, 19.8, 61, 8.3),
    Place(2643743, "London", "England", "United Kingdom", "GB", 51.50853, -0.12574, "Europe/London", 1, 14.6, 3, 15.5),
    Place(5128581, "New York", "", "United States", "US", 40.71427, -74.00597, "America/New_York", -4, 16.9, 1, 9.7),
    Place(3448439, "São Paulo", "", "Brazil", "BR", -23.5475, -46.63611, "America/Sao_Paulo", -3, 21.3, 80, 6.1),
    Place(2147714, "Sydney", "", "Australia", "AU", -33.86785, 151.20732, "Australia/Sydney", 10, 15.2, 0, 12.6),
    Place(184745, "Nairobi", "Nairobi", "Kenya", "KE", -1.28333, 36.81667, "Africa/Nairobi", 3, 22.7, 95, 13.4),
]


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for every place whose weather is asked."""
    places = [place for match in QUESTION.finditer(question) for place in _split(match["places"])]
    return [{"city": place} for place in dict.fromkeys(places)]


def _split(places: str) -> list[str]:
    # "Paris, Texas" is one place; "Paris, Tokyo and London" are three.
    return SEPARATOR.split(places) if CONJUNCTION.search(places) else [places]


def _search(request: Request) -> JSONResponse:
    name = _folded(request.query_params.get("name", ""))
    found = [_geocoded(place) for place in PLACES if _folded(place.name) == name]
    return JSONResponse(({"results": found} if found else {}) | {"generationtime_ms": 0.5})


def _forecast(request: Request) -> JSONResponse:
    asked = (request.query_params.get("latitude"), request.query_params.get("longitude"))
    place = next((place for place in PLACES if (str(place.latitude), str(place.longitude)) == asked), None)
    if place is None:
        return JSONResponse({"error": True, "reason": "No data is available for this location"}, status_code=400)
    return JSONResponse(_current(place))


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def _geocoded(place: Place) -> dict[str, Any]:
    fields = ("id", "name", "admin1", "country", "country_code", "latitude", "longitude", "timezone")
    return {field: value for field in fields if (value := getattr(place, field))}


def _current(place: Place) -> dict[str, Any]:
    offset = timedelta(hours=place.utc_offset_hours)
    return {
        "latitude": round(place.latitude, 2),
        "longitude": round(place.longitude, 2),
        "generationtime_ms": 0.05,
        "utc_offset_seconds": int(offset.total_seconds()),
        "timezone": place.timezone,
        "timezone_abbreviation": f"GMT{place.utc_offset_hours:+d}",
        "current_units": {
            "time": "iso8601",
            "interval": "seconds",
            "temperature_2m": "°C",
            "weather_code": "wmo code",
            "wind_speed_10m": "km/h",
        },
        "current": {
            "time": (OBSERVED_UTC + offset).isoformat(timespec="minutes"),
            "interval": 900,
            "temperature_2m": place.temperature,
            "weather_code": place.weather_code,
            "wind_speed_10m": place.wind_speed,
        },
    }


OFFLINE = OfflineTool(
    name="get_weather",
    arguments=arguments,
    example="What's the weather in Paris?",
    routes=[Route("/open-meteo/v1/search", _search), Route("/open-meteo/v1/forecast", _forecast)],
    environment=lambda base_url: {
        "OPEN_METEO_GEOCODING_URL": f"{base_url}/open-meteo/v1/search",
        "OPEN_METEO_FORECAST_URL": f"{base_url}/open-meteo/v1/forecast",
    },
)
