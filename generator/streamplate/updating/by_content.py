"""Merge a file by what it says, where its owner changed how it is written: other line ends, another formatter.

A file is cut into items: the statements and comments of Python, the lines of everything else. An item has a key, which
is the same however it is laid out, and a text. Keys are merged; what the template did not change keeps its owner's
text.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from tokenize import TokenInfo
from typing import Any


@dataclass(frozen=True)
class Item:
    """A part of a file; `text` begins with the blank lines before it."""

    key: Any
    text: str


def merged(path: str, base: str, yours: str, theirs: str, label: str) -> tuple[str, bool] | None:
    """The merge in the form of `yours`, and whether it is clean: otherwise it holds conflict markers.

    None where it cannot be made: binary files, Python that does not parse.
    """
    if any("\0" in text for text in (base, yours, theirs)):
        return None
    try:
        mine, other = _cut(path, yours), _cut(path, theirs)
        origin = _cut(path, base)
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError):
        return None
    form = _Form.of(yours)
    clean, parts = True, []
    for a, b, is_clean in _regions([each.key for each in origin], mine, [form.given(each, theirs) for each in other]):
        clean = clean and is_clean
        parts += a if is_clean else _marked(a, b, label, form.newline)
    text = "".join(parts)
    return (text, clean) if not clean or _reads(path, text) else None


def same(path: str, one: str, other: str) -> bool:
    """Whether two files differ only in formatting."""
    try:
        return [item.key for item in _cut(path, one)] == [item.key for item in _cut(path, other)]
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError):
        return False


def _regions(origin: list[Any], mine: list[Item], other: list[Item]) -> Iterator[tuple[list[str], list[str], bool]]:
    """Texts of one side or, not clean, of both, in order: a three-way merge between the items that all three share."""
    here, a, b = 0, 0, 0
    for start, mine_at, other_at in [*_shared(origin, mine, other), (len(origin), len(mine), len(other))]:
        yield _decided(origin[here:start], mine[a:mine_at], other[b:other_at])
        if start < len(origin):
            yield [mine[mine_at].text], [], True
        here, a, b = start + 1, mine_at + 1, other_at + 1


def _decided(origin: list[Any], mine: list[Item], other: list[Item]) -> tuple[list[str], list[str], bool]:
    keys_of_mine, keys_of_other = [item.key for item in mine], [item.key for item in other]
    texts, others = [item.text for item in mine], [item.text for item in other]
    if keys_of_other in (origin, keys_of_mine):
        return texts, [], True
    if keys_of_mine == origin:
        return others, [], True
    return texts, others, False


def _shared(origin: list[Any], mine: list[Item], other: list[Item]) -> list[tuple[int, int, int]]:
    """Positions, in the three, of the items that both sides kept."""
    places = _matches(origin, [item.key for item in mine]), _matches(origin, [item.key for item in other])
    return [(at, places[0][at], places[1][at]) for at in sorted(places[0].keys() & places[1].keys())]


def _matches(one: Sequence[Any], two: Sequence[Any]) -> dict[int, int]:
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def _marked(mine: list[str], other: list[str], label: str, newline: str) -> list[str]:
    sides = [f"<<<<<<< yours{newline}", *mine, f"======={newline}", *other, f">>>>>>> {label}{newline}"]
    return [text if text.endswith("\n") or not text else text + newline for text in sides]


def _reads(path: str, text: str) -> bool:
    """Whether a file is what its name says, as far as can be told."""
    if path.endswith(".py"):
        with suppress(SyntaxError, ValueError):
            ast.parse(text.removeprefix("\ufeff"))
            return True
        return False
    return True


@dataclass(frozen=True)
class _Form:
    """How a file is written: its line end, and what its blocks are indented by."""

    newline: str
    indent: str

    @classmethod
    def of(cls, text: str) -> _Form:
        ends = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
        return cls(ends, _indent(text))

    def given(self, item: Item, source: str) -> Item:
        """An item of the template in this form."""
        text = item.text.replace("\r\n", "\n")
        was = _indent(source)
        depth = item.key[0] if isinstance(item.key, tuple) else 0
        if depth and was != self.indent and '"""' not in text and "'''" not in text:
            text = re.sub(rf"^(?:{was}){{{depth}}}", self.indent * depth, text, flags=re.MULTILINE)
        return Item(item.key, text.replace("\n", self.newline))


def _indent(text: str) -> str:
    """The first indent of a line after one that opens a block."""
    found = re.search(r":[ \t]*(?:#.*)?\r?\n([ \t]+)\S", text)
    return found[1] if found else "    "


def _cut(path: str, text: str) -> list[Item]:
    if path.endswith(".py"):
        return list(_python(text))
    return [Item(line.removeprefix("\ufeff").rstrip(), line) for line in _lines(text)]


def _lines(text: str) -> list[str]:
    """As Python's tokenizer and git count them: a form feed, or U+2028, is no end of a line."""
    return list(io.StringIO(text, newline="\n"))


def _python(text: str) -> Iterator[Item]:
    lines = _lines(text)
    source = text.removeprefix("\ufeff").replace("\r\n", "\n")
    done, depth, tokens = 0, 0, list[TokenInfo]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        depth += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
        comment = token.type == tokenize.NL and bool(tokens) and all(map(_is_comment, tokens))
        if token.type not in _LAYOUT:
            tokens.append(token)
        elif tokens and (token.type == tokenize.NEWLINE or comment):
            last = tokens[-1].end[0]
            yield Item((depth, *_key(tokens, source)), "".join(lines[done:last]))
            done, tokens = last, []
    yield Item((0, "end"), "".join(lines[done:]))


_LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def _is_comment(token: TokenInfo) -> bool:
    return token.type == tokenize.COMMENT


def _key(tokens: list[TokenInfo], source: str) -> tuple[str, tuple[str, ...]]:
    """What a statement, or the head of one, means, and the comments in it."""
    words = [token for token in tokens if not _is_comment(token)]
    return _meaning(words, source), tuple(token.string for token in tokens if _is_comment(token))


def _meaning(words: list[TokenInfo], source: str) -> str:
    if not words:
        return ""
    code = _between(source, words[0].start, words[-1].end)
    if all(token.type == tokenize.STRING for token in words):
        return inspect.cleandoc(str(ast.literal_eval(f"({code})")))
    first, plain = words[0].string, "{} pass" if words[-1].string == ":" else "{}"
    for pattern in (_AROUND.get(first, plain), plain):
        with suppress(SyntaxError, ValueError):
            return f"{first} {ast.dump(ast.parse(pattern.replace('{}', code)))}"
    return " ".join(token.string for token in words)


_AROUND = {
    "@": "{}\ndef _(): pass",
    "elif": "if _: pass\n{} pass",
    "else": "if _: pass\n{} pass",
    "except": "try: pass\n{} pass",
    "finally": "try: pass\n{} pass",
    "match": "{}\n case _: pass",
    "case": "match _:\n {} pass",
}
"""What makes the head of a block, by its first word, a whole statement."""


def _between(source: str, start: tuple[int, int], end: tuple[int, int]) -> str:
    lines = _lines(source)[start[0] - 1 : end[0]]
    lines[-1] = lines[-1][: end[1]]
    return "".join(lines)[start[1] :]
