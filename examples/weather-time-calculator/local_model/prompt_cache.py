"""What a provider's prompt cache keeps of requests, and reads again: prefixes that end at a cache point.

A service keeps no prefix under its minimum, 1,024 tokens or more, and none for longer than minutes; this keeps all.
"""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Prompt:
    """All that a model reads of a request, in order, and how many of these blocks precede each cache point."""

    blocks: list[Any]
    points: list[int]


@dataclass
class PromptCache:
    """The prefixes of one server. `lookback`: how many blocks before a cache point an older one is still found."""

    lookback: int
    _kept: set[int] = field(default_factory=set)

    def clear(self) -> None:
        """Forget them."""
        self._kept.clear()

    def count(self, model: str, prompt: Prompt) -> dict[str, int]:
        """The tokens of `input`, and how many of them are `read` from the cache and `written` to it. Words stand in."""
        texts = [json.dumps(block, sort_keys=True, ensure_ascii=False) for block in prompt.blocks]
        sizes = [*itertools.accumulate((len(text.split()) for text in texts), initial=0)]
        prefixes = [*itertools.accumulate(texts, lambda prefix, text: hash((prefix, text)), initial=hash(model))]
        ends = [end for point in prompt.points for end in range(max(1, point - self.lookback), point + 1)]
        read = max((end for end in ends if prefixes[end] in self._kept), default=0)
        last = max(prompt.points, default=0)
        self._kept.update(prefixes[point] for point in prompt.points)
        return {"input": sizes[-1], "read": sizes[read], "written": sizes[last] - sizes[read]}
