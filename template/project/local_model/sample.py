"""A value that fits a JSON schema, for the keywords with which pydantic writes types and constraints."""

import itertools
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

Schema = dict[str, Any]
FORMATS = {
    "date": "2026-05-12",
    "date-time": "2026-05-12T12:15:00Z",
    "duration": "PT1H",
    "email": "ann@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "json-string": "{}",
    "time": "12:15:00",
    "uri": "https://example.com/",
    "uuid": "6f1c0a52-5d0c-4b8e-9d5f-3c1b7a9e2f10",
}
COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
DEEP = 6
"""From here on nothing is made that may be left out: a form may hold itself."""


class NoSample(Exception):
    """No value that fits was found; the message says which part has none."""


def sample(schema: Schema, text: str) -> Any:
    """A value that fits the schema, whose texts are `text` where they may be. Raises `NoSample`."""
    whole = _plain(schema)
    try:
        value = Maker(whole, text).value(whole)
    except RecursionError:
        raise NoSample("the form holds itself without an end") from None
    error = next(Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(value), None)
    if error:
        raise NoSample(f"{'.'.join(map(str, error.path)) or 'it'}: {error.message[:200]}")
    return value


class Maker:
    """Makes the values for the parts of one schema. `n` counts those that have to differ."""

    def __init__(self, whole: Schema, text: str) -> None:
        self._whole = whole
        self._text = text

    def value(self, schema: Any, depth: int = 0, n: int = 0) -> Any:
        """A value for a part of the schema."""
        schema = self._resolved(schema if isinstance(schema, dict) else {})
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._chosen(schema, choice, depth, n)
        values = schema.get("enum") or [schema[name] for name in ("const", "default") if name in schema][:1]
        if values:
            return values[n % len(values)]
        kind = schema.get("type", "string")
        return self._of_type(kind if isinstance(kind, str) else kind[0], schema, depth, n)

    def _of_type(self, kind: str, schema: Schema, depth: int, n: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, depth, n)
            case "array":
                return self._array(schema, depth, n)
            case "string":
                return self._string(schema, n)
            case "integer" | "number":
                return _number(schema, n)
        return {"boolean": not n % 2}.get(kind)

    def _resolved(self, schema: Schema) -> Schema:
        """The schema with what it refers to, and all of `allOf`, as one."""
        while "$ref" in schema:
            schema = dict(schema)
            name = schema.pop("$ref").rpartition("/")[2]
            schema = self._whole.get("$defs", {}).get(name, {}) | schema
        for part in schema.get("allOf", []):
            schema = self._resolved(part) | {name: each for name, each in schema.items() if name != "allOf"}
        return schema

    def _chosen(self, schema: Schema, choice: str, depth: int, n: int) -> Any:
        """The first alternative that has a value; where it is deep, the simplest is tried first."""
        rest = {name: each for name, each in schema.items() if name not in (choice, "default", "discriminator")}
        parts = sorted(schema[choice], key=lambda part: part.get("type") != "null") if depth > DEEP else schema[choice]
        problem = NoSample("no alternative")
        for part in parts:
            try:
                return self.value(rest | self._resolved(part), depth + 1, n)
            except NoSample as error:
                problem = error
        raise problem

    def _object(self, schema: Schema, depth: int, n: int) -> Schema:
        fields = schema.get("properties", {})
        made = {name: self.value(fields.get(name, {}), depth + 1, n) for name in schema.get("required", [])}
        for number in range(int(schema.get("minProperties", 0)) - len(made)):
            name, inner = self._entry(schema, number)
            made[name] = self.value(inner, depth + 1, number)
        return made

    def _entry(self, schema: Schema, number: int) -> tuple[str, Any]:
        """A key that no property has, and the schema of what it holds."""
        for pattern, inner in schema.get("patternProperties", {}).items():
            return _matching(pattern, 0, math.inf, number), inner
        names = schema.get("propertyNames")
        return (self.value(names, n=number) if names else f"key{number + 1}"), schema.get("additionalProperties", {})

    def _array(self, schema: Schema, depth: int, n: int) -> list[Any]:
        first = [self.value(each, depth + 1, n) for each in schema.get("prefixItems", [])]
        least = int(schema.get("minItems", 0))
        count = max(least, 1 if "items" in schema and depth <= DEEP else 0)
        count = min(count, int(schema.get("maxItems", count)))
        return first + [self.value(schema.get("items"), depth + 1, n + each) for each in range(count - len(first))]

    def _string(self, schema: Schema, n: int) -> str:
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 10_000))
        if "pattern" in schema:
            return _matching(schema["pattern"], least, most, n)
        if (format := schema.get("format")) in FORMATS:
            return _differing(FORMATS[format], n)
        text = (self._text or "text") + (f" {n + 1}" if n else "")
        return (text * math.ceil(max(least, 1) / len(text)))[-most:] if most else ""


def _differing(text: str, n: int) -> str:
    """The text with its last digit, or else its first letter, changed as often."""
    digits = list(re.finditer(r"\d", text))
    if not digits:
        return f"{chr(ord('a') + n % 26)}{text}" if n else text
    place = digits[-1].start()
    return f"{text[:place]}{(int(text[place]) + n) % 10}{text[place + 1 :]}"


def _matching(pattern: str, least: float, most: float, n: int) -> str:
    """A text with the pattern, of this length; the `n`-th. Found by Hypothesis, which tests have anyway."""
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis import strategies as st
    from hypothesis.errors import HypothesisException

    seen: list[str] = []
    quiet = settings(
        database=None, max_examples=500, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
    )
    try:
        texts = st.from_regex(pattern).filter(lambda text: "\n" not in text and least <= len(text) <= most)
        for _ in range(n + 1):
            seen.append(find(texts, lambda text: text not in seen, settings=quiet, random=Random(0)))
    except (HypothesisException, re.error) as error:
        raise NoSample(f"no text with the pattern {pattern} is found") from error
    return seen[-1]


def _number(schema: Schema, n: int) -> int | float:
    """The `n`-th number from the bounds on, or from 0: whole where one fits."""
    fits = Draft202012Validator(schema).is_valid
    found = next(itertools.islice(filter(fits, _numbers(schema)), n, None), None)
    if found is None:
        raise NoSample("no number is within the bounds")
    return found


def _numbers(schema: Schema) -> Iterator[int | float]:
    low, high = (_bound(schema, name) for name in ("Minimum", "Maximum"))
    step = Decimal(str(schema.get("multipleOf", 1)))
    start = next((bound for bound in (low, high) if bound is not None), Decimal(0))
    first, sign = math.ceil(start / step), -1 if low is None and high is not None else 1
    for number in range(-1, 100):
        value = (first + sign * number) * step
        yield int(value) if value % 1 == 0 else float(value)
    if low is not None and high is not None:
        yield from (float(low + (high - low) * part / 101) for part in range(1, 101))


def _bound(schema: Schema, name: str) -> Decimal | None:
    value = schema.get(name.lower(), schema.get(f"exclusive{name}"))
    return None if value is None else Decimal(str(value))


def _plain(schema: Any) -> Any:
    """As JSON Schema has it: Gemini's wire writes types in capitals, and counts as texts."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain(value) for name, value in schema.items()}
    if isinstance(plain.get("type"), str):
        plain["type"] = plain["type"].lower()
    return plain | {name: int(plain[name]) for name in COUNTS if isinstance(plain.get(name), str)}
