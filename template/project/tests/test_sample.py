"""The local model's answers of a form: values that pydantic takes, for the constraints that people write."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, Field, TypeAdapter

from local_model.sample import NoSample, sample


class Colour(Enum):
    """Some."""

    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    """One of two."""

    kind: Literal["cat"]
    lives: int = Field(gt=6, lt=9)


class Dog(BaseModel):
    """The other."""

    kind: Literal["dog"]


class Tree(BaseModel):
    """A form that holds itself."""

    name: str = Field(max_length=5)
    left: Tree | None
    branches: list[Tree]


class Endless(BaseModel):
    """A form that no value has."""

    inner: Endless


Code = Annotated[str, Field(pattern=r"^[A-Z]{2}-\d{4}$")]
FORMS: list[Any] = [
    *(str, int, float, bool, bytes, date, datetime, time, timedelta, UUID, AnyUrl, IPv4Address, Decimal, Any, None),
    *(Colour, Literal["a"], Literal[3, 4], Tree, Cat, list[Cat], dict[str, int], tuple[int, str], set[Colour]),
    Annotated[str, Field(min_length=30)],
    Annotated[str, Field(max_length=3)],
    Annotated[str, Field(max_length=0)],
    Code,
    Annotated[str, Field(pattern="^a+$", min_length=5, max_length=7)],
    Annotated[str, Field(pattern=r"\d", min_length=5)],
    Annotated[int, Field(ge=7)],
    Annotated[int, Field(gt=7, multiple_of=5)],
    Annotated[int, Field(le=-7)],
    Annotated[int, Field(lt=-7, multiple_of=2)],
    Annotated[int, Field(ge=-3, le=-3)],
    Annotated[float, Field(gt=0, lt=1)],
    Annotated[float, Field(ge=0.25, multiple_of=0.1)],
    Annotated[Decimal, Field(max_digits=3, decimal_places=1)],
    Annotated[list[str], Field(min_length=3, max_length=5)],
    Annotated[list[str], Field(min_length=0, max_length=0)],
    Annotated[set[str], Field(min_length=2)],
    Annotated[set[Annotated[int, Field(ge=5)]], Field(min_length=3)],
    Annotated[set[Code], Field(min_length=3)],
    Annotated[set[UUID], Field(min_length=2)],
    Annotated[dict[str, Cat], Field(min_length=2)],
    Annotated[dict[Code, int], Field(min_length=2)],
    Annotated[Cat | Dog, Field(discriminator="kind")],
    int | None,
    list[int | str] | None,
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_value_fits(form: Any) -> None:
    adapter = TypeAdapter(form)
    adapter.validate_json(json.dumps(sample(adapter.json_schema(), "It is seven.")))


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (Annotated[int, Field(gt=1, lt=2)], "no number is within the bounds"),
        (Annotated[str, Field(pattern="^a$", min_length=2)], "no text with the pattern"),
        (Endless, "holds itself"),
        (Annotated[set[bool], Field(min_length=3)], "non-unique"),
    ],
    ids=str,
)
def test_what_it_cannot_make_it_says(form: Any, told: str) -> None:
    with pytest.raises(NoSample, match=told):
        sample(TypeAdapter(form).json_schema(), "It is seven.")


def test_a_form_in_geminis_writing_is_read() -> None:
    schema = {"type": "OBJECT", "properties": {"type": {"type": "STRING", "minLength": "40"}}, "required": ["type"]}
    assert len(sample(schema, "It is seven.")["type"]) >= 40
