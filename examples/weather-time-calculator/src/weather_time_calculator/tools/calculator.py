"""The calculator: arithmetic by simpleeval, with every number in it bounded, so that each step is small."""

import ast
import math
import operator
import re
import string
from collections.abc import Callable
from typing import Any

from simpleeval import InvalidExpression, SimpleEval  # type: ignore[import-untyped]

MAX_CHARACTERS = 300
MAX_PARENTHESES = 30
MAX_DEPTH = 100
MAX_DIGITS = 1000
LIMIT = 10**MAX_DIGITS


def calculator(expression: str) -> str:
    """Calculate an arithmetic expression, exactly for integers.

    Operators: + - * / // (floor division) % (remainder) and ** or ^ (power). Constants: pi, e, tau. Functions: abs,
    round, floor, ceil, min, max, sqrt, cbrt, exp, log (natural, or log(x, base)), log2, log10, sin, cos, tan, asin,
    acos, atan (angles in radians), degrees, radians, hypot, factorial, gcd, lcm.

    Args:
        expression: What to calculate, such as "37*12+5" or "sqrt(2) * 10^3". Write 1000, not 1,000; 15/100, not 15%.
    """
    tree = _parsed(expression.translate(SPELLINGS).strip())
    evaluator = SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names=CONSTANTS)
    try:
        return str(_bounded(evaluator.eval(expression, previously_parsed=tree)))
    except ZeroDivisionError:
        raise ValueError("Division by zero has no value.") from None
    except OverflowError:
        raise ValueError(f"A number is too large: integers have {MAX_DIGITS} digits at most, others 1e308.") from None
    except TypeError:
        raise ValueError("A function needs its arguments, as in sqrt(2).") from None
    except InvalidExpression as error:
        known = ", ".join([*CONSTANTS, *FUNCTIONS])
        raise ValueError(f"{str(error).rstrip('.')}. Known are {known}.") from None


def _parsed(expression: str) -> ast.expr:
    if not 0 < len(expression) <= MAX_CHARACTERS:
        raise ValueError(f"Give an expression of 1 to {MAX_CHARACTERS} characters.")
    if odd := "".join(sorted(set(expression) - ALLOWED_CHARACTERS)):
        raise ValueError(f"An expression cannot hold {odd!r}.")
    if expression.count("(") > MAX_PARENTHESES:
        raise ValueError(f"An expression can hold {MAX_PARENTHESES} pairs of parentheses: calculate it in parts.")
    if PRODUCT_WITHOUT_SIGN.search(expression):
        raise ValueError("A multiplication needs its sign: 2*pi, not 2pi.")
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"This is not an arithmetic expression: {error.msg}.") from None
    _check(tree)
    return tree


def _check(tree: ast.expr) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, ALLOWED_NODES):
            raise ValueError("Only numbers, arithmetic operators, parentheses and functions can be calculated.")
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
            raise ValueError("A multiplication needs its sign: 2*(3+4), not 2(3+4).")
        if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
            raise ValueError(f"{node.value!r} is not a real number.")
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise ValueError(f"An expression can be {MAX_DEPTH} operations deep: calculate it in parts.")


def _bounded(value: Any) -> int | float:
    if type(value) not in (int, float):
        raise ValueError("The result is not a real number.")
    if not -LIMIT < value < LIMIT:
        raise OverflowError
    return value  # type: ignore[no-any-return]


def _operator(operation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *operands: _bounded(operation(*map(_bounded, operands)))


def _function(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> int | float:
        try:
            return _bounded(function(*arguments))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: {error}.") from None

    return call


def _power(base: int | float, exponent: int | float) -> Any:
    # An integer of b bits to the power n has more than (b - 1) * n bits.
    if isinstance(base, int) and isinstance(exponent, int) and (base.bit_length() - 1) * exponent > LIMIT.bit_length():
        raise OverflowError
    return base**exponent


def _round(value: int | float, *digits: int) -> int | float:
    # round(5, -n) computes 10**n.
    if digits and abs(digits[0]) > MAX_DIGITS:
        raise OverflowError
    return round(value, *digits)


def _factorial(value: int) -> int:
    if value > MAX_DIGITS:
        raise OverflowError
    return math.factorial(value)


ARITHMETIC: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
NAMED: dict[str, Callable[..., Any]] = {
    **{"abs": abs, "factorial": _factorial, "max": max, "min": min, "round": _round},
    **{"ceil": math.ceil, "floor": math.floor, "gcd": math.gcd, "lcm": math.lcm},
    **{"cbrt": math.cbrt, "exp": math.exp, "log": math.log, "log10": math.log10, "log2": math.log2, "sqrt": math.sqrt},
    **{"acos": math.acos, "asin": math.asin, "atan": math.atan, "cos": math.cos, "sin": math.sin, "tan": math.tan},
    **{"degrees": math.degrees, "hypot": math.hypot, "radians": math.radians},
}

OPERATORS = {kind: _operator(operation) for kind, operation in ARITHMETIC.items()}
FUNCTIONS = {name: _function(name, function) for name, function in NAMED.items()}
CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}
SPELLINGS = str.maketrans({"^": "**", "×": "*", "·": "*", "÷": "/", "−": "-"})  # noqa: RUF001
ALLOWED_CHARACTERS = frozenset(" _.,+-*/%()" + string.ascii_letters + string.digits)
PRODUCT_WITHOUT_SIGN = re.compile(r"(?<![\w.])[\d._]++(?:[eE][+-]?\d+)?+[a-zA-Z]")
ALLOWED_NODES = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Load, ast.Constant, *OPERATORS)

TOOLS = [calculator]
