"""AgentCore Memory: what a session said, newest first, and records, which a test puts there.

Events may be kept in a memory that nobody made. A record is found by words that it shares with the query, below the
namespace that is asked for. Not done: strategies that make records of events, branches.
"""

import secrets
from collections import defaultdict
from operator import itemgetter

from .errors import conflict, invalid, not_found
from .models import Params
from .state import Account, now, suffix

Key = tuple[str, str, str]  # memory, actor, session


class Memory:
    def __init__(self, account: Account) -> None:
        self.account = account
        self.memories: dict[str, Params] = {}
        self.events: defaultdict[Key, list[Params]] = defaultdict(list)
        self.records: list[tuple[str, str, str]] = []  # memory, namespace, text

    async def create_memory(self, p: Params) -> Params:
        if any(memory["name"] == p["name"] for memory in self.memories.values()):
            raise conflict(f"Memory with name {p['name']} already exists")
        identity = f"{p['name']}-{suffix()}"
        names = ("name", "description", "eventExpiryDuration", "encryptionKeyArn")
        told = {name: p[name] for name in names if name in p}
        times = {"createdAt": now(), "updatedAt": now()}
        arn = self.account.arn(f"memory/{identity}")
        self.memories[identity] = told | times | {"id": identity, "arn": arn, "status": "ACTIVE"}
        return {"memory": self.memories[identity]}

    async def get_memory(self, p: Params) -> Params:
        return {"memory": self._memory(p)}

    async def update_memory(self, p: Params) -> Params:
        memory = self._memory(p)
        memory |= {name: p[name] for name in ("description", "eventExpiryDuration") if name in p}
        return {"memory": memory | {"updatedAt": now()}}

    async def delete_memory(self, p: Params) -> Params:
        del self.memories[self._memory(p)["id"]]
        return {"memoryId": p["memoryId"], "status": "DELETING"}

    def _memory(self, p: Params) -> Params:
        if p["memoryId"] not in self.memories:
            raise not_found(f"Memory not found: {p['memoryId']}")
        return self.memories[p["memoryId"]]

    async def retrieve_memory_records(self, p: Params) -> Params:
        if "namespace" not in p and "namespacePath" not in p:
            raise invalid("namespace or namespacePath is required")
        place, words = p.get("namespace") or p["namespacePath"], set(p["searchCriteria"]["searchQuery"].lower().split())
        found = [
            (len(words & set(text.lower().split())), namespace, text)
            for memory, namespace, text in self.records
            if memory == p["memoryId"] and namespace.startswith(place)
        ]
        best = sorted((each for each in found if each[0]), key=itemgetter(0), reverse=True)
        return {"memoryRecordSummaries": [_record(*each) for each in best[: p["searchCriteria"].get("topK", 10)]]}

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
        shown = found[start : start + size]
        if p.get("includePayloads") is False:
            shown = [{name: value for name, value in event.items() if name != "payload"} for event in shown]
        return {"events": shown, **more}


def _record(score: int, namespace: str, text: str) -> Params:
    identity = f"mem-{secrets.token_hex(20)}"
    place = {"memoryRecordId": identity, "memoryStrategyId": "facts-0123456789", "namespaces": [namespace]}
    return place | {"content": {"text": text}, "createdAt": now(), "score": float(score)}


def _fits(event: Params, rule: Params) -> bool:
    value = event.get("metadata", {}).get(rule["left"]["metadataKey"])
    return bool(value == rule["right"]["metadataValue"]) if rule["operator"] == "EQUALS_TO" else False
