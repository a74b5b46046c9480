"""The agent's own sources: text files in `sources/`, searched by paragraph."""

import re
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "sources"
MAX_FOUND = 10


def search_sources(words: str) -> str:
    """Search the sources. Gives the paragraphs that have all words, best first, each with file and line to cite.

    Args:
        words: What a paragraph must say, such as "pneumatic tyre".
    """
    wanted = re.findall(r"\w+", words.lower())
    if not wanted:
        raise ValueError("Give at least one word.")
    found = sorted(_found(wanted), key=lambda hit: -hit[0])
    return "\n\n".join(text for _, text in found[:MAX_FOUND]) or f"No paragraph has all of: {', '.join(wanted)}."


def _found(wanted: list[str]) -> list[tuple[int, str]]:
    """How often a paragraph has the words, and the paragraph with where it is."""
    hits = []
    for path in sorted(SOURCES.glob("*.md")):
        text = path.read_text("utf-8")
        for paragraph in re.finditer(r"(?:^.*\S.*\n?)+", text, re.MULTILINE):
            counts = [paragraph[0].lower().count(word) for word in wanted]
            if all(counts):
                line = text.count("\n", 0, paragraph.start()) + 1
                hits.append((sum(counts), f"[{path.name}:{line}] {' '.join(paragraph[0].split())}"))
    return hits
