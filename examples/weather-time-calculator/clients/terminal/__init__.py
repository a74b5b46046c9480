"""`uv run chat`: talk to the agent in a terminal, or through a pipe."""

import argparse
import io
import re
import sys
from pathlib import Path

import httpx2

from ..stream import new_session
from .chat import INTERRUPTED, Chat
from .wire import local, place


def main(argv: list[str] | None = None) -> int:
    """The console script; returns the exit code: 0 answered, 1 failed, 130 stopped by Ctrl-C."""
    arguments = _parser().parse_args(argv)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    chat = Chat(*_place(arguments), session=arguments.session or new_session(), folder=arguments.save)
    question = " ".join(arguments.question)
    try:
        if sys.stdin.isatty():
            from .person import Person

            chat.person = Person(chat.err)
        if arguments.interactive or (not question and sys.stdin.isatty()):
            return _converse(chat, question)
        return chat.ask(question or sys.stdin.read())
    except KeyboardInterrupt:
        return INTERRUPTED


def _converse(chat: Chat, question: str) -> int:
    from .prompt import converse

    return chat.check() or converse(chat, question)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("chat", description="Talk to the agent. Without a question: a conversation.")
    parser.add_argument("question", nargs="*", help="ask this, print the answer and exit (or pipe the question in)")
    parser.add_argument("--url", default=local(), help="where the agent answers (default: %(default)s)")
    parser.add_argument("--runtime", metavar="ARN", help="ask this deployed agent, with AGENT_TOKEN or AWS credentials")
    parser.add_argument("--interactive", action="store_true", help="go on with a conversation after the question")
    parser.add_argument("--save", metavar="DIR", type=_folder, help="save the files of the agent in this folder")
    parser.add_argument("--session", metavar="ID", type=_session, help="continue this session (default: a new one)")
    return parser


def _place(arguments: argparse.Namespace) -> tuple[str, httpx2.Auth | None]:
    if arguments.runtime:
        import os

        from botocore.exceptions import BotoCoreError

        from ..runtime import deployed

        try:
            return deployed(arguments.runtime, os.environ.get("AGENT_TOKEN"))
        except (ValueError, BotoCoreError) as error:
            sys.exit(f"chat: {error}")
    return place(arguments.url), None


def _folder(text: str) -> Path:
    try:
        Path(text).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"no folder can be made of {text!r}: {error.strerror}") from error
    return Path(text)


def _session(value: str) -> str:
    if not re.fullmatch("[!-~]{1,256}", value):
        raise argparse.ArgumentTypeError("a session id is 1 to 256 printable ASCII characters, without spaces")
    return value
