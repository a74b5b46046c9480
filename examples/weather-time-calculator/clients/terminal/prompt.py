"""The conversation at a prompt: lines to edit, history, and a few commands."""

from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import create_output

from ..stream import new_session
from .chat import OK, Chat

HELP = """\
Enter sends. Alt+Enter, or a backslash before Enter, starts a new line.
The arrow keys recall earlier questions.
Ctrl-C stops an answer, or clears the line.
On an empty line, Ctrl-C and Ctrl-D leave.
/tools opens the tool calls of the last answer: arguments and results in full.
/new starts a new session. /session shows its id. /quit leaves."""

KEYS = KeyBindings()


@KEYS.add("enter")
def _send(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    if buffer.document.char_before_cursor != "\\":
        return buffer.validate_and_handle()
    buffer.delete_before_cursor()
    buffer.insert_text("\n")


@KEYS.add("escape", "enter")
def _new_line(event: KeyPressEvent) -> None:
    event.current_buffer.insert_text("\n")


def converse(chat: Chat) -> int:
    """Ask for questions and answer them, until the user leaves."""
    chat.note(f"weather-time-calculator at {chat.url} · /help")
    prompt = _prompt()
    while True:
        try:
            line = prompt.prompt().strip()
        except EOFError:
            return OK
        except KeyboardInterrupt:
            if prompt.default_buffer.text:
                continue
            return OK
        if line == "/quit":
            return OK
        if line:
            _take(chat, line)


def _take(chat: Chat, line: str) -> None:
    match line.split():
        case ["/new"]:
            chat.session = new_session()
            chat.note(f"New session {chat.session}")
        case ["/session"]:
            chat.note(chat.session)
        case ["/tools"]:
            chat.note("\n\n".join(call.details() for call in chat.tools) or "The last answer called no tool.")
        case ["/help"]:
            chat.note(HELP)
        case [word] if word.startswith("/"):
            chat.note(f"No command {word}: /help lists them.")
        case _:
            chat.ask(line)


def _prompt() -> PromptSession[str]:
    return PromptSession(
        "\n> ",
        multiline=True,
        prompt_continuation="  ",
        key_bindings=KEYS,
        history=_history(),
        output=create_output(always_prefer_tty=True),
    )


def _history() -> History:
    """Earlier questions, readable by their author only; kept for this run alone where there is no home to write to."""
    try:
        path = Path.home() / ".weather_time_calculator_history"
        path.touch(mode=0o600)
    except (OSError, RuntimeError):
        return InMemoryHistory()
    return FileHistory(path)
