"""The conversation at a prompt: lines to edit, history, and a few commands."""

import asyncio
import signal
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import create_output

from ..stream import Json, new_session
from .chat import OK, Chat, calls_of
from .live import Answer
from .view import printable
from .wire import can_edit

HELP = """\
Enter sends. Alt+Enter, or a backslash before Enter, starts a new line.
The arrow keys recall earlier questions.
Ctrl-C stops an answer, or clears the line. Twice on an empty line it leaves, as Ctrl-D does at once.
/tools opens the tool calls of the last answer: arguments and results in full.
/history shows what was said. /edit asks the last question again, changed; what came after it is gone.
/save FOLDER saves the files of the last answer.
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


def converse(chat: Chat, question: str = "") -> int:
    """Answer the question, if there is one, then ask for others and answer them, until the user leaves."""
    prompt = _prompt()
    chat.ask(question) if question else chat.catch_up()
    note = f"weather-time-calculator at {chat.url} · /quit or Ctrl-D ends it · /help"
    presses = Presses(prompt)
    while presses.count < 2:
        try:
            with presses:
                chat.note(note) if note else None
                line, note = _line(prompt, presses), ""
            presses.count = 0
            if line == "/quit":
                return OK
            if line:
                _take(chat, line, prompt)
        except EOFError:
            return OK
        except (KeyboardInterrupt, asyncio.CancelledError) as stop:  # at the prompt, or just after an answer
            presses.count += not isinstance(stop, Counted)
            presses.count *= not prompt.default_buffer.text
            note = "Ctrl-C again leaves." if presses.count else ""
    return OK


class Counted(KeyboardInterrupt):
    """A Ctrl-C that was counted when it came."""


class Presses:
    """Counts Ctrl-C on the way to a line: raised at once, one between two prompts may be lost, or two become one."""

    def __init__(self, prompt: PromptSession[str]) -> None:
        self.count = 0
        self._seen = 0
        self._app = prompt.app

    def __enter__(self) -> None:
        self._seen = self.count
        self._before = signal.signal(signal.SIGINT, self._signalled)

    def __exit__(self, *failure: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def leave(self) -> None:
        """End the prompt if there was one since it was asked for."""
        if self.count > self._seen and self._app.future and not self._app.future.done():
            self._app.exit(exception=Counted())

    def _signalled(self, *_: object) -> None:
        self.count += 1
        if self._app.loop:
            self._app.loop.call_soon_threadsafe(self.leave)


def _line(prompt: PromptSession[str], presses: Presses) -> str:
    """What is typed. The buffer is empty then: a Ctrl-C before the next prompt must not find this line in it."""
    line = prompt.prompt(handle_sigint=False, pre_run=presses.leave).strip()
    prompt.default_buffer.reset()
    return line


def _take(chat: Chat, line: str, prompt: PromptSession[str]) -> None:
    match line.split():
        case ["/new"]:
            chat.session = new_session()
            chat.note(f"New session {chat.session}")
        case ["/session"]:
            chat.note(chat.session)
        case ["/tools"]:
            _show_tools(chat)
        case ["/history"]:
            _show_history(chat)
        case ["/save", *_]:
            _save(chat, line.removeprefix("/save").strip() or ".")
        case ["/edit"]:
            _edit(chat, prompt)
        case ["/help"]:
            chat.note(HELP)
        case [word] if word.startswith("/"):
            chat.note(f"No command {word}: /help lists them.")
        case _:
            chat.ask(line)


def _show_tools(chat: Chat) -> None:
    """Those of the last answer, which may have been given to another client of the session."""
    messages = chat.history() if not chat.tools else []
    start = max((index for index, message in enumerate(messages) if message["role"] == "user"), default=0)
    calls = chat.tools or list(calls_of(messages[start:]).values())
    chat.note("\n\n".join(call.details() for call in calls) or "The last answer called no tool.")


def _show_history(chat: Chat) -> None:
    messages = chat.history()
    for message in messages:
        if message["role"] == "user":
            chat.note(f"\n> {printable(text_of(message))}")
        elif text := text_of(message) if message["role"] == "assistant" else "":
            chat.out.print(Answer(printable(text)))
    chat.note("" if messages else "Nothing was said yet.")


def _save(chat: Chat, folder: str) -> None:
    saved = [chat.save(file, Path(folder).expanduser()) for file in chat.files]
    chat.note("\n".join(saved) or "The last answer gave no file.")


def _edit(chat: Chat, prompt: PromptSession[str]) -> None:
    if not can_edit(chat.url):
        return chat.note("A2A has no way to change an earlier question: ask anew.")
    asked = [message for message in chat.history() if message["role"] == "user"]
    if not asked:
        return chat.note("There is no question to edit.")
    try:
        question = prompt.prompt(default=text_of(asked[-1])).strip()
    except (KeyboardInterrupt, EOFError):
        return None
    if question:
        chat.ask(question, instead_of=asked[-1]["id"])


def text_of(message: Json) -> str:
    """The text of a message."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


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
