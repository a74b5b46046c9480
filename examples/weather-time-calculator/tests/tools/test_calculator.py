"""`calculator`: what it computes, and that nothing makes it work for long."""

import multiprocessing
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, wait

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from weather_time_calculator.tools.calculator import FUNCTIONS, MAX_DIGITS, calculator

from local_model.tools.calculator import OFFLINE


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("37*12+5", "449"),
        (" (2 + 3) * 4 ", "20"),
        ("2**10", "1024"),
        ("2^3+1", "9"),
        ("6 × 7 ÷ 2 − 1", "20.0"),  # noqa: RUF001
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("--3", "3"),
        ("10/4", "2.5"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1e3", "1000.0"),
        ("2**100", "1267650600228229401496703205376"),
        ("factorial(25)", "15511210043330985984000000"),
        ("sqrt(16) + cbrt(27)", "7.0"),
        ("log(8, 2) + log10(1000) + log2(4)", "8.0"),
        ("sin(pi / 2) + cos(0)", "2.0"),
        ("round(2.567, 2)", "2.57"),
        ("round(1234, -2)", "1200"),
        ("min(3, 1, 2) + max(4, 5) + abs(-6)", "12"),
        ("gcd(12, 18) * lcm(4, 6)", "72"),
        ("floor(e) + ceil(e)", "5"),
        ("+".join(["1"] * 60), "60"),
        ("9" * 300, "9" * 300),
    ],
)
def test_calculates(expression: str, result: str) -> None:
    assert calculator(expression) == result


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1/0", "Division by zero"),
        ("5 % 0", "Division by zero"),
        ("0**-1", "Division by zero"),
        ("sqrt(-1)", "sqrt: "),
        ("log(0)", "log: "),
        ("factorial(-1)", "factorial: "),
        ("max()", "max: "),
        ("gcd(1.5, 2)", "gcd: "),
        ("(-8)**(1/3)", "not a real number"),
        ("sqrt", "not a real number"),
        ("sqrt + 1", "not a real number"),
        ("2j", "needs its sign"),
        ("2pi", "needs its sign"),
        ("2(3)", "needs its sign"),
        ("foo(2)", "'foo' not defined.* Known are pi, e, tau, abs"),
        ("x + 1", "'x' is not defined.* Known are pi"),
        ("3 +", "not an arithmetic expression"),
        ("(3", "not an arithmetic expression"),
        ("1,000", "Only numbers"),
        ("1 if 2 else 3", "Only numbers"),
        ("lambda: 1", "cannot hold ':'"),
        ("True", "True is not a real number"),
        ("", "1 to 300 characters"),
        ("   ", "1 to 300 characters"),
        ("1" * 50_000, "1 to 300 characters"),
        ("(" * 40 + "1" + ")" * 40, "30 pairs of parentheses"),
        ("-" * 299 + "1", "100 operations deep"),
        ("1" + "+1" * 149, "100 operations deep"),
    ],
)
def test_says_what_is_wrong(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        calculator(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__[0]",
        "sqrt.__globals__",
        "[1] * 10**9",
        "'a' * 10**9",
        "f'{1}'",
        "(x := 5)",
        "1; 2",
        "1\n2",
        "max(*[1, 2])",
        "max(key=1)",
        "1 << 100000000",
        "~1",
        "not 1",
        "1 < 2",
        "1 and 2",
        "(1).real",
        "math.pi",
        "𝟏 + 1",  # noqa: RUF001
        "1\0",
    ],
)
def test_nothing_but_arithmetic_is_evaluated(expression: str) -> None:
    with pytest.raises(ValueError, match=r"cannot hold|Only numbers|not an arithmetic|needs its sign"):
        calculator(expression)


@pytest.fixture(scope="module")
def process() -> Iterator[Executor]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


def calculate_in(process: Executor, expression: str) -> str:
    """The calculator in a process that is killed when it has no answer after a minute, whatever it is busy with."""
    answer = process.submit(calculator, expression)
    done, _ = wait([answer], timeout=60)
    if not done:
        for child in multiprocessing.active_children():
            child.kill()
        pytest.fail(f"still calculating {expression!r}")
    return answer.result()


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "(9**9)**(9**5)",
        "10**10**10",
        "9^9^9^9",
        "(-9)**(9**9)",
        "1e308*10",
        "1e999",
        "-1e308*10",
        "exp(1000)",
        "10**999 * 10",
        "10**400 * 1.5",
        "10**400 / 3.5",
        "factorial(10**9)",
        "factorial(factorial(20))",
        "round(5, -10**9)",
        "lcm(10**999, 10**998 - 1, 10**997 - 1)",
        "degrees(1e308)",
        "2**(10**999)",
    ],
)
def test_large_numbers_are_an_error_at_once(expression: str, process: Executor) -> None:
    with pytest.raises(ValueError, match="too large"):
        calculate_in(process, expression)


PIECES = [*"0123456789.,()+-*/%^ ", "**", "//", "9**9", "1e308", "10**999", "pi", *(f"{name}(" for name in FUNCTIONS)]
PRINTABLE = st.text(st.characters(exclude_categories=["C"]), max_size=300)
ARITHMETIC = st.lists(st.sampled_from(PIECES), max_size=100).map("".join)


@settings(deadline=None, database=None)
@given(expression=PRINTABLE | ARITHMETIC)
@example(expression="max(" * 30 + "9**99" + ")" * 30)
@example(expression="(" * 30 + "**" * 100)
def test_every_text_is_answered_with_a_number_or_an_error(expression: str, process: Executor) -> None:
    try:
        result = calculate_in(process, expression)
    except ValueError:
        return
    assert re.fullmatch(r"-?(\d+|\d+\.\d+|\d(\.\d+)?e[+-]\d+)", result)
    assert len(result) <= MAX_DIGITS + 1


@pytest.mark.parametrize(
    ("question", "expressions"),
    [
        (OFFLINE.example, ["37*12+5"]),
        ("37*12+5", ["37*12+5"]),
        ("calculate (2+3)*4", ["(2+3)*4"]),
        ("How much is 2^10, and what's 7-3?", ["2**10", "7-3"]),
        ("sqrt(16) + sqrt(abs(-9)) please", ["sqrt(16) + sqrt(abs(-9))"]),
        ("compute 2+2, 3 × 3 and min(4, 5)", ["2+2", "3 * 3", "min(4, 5)"]),  # noqa: RUF001
        ("What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?", ["37*12+5"]),
        ("What happened on 2024-05-01 and on 05/01/2024?", []),
        ("what is 2024-05-01?", []),
        ("Call 555-1234, 1-800-555-1234 or +1 (555) 123-4567", []),
        ("Open 24/7, from 10:30 - 11:30, for 10-12 people", []),
        ("Version 1.2.3 has 42 changes in C++ 11", []),
        ("What is 42?", []),
        ("1+" * 5_000 + "1", []),
    ],
)
def test_the_local_model_asks_for_the_calculations_of_the_question(question: str, expressions: list[str]) -> None:
    assert OFFLINE.arguments(question) == [{"expression": expression} for expression in expressions]
