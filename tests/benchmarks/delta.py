"""What a delta costs: the generated agent, the tutorials' pattern, the framework's own loop, and a bare ASGI stream.

    uv run --project examples/weather-time-calculator python tests/benchmarks/delta.py

CPU of the server process and bytes on the wire for each text delta, in one run. Read the ratios.
"""

import os
import subprocess
import sys

from processes import server
from streams import DELTAS, HERE, SERVERS, bedrock, measure, model_server

SESSIONS = 10


def main() -> None:
    print("server       CPU µs    bytes  (a delta)")
    with model_server() as model:
        for name, command in SERVERS.items():
            with server(*command, **bedrock(model)) as agent:
                measure(agent, model, 1)
                result = measure(agent, model, SESSIONS)
            print(f"{name:11} {result.cpu_per_delta:7.0f} {result.bytes_per_delta:8.0f}", flush=True)
        variables = os.environ | bedrock(model) | {"DELTAS": str(DELTAS)}
        loop = [sys.executable, str(HERE / "loop.py"), str(SESSIONS)]
        print(f"framework   {float(subprocess.check_output(loop, env=variables, text=True)):7.0f}        -", flush=True)
        with server(str(HERE / "bare.py"), ping="/", DELTAS=str(DELTAS), PACE="0.02") as bare:
            result = measure(bare, model, SESSIONS)
        print(f"bare ASGI   {result.cpu_per_delta:7.0f} {result.bytes_per_delta:8.0f}")


if __name__ == "__main__":
    sys.exit(main())
