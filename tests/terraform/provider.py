"""A Terraform provider that has a schema and nothing else: enough for `terraform validate` and `test` with mocks.

    python provider.py ADDRESS    # as registry.terraform.io/hashicorp/aws

Terraform talks to providers over gRPC (tfplugin6.proto). What it asks here needs five messages, written by hand.
"""

import json
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

Json = dict[str, Any]
BLOCK_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
OBJECT_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}


def _varint(value: int) -> bytes:
    low = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([each | 128 for each in low[:-1]] + low[-1:])


def field(number: int, value: Any) -> bytes:
    """One field of a protobuf message: a number or flag, or text, or the bytes of a message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _fields(number: int, values: Iterable[bytes]) -> bytes:
    return b"".join(field(number, value) for value in values)


def schema(found: Json) -> bytes:
    """Schema: 1 version, 2 block."""
    return field(1, found.get("version", 0)) + field(2, block(found["block"]))


def block(found: Json) -> bytes:
    """Schema.Block: 2 attributes, 3 block_types."""
    nested = found.get("block_types", {})
    return _attributes(2, found) + _fields(3, (nested_block(name, each) for name, each in nested.items()))


def nested_block(name: str, found: Json) -> bytes:
    """Schema.NestedBlock: 1 type_name, 2 block, 3 nesting, 4 min_items, 5 max_items."""
    least, most = found.get("min_items", 0), found.get("max_items", 0)
    nesting = field(3, BLOCK_NESTING[found["nesting_mode"]])
    return field(1, name) + field(2, block(found["block"])) + nesting + field(4, least) + field(5, most)


def _attributes(number: int, found: Json) -> bytes:
    return _fields(number, (attribute(name, each) for name, each in found.get("attributes", {}).items()))


def attribute(name: str, found: Json) -> bytes:
    """Schema.Attribute: 1 name, 2 type, 4 required, 5 optional, 6 computed, 10 nested_type (attributes, nesting)."""
    flags = b"".join(
        field(n, found.get(each, False)) for n, each in ((4, "required"), (5, "optional"), (6, "computed"))
    )
    if "nested_type" not in found:
        return field(1, name) + field(2, json.dumps(found["type"])) + flags
    inner = found["nested_type"]
    return field(1, name) + flags + field(10, _attributes(1, inner) + field(3, OBJECT_NESTING[inner["nesting_mode"]]))


def schemas(found: Json) -> bytes:
    """GetProviderSchema.Response: 1 provider, 2 resource_schemas, 3 data_source_schemas."""
    kinds = ((2, "resource_schemas"), (3, "data_source_schemas"))
    entries = (
        field(n, field(1, name) + field(2, schema(each))) for n, kind in kinds for name, each in found[kind].items()
    )
    return field(1, schema(found["provider"])) + b"".join(entries)


class Provider(grpc.GenericRpcHandler):
    """Answers every question with an empty message, which means that all is well, and two with more."""

    def __init__(self, found: Json) -> None:
        self.schemas, self.stopped = schemas(found), threading.Event()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = details.method.rpartition("/")[2]
        if method not in ("StreamStdio", "StartStream"):
            return grpc.unary_unary_rpc_method_handler(lambda request, context: self.answer(method))
        return None

    def answer(self, method: str) -> bytes:
        if method in ("Shutdown", "StopProvider"):
            self.stopped.set()
        return self.schemas if method == "GetProviderSchema" else b""


def main() -> None:
    """Serve it as go-plugin wants: one line says where, then until it is told to stop."""
    found = json.loads(Path(__file__).with_name("schemas.json").read_text())[sys.argv[1]]
    provider = Provider(found)
    server = grpc.server(ThreadPoolExecutor(4), handlers=[provider])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"1|6|tcp|127.0.0.1:{port}|grpc|", flush=True)
    provider.stopped.wait()
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
