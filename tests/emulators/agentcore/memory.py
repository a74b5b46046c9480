"""AgentCore Memory's events: what a session said, newest first. A memory exists when something is kept in it.

Not done: memories as resources, long-term strategies, branches.
"""

import secrets
from collections import defaultdict
from operator import itemgetter

from .models import Params

Key = tuple[str, str, str]  # memory, actor, session


class Memory:
    def __init__(self) -> None:
        self.events: defaultdict[Key, list[Params]] = defaultdict(list)

    async def create_event(self, p: Params) -> Params:
        milliseconds = int(p["eventTimestamp"] * 1000)  # sent in seconds
        event = {"eventId": f"{milliseconds:019}#{secrets.token_hex(4)}", **p}
        self.events[p["memoryId"], p["actorId"], p["sessionId"]].append(event)
        return {"event": event}

    async def list_events(self, p: Params) -> Params:
        kept = self.events[p["memoryId"], p["actorId"], p["sessionId"]]
        rules = p.get("filter", {}).get("eventMetadata", [])
        found = [event for event in kept if all(_fits(event, rule) for rule in rules)]
        found.sort(key=itemgetter("eventId"), reverse=True)
        start, size = int(p.get("nextToken", 0)), p.get("maxResults", 20)
        more = {"nextToken": str(start + size)} if start + size < len(found) else {}
        return {"events": found[start : start + size], **more}


def _fits(event: Params, rule: Params) -> bool:
    value = event.get("metadata", {}).get(rule["left"]["metadataKey"])
    return bool(value == rule["right"]["metadataValue"]) if rule["operator"] == "EQUALS_TO" else False
