"""Tiny agents as code packages."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

STANDARD_LIBRARY = """
import http.server, json, os, pathlib, sys, time

class Agent(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(request.get("status", 200))
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        if request.get("crash"):
            os._exit(1)
        self.say(self.describe())
        if "wait_for" in request:
            while not pathlib.Path(request["wait_for"]).exists():
                time.sleep(0.01)
        self.say({"said": request.get("prompt")})
        self.wfile.write(b"0\\r\\n\\r\\n")

    def describe(self):
        version = os.environ.get("VERSION")
        return {"pid": os.getpid(), "version": version, "headers": dict(self.headers), "path": sys.path}

    def say(self, event):
        data = b"data: %s\\n\\n" % json.dumps(event).encode()
        self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(data), data))
        self.wfile.flush()

print("the agent starts", flush=True)
http.server.ThreadingHTTPServer(("", 8080), Agent).serve_forever()
"""

SDK = """
from bedrock_agentcore import BedrockAgentCoreApp

app = BedrockAgentCoreApp()

@app.entrypoint
async def answer(payload):
    for word in payload["prompt"].split():
        yield {"word": word}

@app.websocket
async def converse(socket, context):
    await socket.accept()
    await socket.send_json({"heard": await socket.receive_text(), "session": context.session_id})
    await socket.close()

app.run()
"""


def package(files: dict[str, str | bytes], mode: int = 0o644) -> bytes:
    """A zip of these files."""
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return blob.getvalue()


def sdk_package(directory: Path) -> bytes:
    """The SDK's agent with everything it needs, for arm64."""
    python = "{}.{}".format(*sys.version_info)
    target = ["--target", str(directory), "--python-platform", "aarch64-manylinux2014", "--python-version", python]
    install = ["uv", "pip", "install", "--quiet", "--only-binary", ":all:", *target, "bedrock-agentcore>=1.25"]
    subprocess.run(install, check=True, timeout=300)
    files = {str(f.relative_to(directory)): f.read_bytes() for f in directory.rglob("*") if f.is_file()}
    return package(files | {"main.py": SDK})


def events(response: dict[str, Any]) -> list[Any]:
    """The events of an InvokeAgentRuntime response."""
    return [json.loads(line[6:]) for line in response["response"].iter_lines() if line.startswith(b"data: ")]
