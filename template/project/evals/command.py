"""`evals`: evaluate the agent that `uv run serve` has started."""

import argparse
import dataclasses
import json
import os
import sys

import httpx

from . import Result, evaluate, questions


def main() -> None:
    """Exit code: 0 if every question passed, 1 if one did not."""
    options = _options()
    try:
        results = [_shown(result, quiet=options.json) for result in evaluate(options.url, questions())]
    except httpx.TransportError as error:
        sys.exit(f"{options.url} does not answer ({error}). Start the agent first: uv run serve")
    passed = sum(not result.problems for result in results)
    if options.json:
        print(json.dumps([dataclasses.asdict(result) for result in results], indent=2))
    else:
        print(f"{passed} of {len(results)} passed, {sum(result.tokens for result in results)} tokens")
    sys.exit(passed != len(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="evals", description=__doc__)
    url = f"http://127.0.0.1:{os.environ.get('PORT', '8080')}"
    parser.add_argument("--url", default=url, help="where the agent is (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    return parser.parse_args()


def _shown(result: Result, *, quiet: bool) -> Result:
    if not quiet:
        print(f"{'FAILED' if result.problems else 'passed'}  {result.ask}  ({result.seconds:.1f} s)", flush=True)
        for problem in result.problems:
            print(f"        {problem}", flush=True)
    return result


if __name__ == "__main__":
    main()
