"""The current weather, from Open-Meteo: https://open-meteo.com/en/docs (no key needed)."""

import asyncio
import os
import unicodedata
from typing import TypeVar

import httpx2 as httpx
from pydantic import BaseModel

GEOCODING_URL = "https://geocoding-api.open-meteo.com/v1/search"
FORECAST_URL = "https://api.open-meteo.com/v1/forecast"
TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 200_000
MAX_CITY_CHARACTERS = 100

# WMO weather interpretation codes, as Open-Meteo documents them.
CONDITIONS = {
    0: "clear sky",
    1: "mainly clear",
    2: "partly cloudy",
    3: "overcast",
    45: "fog",
    48: "depositing rime fog",
    51: "light drizzle",
    53: "moderate drizzle",
    55: "dense drizzle",
    56: "light freezing drizzle",
    57: "dense freezing drizzle",
    61: "slight rain",
    63: "moderate rain",
    65: "heavy rain",
    66: "light freezing rain",
    67: "heavy freezing rain",
    71: "slight snowfall",
    73: "moderate snowfall",
    75: "heavy snowfall",
    77: "snow grains",
    80: "slight rain showers",
    81: "moderate rain showers",
    82: "violent rain showers",
    85: "slight snow showers",
    86: "heavy snow showers",
    95: "thunderstorm",
    96: "thunderstorm with slight hail",
    99: "thunderstorm with heavy hail",
}
SHORT_NAMES = {"uk": "united kingdom", "usa": "united states"}


class Place(BaseModel):
    """One match of Open-Meteo's geocoding, largest first. Coordinates in degrees."""

    name: str
    latitude: float
    longitude: float
    country: str = ""
    country_code: str = ""
    admin1: str = ""

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(part for part in (self.name, self.admin1, self.country) if part))

    def is_in(self, regions: set[str]) -> bool:
        """Whether each of these is its country, its country's code or its first-level region."""
        return regions <= {_folded(part) for part in (self.country, self.country_code, self.admin1)}


class Places(BaseModel):
    """The answer of the geocoding endpoint: no `results` when nothing matches."""

    results: list[Place] = []


class Current(BaseModel):
    """Conditions now, in the units that the answer names; `time` is local, ISO 8601, to the minute."""

    time: str
    temperature_2m: float
    weather_code: int
    wind_speed_10m: float


class Units(BaseModel):
    """Units of `Current`."""

    temperature_2m: str
    wind_speed_10m: str


class Forecast(BaseModel):
    """The answer of the forecast endpoint."""

    current: Current
    current_units: Units


Answer = TypeVar("Answer", bound=BaseModel)


def get_weather(city: str) -> str:
    """Get the current weather in a city: temperature, condition and wind, and which place was found.

    Args:
        city: The city's name, if need be with its region or country after a comma: "Paris" or "Paris, Texas".
    """
    place = _find(city)
    url = os.environ.get("OPEN_METEO_FORECAST_URL", FORECAST_URL)
    variables = "temperature_2m,weather_code,wind_speed_10m"
    answer = _ask(Forecast, url, latitude=place.latitude, longitude=place.longitude, current=variables, timezone="auto")
    now, units = answer.current, answer.current_units
    condition = CONDITIONS.get(now.weather_code, f"WMO weather code {now.weather_code}")
    temperature = f"{now.temperature_2m:g} {units.temperature_2m}"
    wind = f"wind {now.wind_speed_10m:g} {units.wind_speed_10m}"
    return f"{place}: {temperature}, {condition}, {wind} (local time {now.time})"


def _find(city: str) -> Place:
    name, *regions = (part.strip() for part in city.split(","))
    if len(name) < 2 or len(city) > MAX_CITY_CHARACTERS or not city.isprintable():
        raise ValueError(f"Give a city's name of 2 to {MAX_CITY_CHARACTERS} characters, such as Paris or Paris, Texas.")
    url = os.environ.get("OPEN_METEO_GEOCODING_URL", GEOCODING_URL)
    places = _ask(Places, url, name=name, count=10, language="en", format="json").results
    wanted = {SHORT_NAMES.get(_folded(region), _folded(region)) for region in regions if region}
    if matching := [place for place in places if place.is_in(wanted)]:
        return matching[0]
    known = f"Known are {'; '.join(map(str, places[:5]))}." if places else "Check its spelling, or try a larger city."
    raise ValueError(f"No city {city!r} was found. {known}")


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def _ask(answer: type[Answer], url: str, **query: str | float) -> Answer:
    try:
        return answer.model_validate_json(asyncio.run(_fetched(url, query)))
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise ValueError(f"The weather service answered with HTTP status {status}. Try again later.") from error
    except (httpx.HTTPError, OSError) as error:
        raise ValueError("The weather service does not answer. Try again later.") from error
    except ValueError as error:
        raise ValueError("The weather service gave an answer that cannot be read. Try again later.") from error


async def _fetched(url: str, query: dict[str, str | float]) -> bytes:
    """The body of the answer. The time limit is for all of it, however slowly it comes."""
    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        httpx.AsyncClient(follow_redirects=True, timeout=None) as client,
        client.stream("GET", url, params=query) as response,
    ):
        response.raise_for_status()
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise ValueError("too large")
        return body


TOOLS = [get_weather]
