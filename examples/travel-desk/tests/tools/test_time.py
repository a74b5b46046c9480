"""`get_time`: which zone a place is in, and what is said of unknown and ambiguous ones."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from travel_desk.tools.time import OTHER_PLACES, get_time

from local_model.tools.time import OFFLINE


def test_says_weekday_time_with_offset_and_zone() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    weekday, time, zone = get_time("Tokyo").split()
    now = datetime.fromisoformat(time)
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(hours=9)
    assert weekday == now.strftime("%A")
    assert zone == "(Asia/Tokyo)"


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ("Paris", "Europe/Paris"),
        ("  new   york ", "America/New_York"),
        ("NEW_YORK", "America/New_York"),
        ("são paulo", "America/Sao_Paulo"),
        ("Sao Paulo", "America/Sao_Paulo"),
        ("ZÜRICH", "Europe/Zurich"),
        ("Wrocław", "Europe/Warsaw"),
        ("Port au Prince", "America/Port-au-Prince"),
        ("St. John's", "America/St_Johns"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Istanbul", "Europe/Istanbul"),
        ("Singapore", "Asia/Singapore"),
        ("Calcutta", "Asia/Calcutta"),
        ("San Francisco", "America/Los_Angeles"),
        ("europe/paris", "Europe/Paris"),
        ("utc", "UTC"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("Etc/GMT-5", "Etc/GMT-5"),
        ("France", "Europe/Paris"),
        ("Germany", "Europe/Berlin"),
        ("uk", "Europe/London"),
    ],
)
def test_finds_the_zone(place: str, zone: str) -> None:
    assert get_time(place).endswith(f" ({zone})")


def test_every_zone_is_understood_by_its_name() -> None:
    for zone in (files("tzdata") / "zones").read_text("utf-8").split():
        now = datetime.fromisoformat(get_time(zone).split()[1])
        assert now.utcoffset() == now.astimezone(ZoneInfo(zone)).utcoffset(), zone


def test_no_zone_hides_a_place() -> None:
    for zone, places in OTHER_PLACES.items():
        assert {get_time(place).split()[-1] for place in places.split(", ")} == {f"({zone})"}


def test_a_country_with_several_times_is_asked_back() -> None:
    with pytest.raises(ValueError, match=r"USA has several local times.* America/New_York, America/Chicago, "):
        get_time("USA")


@pytest.mark.parametrize(("place", "close"), [("Parris", "Europe/Paris"), ("Asia/Tokio", "Asia/Tokyo")])
def test_an_unknown_place_is_an_error_that_names_close_ones(place: str, close: str) -> None:
    with pytest.raises(ValueError, match=f"No time zone is known for '{place}'. Did you mean {close}"):
        get_time(place)


@pytest.mark.parametrize(
    "place", ["../../etc/passwd", "/etc/localtime", "Europe/../Europe/Paris", "Europe", "Atlantis", "Paris, US", "\0"]
)
def test_what_is_no_place_is_an_error(place: str) -> None:
    with pytest.raises(ValueError, match="No time zone is known"):
        get_time(place)


@pytest.mark.parametrize("place", ["", "  ", "_", "x" * 101])
def test_what_cannot_be_a_place_is_an_error(place: str) -> None:
    with pytest.raises(ValueError, match="Give a place or a time zone"):
        get_time(place)


@pytest.mark.parametrize(
    ("question", "places"),
    [
        (OFFLINE.example, ["Tokyo"]),
        ("time in New York and London", ["New York", "London"]),
        ("What's the time right now in tokyo, paris, and rio de janeiro?", ["tokyo", "paris", "rio de janeiro"]),
        ("current time for Asia/Tokyo, please", ["Asia/Tokyo"]),
        ("What time is it in St. Petersburg? Thanks.", ["St. Petersburg"]),
        ("What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?", ["Tokyo"]),
        ("What's the weather in Paris?", []),
        ("what time is the weather best in Paris", []),
        ("What time is it?", []),
        ("Is it the first time?", []),
    ],
)
def test_the_local_model_asks_for_the_places_of_the_question(question: str, places: list[str]) -> None:
    assert OFFLINE.arguments(question) == [{"place": place} for place in places]
