"""`get_weather` against Open-Meteo's form on loopback, and against everything that can go wrong there."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from weather_agent.tools import weather
from weather_agent.tools.weather import get_weather

from local_model.tools.weather import OFFLINE, PLACES

FORECAST = """{"current": {"time": "2026-05-12T14:15", "temperature_2m": -0.5, "weather_code": 42, "wind_speed_10m": 3},
               "current_units": {"temperature_2m": "°F", "wind_speed_10m": "mph"}}"""
BODIES = {
    "unknown-code": FORECAST,
    "no-json": "<html>Bad gateway</html>",
    "no-text": b"\xff\xfe\x00",
    "empty": "",
    "list": "[]",
    "null-temperature": FORECAST.replace("-0.5", "null"),
    "no-units": '{"current": {"time": "", "temperature_2m": 1, "weather_code": 1, "wind_speed_10m": 1}}',
    "nested": "[" * 100_000,
    "results-of-null": '{"results": null}',
    "too-large": '{"results": []' + " " * 300_000 + "}",
}


async def _body(request: Request) -> Response:
    return Response(BODIES[request.path_params["name"]])


async def _status(request: Request) -> Response:
    return Response("no", status_code=request.path_params["code"])


async def _silent(request: Request) -> Response:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


async def _drops() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.01)


async def _dripping(_request: Request) -> Response:
    return StreamingResponse(_drops())


ROUTES = [
    *OFFLINE.routes,
    Route("/body/{name}", _body),
    Route("/status/{code:int}", _status),
    Route("/silent", _silent),
    Route("/dripping", _dripping),
]


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=ROUTES), log_level="critical", ws="none"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def service(server_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The base URL of a server that the tool is pointed to."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name, value in OFFLINE.environment(server_url).items():
        monkeypatch.setenv(name, value)
    return server_url


@pytest.mark.usefixtures("service")
def test_says_place_temperature_condition_wind_and_time() -> None:
    assert get_weather("Paris") == (
        "Paris, Île-de-France, France: 17.4 °C, partly cloudy, wind 11.2 km/h (local time 2026-05-12T14:15)"
    )


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("city", "found"),
    [
        ("sao paulo", "São Paulo, Brazil: 21.3 °C, slight rain showers"),
        ("  Tokyo ", "Tokyo, Japan: 19.8 °C, slight rain"),
        ("Paris, Texas", "Paris, Texas, United States: 24.1 °C, clear sky"),
        ("Paris, Île-de-France, FR", "Paris, Île-de-France, France: 17.4 °C"),
        ("London, UK", "London, England, United Kingdom: 14.6 °C, overcast"),
        ("Nairobi,", "Nairobi, Kenya: 22.7 °C, thunderstorm"),
    ],
)
def test_finds_the_city(city: str, found: str) -> None:
    assert get_weather(city).startswith(found)


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.name}-{place.country_code}")
def test_every_offline_place_has_weather(place: object) -> None:
    name, country, temperature = (getattr(place, field) for field in ("name", "country", "temperature"))
    assert f"{temperature:g} °C" in get_weather(f"{name}, {country}")


@pytest.mark.usefixtures("service")
def test_names_the_alternatives_when_the_region_does_not_match() -> None:
    with pytest.raises(ValueError, match=r"'Paris, Mars'.*Paris, Île-de-France, France; Paris, Texas, United States"):
        get_weather("Paris, Mars")


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("city", ["Atlantis", "Paris&name=Tokyo", "../../etc/passwd", "Paris#", "' OR 1=1 --", "{}"])
def test_an_unknown_city_is_an_error_that_says_so(city: str) -> None:
    with pytest.raises(ValueError, match=r"No city .* was found. Check its spelling"):
        get_weather(city)


@pytest.mark.parametrize("city", ["", " ", "x", ", France", "a" * 101, "Paris\n", "Pa\x00ris", "Paris\u202e"])
def test_asks_nothing_for_what_cannot_be_a_city(city: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_METEO_GEOCODING_URL", "http://this-host-would-be-another-error.invalid")
    with pytest.raises(ValueError, match="Give a city's name"):
        get_weather(city)


@pytest.mark.parametrize("endpoint", ["GEOCODING", "FORECAST"])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("status/500", "HTTP status 500"),
        ("status/429", "HTTP status 429"),
        ("body/no-json", "cannot be read"),
        ("body/no-text", "cannot be read"),
        ("body/empty", "cannot be read"),
        ("body/list", "cannot be read"),
        ("body/nested", "cannot be read"),
        ("body/too-large", "cannot be read"),
    ],
)
def test_a_failing_service_is_an_error_that_says_so(
    endpoint: str, path: str, message: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OPEN_METEO_{endpoint}_URL", f"{service}/{path}")
    with pytest.raises(ValueError, match=message):
        get_weather("Paris")


@pytest.mark.parametrize("endpoint", ["GEOCODING", "FORECAST"])
@pytest.mark.parametrize("path", ["silent", "dripping"])
def test_a_service_that_takes_too_long_is_given_up(
    endpoint: str, path: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weather, "TIMEOUT_SECONDS", 0.2)
    monkeypatch.setenv(f"OPEN_METEO_{endpoint}_URL", f"{service}/{path}")
    with pytest.raises(ValueError, match="does not answer"):
        get_weather("Paris")


@pytest.mark.parametrize("endpoint", ["GEOCODING", "FORECAST"])
def test_headers_that_never_end_are_given_up(
    endpoint: str, slow_url: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weather, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setenv(f"OPEN_METEO_{endpoint}_URL", slow_url)
    with pytest.raises(ValueError, match="does not answer"):
        get_weather("Paris")


def test_results_of_an_unexpected_type_are_an_error(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_METEO_GEOCODING_URL", f"{service}/body/results-of-null")
    with pytest.raises(ValueError, match="cannot be read"):
        get_weather("Paris")


@pytest.mark.parametrize("name", ["null-temperature", "no-units"])
def test_incomplete_weather_is_an_error(name: str, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_METEO_FORECAST_URL", f"{service}/body/{name}")
    with pytest.raises(ValueError, match="cannot be read"):
        get_weather("Paris")


def test_units_are_the_services_and_an_unknown_condition_is_its_code(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPEN_METEO_FORECAST_URL", f"{service}/body/unknown-code")
    assert "-0.5 °F, WMO weather code 42, wind 3 mph" in get_weather("Paris")


def test_no_connection_is_an_error_that_says_so(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("OPEN_METEO_FORECAST_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(ValueError, match="does not answer"):
        get_weather("Paris")


@pytest.mark.parametrize(
    ("question", "cities"),
    [
        (OFFLINE.example, ["Paris"]),
        ("weather in Paris and Tokyo", ["Paris", "Tokyo"]),
        ("Weather for paris, new york, and são paulo today, please", ["paris", "new york", "são paulo"]),
        ("What is the temperature in Paris, Texas?", ["Paris, Texas"]),
        ("How hot is it in New York right now?", ["New York"]),
        ("Is it raining in Nairobi? And what's the weather like in London?", ["Nairobi", "London"]),
        ("weather in Paris and the weather in Paris", ["Paris"]),
        ("What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?", ["Paris"]),
        ("What time is it in Tokyo?", []),
        ("what time is the weather best", []),
        ("How is the weather?", []),
        ("In Paris, whether in 1999 or now, the Seine flows", []),
    ],
)
def test_the_local_model_asks_for_the_cities_of_the_question(question: str, cities: list[str]) -> None:
    assert OFFLINE.arguments(question) == [{"city": city} for city in cities]
