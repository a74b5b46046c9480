"""The calculator offline: nothing stands in for the tool, which needs no network."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from ..offline_tool import OfflineTool

MAX_CHARACTERS = 300
SPELLINGS = str.maketrans({"^": "**", "×": "*", "÷": "/"})  # noqa: RUF001
CUE = r"(?:what(?:'s|’s| is)|how much is|calculate|compute|evaluate|solve)\s+"  # noqa: RUF001
FUNCTION = r"(?:abs|ceil|cbrt|cos|exp|factorial|floor|gcd|lcm|log10|log2|log|max|min|round|sin|sqrt|tan)"
OPERAND = rf"[-+]?(?:{FUNCTION}?\()*[-+]?(?:\d+(?:\.\d+)?|\.\d+|pi)\)*"
OPERATOR = r"\s*(?:\*\*|//|[-+*/%,])\s*"
EXPRESSION = re.compile(
    rf"(?P<cue>\b{CUE})?(?<![\w.:*/%+(-])(?P<expression>(?>{OPERAND}(?:{OPERATOR}{OPERAND})*))(?![\w:]|[-/.]\d)",
    re.IGNORECASE,
)
RANGE = re.compile(r"[\d.]+(?:[-/][\d.]+)+")
DATE_OR_PHONE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{4}|(?:\d-)?(?:\d{3}-)?\d{3}-\d{4}")


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for every calculation in the question; dates, ranges and telephone numbers are none."""
    text = question.translate(SPELLINGS)
    found = [expression for match in EXPRESSION.finditer(text) for expression in _calculations(match, text)]
    return [{"expression": expression} for expression in dict.fromkeys(found)]


def _calculations(match: re.Match[str], text: str) -> Iterator[str]:
    run = match["expression"]
    asked = bool(match["cue"]) or text.strip(" =?") == run
    try:
        tree = ast.parse(run if len(run) <= MAX_CHARACTERS else "", mode="eval").body
    except SyntaxError:
        return
    for node in tree.elts if isinstance(tree, ast.Tuple) else [tree]:
        expression = ast.get_source_segment(run, node) or ""
        if isinstance(node, ast.BinOp | ast.Call) and (asked or not RANGE.fullmatch(expression)):
            yield from [] if DATE_OR_PHONE.fullmatch(expression) else [expression]


OFFLINE = OfflineTool(name="calculator", arguments=arguments, example="What is 37*12+5?")
