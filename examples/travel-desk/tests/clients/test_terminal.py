"""The terminal client as people run it: through a pipe, for one question, and in a terminal."""

import asyncio
import codecs
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path
from subprocess import PIPE
from threading import Thread
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from rich.console import Console

from ..agent_client import AgentClient
from clients import stream
from clients.terminal import main
from clients.terminal.live import Answer, LiveView, split_finished
from clients.terminal.person import question
from clients.terminal.view import PlainView, TurnView
from local_model.server import Fault, LocalModel

Chat = Callable[..., "Answered"]
Eventually = Callable[[Callable[[], bool]], None]
PROJECT = Path(__file__).parents[2]
RUN = "import sys; from clients.terminal import main; sys.exit(main())"
INTERRUPTED_LATE = """
import signal
import clients.terminal.chat as chat
class Late:
    def __del__(self): signal.raise_signal(signal.SIGINT)
def note(self, text, note=chat.Chat.note):
    note(self, text)
    Late() if "again leaves" in text else None
chat.Chat.note = note
"""
"""A second Ctrl-C where Python drops what a signal raises: in the removal of an object, just before the next prompt."""
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|[=>78]|\]8;[^\x1b]*\x1b\\)")
MARKDOWN = """\
# Trip

Paris has **18 °C** and <b>rain</b>; 東京 has [sun](https://example.com).

| City | Sky |
|---|---|
| Paris | grey |

1. pack
2. go

   - by train

```python
print("gone")

print("back")
```

> Enjoy.
"""


class Answered(NamedTuple):
    """What a run of the client left behind."""

    exit_code: int
    out: str
    err: str


@pytest.fixture
def chat(agent_url: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answered]:
    """Run the client in this process, which spares its start."""

    def ask(*arguments: str, url: str = agent_url) -> Answered:
        exit_code = main(["--url", f"{url}/invocations", *arguments])
        return Answered(exit_code, *capsys.readouterr())

    return ask


def start(url: str, question: str) -> subprocess.Popen[bytes]:
    """The client in a process of its own, whose standard streams are pipes; the question comes through one."""
    command = [sys.executable, "-c", RUN, "--url", f"{url}/invocations"]
    process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=PROJECT)
    assert process.stdin
    process.stdin.write(question.encode())
    process.stdin.close()
    return process


GIVE = 'call hand_over {"name": "../report.csv", "size": 300}'


def test_a_file_is_saved_where_it_is_to_be_and_never_over_another(chat: Chat, tmp_path: Path) -> None:
    told = [chat("--save", str(tmp_path / "new"), GIVE) for _ in range(2)]
    assert f"report.csv (text/csv, 300 bytes) → {tmp_path}/new/report.csv" in told[0].err.replace("\n", "")
    assert "report (2).csv" in told[1].err
    assert [len(path.read_bytes()) for path in (tmp_path / "new").iterdir()] == [300, 300]


def test_a_file_that_is_not_saved_is_named(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    assert "report.csv (text/csv, 300 bytes): --save DIR keeps files" in chat(GIVE).err
    with pytest.raises(SystemExit, match="2"):
        chat("--save", str(tmp_path / "taken"), GIVE)


@contextmanager
def breaking(url: str, size: int) -> Iterator[str]:
    """An address that passes one request on to the agent, and breaks after `size` bytes of the answer."""

    def pass_on() -> None:
        with listener.accept()[0] as client, socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)) as agent:
            listener.close()
            request = b""
            while not request.endswith(b"}"):
                request += client.recv(65536)
            agent.sendall(request)
            client.sendall(agent.recv(size, socket.MSG_WAITALL))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=pass_on)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


class Terminal:
    """The client in a pseudo-terminal of 80 columns and 24 rows; what it shows is read without its escape sequences."""

    def __init__(self, url: str, home: Path, before: str = "pass") -> None:
        import termios

        self._screen, terminal = os.openpty()
        termios.tcsetwinsize(terminal, (24, 80))
        # The child makes the terminal its own, which is what turns a typed Ctrl-C into a signal.
        command = [sys.executable, "-c", f"import os; os.login_tty(0)\n{before}\n{RUN}", "--url", f"{url}/invocations"]
        environment = os.environ | {"HOME": str(home), "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
        self._process = subprocess.Popen(
            command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=PROJECT, env=environment
        )
        os.close(terminal)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._unread = ""

    def type(self, keys: str) -> None:
        """Press these keys; `\\r` is Enter, `\\x03` Ctrl-C, `\\x04` Ctrl-D."""
        os.write(self._screen, keys.encode())

    def until(self, text: str) -> str:
        """What is shown up to and with `text`, from where the last call stopped."""
        deadline = time.monotonic() + 30
        while text not in self._unread:
            assert select.select([self._screen], [], [], deadline - time.monotonic())[0], f"{text!r} not shown"
            self._unread += self._decoder.decode(os.read(self._screen, 65536))
            self._unread = ESCAPES.sub("", self._unread)
        before, _, self._unread = self._unread.partition(text)
        return before + text

    def session(self) -> str:
        """The next session id on the screen."""
        while not (found := re.search(r"[0-9a-f-]{36}", self.until("\n"))):
            pass
        return found[0]

    def exit_code(self) -> int:
        """Wait for the client to end."""
        return self._process.wait(timeout=30)

    def close(self) -> None:
        """End the client, if it still runs."""
        self._process.kill()
        self._process.wait()
        os.close(self._screen)


@pytest.fixture
def new_terminal(agent_url: str, tmp_path: Path) -> Iterator[Terminal]:
    with closing(Terminal(agent_url, tmp_path)) as terminal:
        terminal.until("\n>")
        yield terminal


@pytest.fixture(scope="class")
def _shared_terminal(agent_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    with closing(Terminal(agent_url, tmp_path_factory.mktemp("home"))) as terminal:
        yield terminal


@pytest.fixture
def terminal(_shared_terminal: Terminal, local_model: LocalModel) -> Terminal:
    """The client at the prompt of a new session."""
    _shared_terminal.type("/new\r")
    _shared_terminal.until("New session")
    _shared_terminal.until("\n>")
    return _shared_terminal


@pytest.mark.usefixtures("local_model")
class TestThroughAPipe:
    def test_standard_output_is_the_answer(self, agent_url: str) -> None:
        with start(agent_url, "Count to 5\n") as client:
            assert client.stdout and client.stderr
            assert client.stdout.read() == b"1 2 3 4 5\n"
            assert re.fullmatch(rb"first token [\d.]+ s \xc2\xb7 [\d.]+ s \xc2\xb7 \d+ tokens\n", client.stderr.read())
            assert client.wait(30) == 0

    def test_a_reader_that_leaves_early_is_no_accident(self, agent_url: str) -> None:
        with start(agent_url, "Count to 2000") as client:
            assert client.stdout and client.stderr
            client.stdout.read(10)
            client.stdout.close()
            assert (client.stderr.read(), client.wait(30)) == (b"", 1)

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
    def test_ctrl_c_cancels_the_turn(self, agent_url: str, local_model: LocalModel, eventually: Eventually) -> None:
        with start(agent_url, "Count to 2000") as client:
            assert client.stdout and client.stderr
            client.stdout.read(10)
            client.send_signal(signal.SIGINT)
            assert (client.stderr.read(), client.wait(30)) == (b"Stopped.\n", 130)
        eventually(lambda: local_model.requests[-1].ended == "closed by client")


@pytest.mark.usefixtures("local_model")
class TestOneQuestion:
    def test_tool_calls_are_told_on_standard_error(self, chat: Chat) -> None:
        run = chat('call echo {"text": "hello"}')
        assert re.search(r'^- echo\(text="hello"\) [\d.]+ s → echo: hello$', run.err, re.MULTILINE)
        assert run.out.startswith("Let me look that up.\n\n")
        assert run.out.endswith("**echo**: echo: hello\n")

    def test_a_session_goes_on(self, chat: Chat) -> None:
        session = str(uuid4())
        chat("--session", session, "Count to 3")
        assert "Count to 3" in chat("--session", session, "What was my first question?").out

    def test_escape_sequences_from_the_agent_do_not_reach_the_terminal(self, chat: Chat) -> None:
        run = chat(r'call echo {"text": "\u001b[31mred\u0007"}')
        assert "echo: [31mred" in run.out
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", run.out + run.err)


class TestFailures:
    def test_no_agent_there(self, chat: Chat) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        exit_code, out, err = chat("Hello", url=url)
        assert (exit_code, out) == (1, "")
        assert "Start it with `uv run serve --offline`" in err

    def test_a_refused_question(self, chat: Chat, agent: AgentClient) -> None:
        session = str(uuid4())
        with agent.post({"prompt": "Count to 2000"}, session) as stream:
            stream.read(deltas=1)
            exit_code, out, err = chat("--session", session, "Hello")
        assert (exit_code, out) == (1, "")
        assert "(session_busy)" in err

    def test_a_run_that_fails(self, chat: Chat, local_model: LocalModel) -> None:
        local_model.faults.append(Fault("error", after=10))
        exit_code, out, err = chat("Count to 100")
        assert (exit_code, out[:5]) == (1, "1 2 3")
        assert "(model_error)" in err

    @pytest.mark.usefixtures("local_model")
    def test_a_connection_that_breaks_for_good(
        self, chat: Chat, agent_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stream, "PATIENCE", 0.5)
        with breaking(agent_url, size=4000) as url:
            exit_code, out, err = chat("Count to 2000", url=url)
        assert (exit_code, out[:5]) == (1, "1 2 3")
        assert "The connection broke before the answer was complete. The session is kept" in err

    @pytest.mark.usefixtures("local_model")
    @pytest.mark.parametrize("path", ["", "/", "/invocations"])
    def test_the_address_that_serve_prints_will_do(
        self, capsys: pytest.CaptureFixture[str], agent_url: str, path: str
    ) -> None:
        assert main(["--url", f"{agent_url}{path}", "Count to 3"]) == 0
        assert capsys.readouterr().out == "1 2 3\n"

    def test_what_is_asked_through_a_pipe_is_told(self, chat: Chat) -> None:
        exit_code, _, err = chat('call send {"to": "Ann", "text": "Hello"}')
        assert exit_code == 1
        assert "Send Hello to Ann?" in err
        assert "chat --interactive --session" in err

    @pytest.mark.usefixtures("local_model")
    def test_a_failed_tool_is_marked(self, chat: Chat) -> None:
        assert "✗ broken(" in chat("call broken {}").err
        assert "- echo(" in chat('call echo {"text": "hello"}').err

    @pytest.mark.usefixtures("local_model")
    @pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
    def test_a_separator_of_unicode_is_no_end_of_an_event(self, chat: Chat, separator: str) -> None:
        exit_code, out, _ = chat(f"call echo {json.dumps({'text': f'one{separator}two'})}")
        assert (exit_code, "two" in out) == (0, True)

    def test_an_address_where_no_agent_is(self, chat: Chat, local_model: LocalModel) -> None:
        exit_code, out, err = chat("Hello", url=local_model.url)
        assert (exit_code, out) == (1, "")
        assert "(http_404)" in err

    @pytest.mark.parametrize("wrong", [["--session", "with space", "Hello"], ["--unknown", "Hello"]])
    def test_wrong_usage(self, chat: Chat, wrong: list[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            chat(*wrong)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
class TestInATerminal:
    def test_the_text_grows(self, terminal: Terminal) -> None:
        terminal.type("Count to 300\r")
        shown = terminal.until(" tokens")
        assert any("10 11 12" in frame and "300" not in frame for frame in shown.split("Ctrl-C stops")[1:])
        assert "298 299 300" in shown

    def test_tool_calls_are_shown_while_they_run_and_when_they_end(self, terminal: Terminal) -> None:
        terminal.type('call sleepy {"seconds": 0.4}\r')
        terminal.until("· sleepy(seconds=0.4) 0.")
        terminal.until("✓ sleepy(seconds=0.4) ")
        assert re.fullmatch(r"[\d.]+ s → slept 0\.4 s", terminal.until("slept 0.4 s"))

    def test_the_line_of_a_tool_call_opens(self, terminal: Terminal) -> None:
        numbers = " ".join(map(str, range(100)))
        terminal.type(f"call echo {json.dumps({'text': numbers})}\r")
        terminal.until("✓ echo(")
        terminal.until("…")
        terminal.until(" tokens")
        terminal.type("/tools\r")
        terminal.until(f'"text": "{numbers}"')
        terminal.until(f"→ echo: {numbers}")

    def test_a_file_is_named_and_can_be_saved(self, terminal: Terminal, tmp_path: Path) -> None:
        terminal.type(f"{GIVE}\r")
        terminal.until("report.csv (text/csv, 300 bytes): --save DIR keeps files")
        terminal.until(" tokens")
        terminal.type(f"/save {tmp_path / 'a b'}\r")
        terminal.until("report.csv (text/csv, 300 bytes) → ")
        assert len((tmp_path / "a b/report.csv").read_bytes()) == 300
        terminal.type("Count to 3\r")
        terminal.until(" tokens")
        terminal.type("/save\r")
        terminal.until("The last answer gave no file.")

    def test_ctrl_c_stops_the_answer_and_keeps_the_session(
        self, terminal: Terminal, local_model: LocalModel, eventually: Eventually
    ) -> None:
        terminal.type("Count to 3\r")
        terminal.until(" tokens")
        for _ in range(2):
            terminal.type("Count to 2000\r")
            terminal.until("10 11 12 ")
            terminal.type("\x03")
            terminal.until("Stopped.")
            eventually(lambda: local_model.requests[-1].ended == "closed by client")
        terminal.type("What was my first question?\r")
        terminal.until("You asked me: “Count to 3”")

    def test_new_starts_another_session(self, terminal: Terminal) -> None:
        terminal.type("Count to 3\r")
        terminal.until(" tokens")
        terminal.type("/session\r")
        first = terminal.session()
        terminal.type("/new\r")
        assert terminal.session() != first
        terminal.type("What was my first question?\r")
        terminal.until("This is your first question.")

    def test_a_question_of_several_lines(self, terminal: Terminal, local_model: LocalModel) -> None:
        terminal.type("one\\\rtwo\x1b\rthree\r")
        terminal.until(" tokens")
        assert local_model.requests[-1].conversation.messages[-1].text == "one\ntwo\nthree"

    def test_earlier_questions_come_back(self, terminal: Terminal, local_model: LocalModel) -> None:
        terminal.type("Count to 3\r")
        terminal.until(" tokens")
        terminal.type("\x1b[A\r")
        terminal.until(" tokens")
        assert [request.conversation.messages[-1].text for request in local_model.requests] == ["Count to 3"] * 2

    def test_after_a_failure_the_session_can_be_asked_again(self, terminal: Terminal, local_model: LocalModel) -> None:
        local_model.faults.append(Fault("error", after=10))
        terminal.type("Count to 100\r")
        terminal.until("(model_error)")
        terminal.type("Count to 7\r")
        terminal.until("5 6 7")

    @pytest.mark.parametrize("leave", ["/quit\r", "\x04"])
    def test_leaving(self, new_terminal: Terminal, leave: str) -> None:
        new_terminal.type(leave)
        assert new_terminal.exit_code() == 0

    @pytest.mark.usefixtures("local_model")
    def test_one_ctrl_c_more_than_was_meant_does_not_leave(self, new_terminal: Terminal) -> None:
        terminal = new_terminal
        terminal.type("Count to 3\r")
        terminal.until(" tokens")
        terminal.type("\x03")
        terminal.type("What was my first question?\r")
        terminal.until("You asked me: “Count to 3”")
        terminal.until(" tokens")
        terminal.type("/session\r")
        terminal.session()
        terminal.type("\x03")
        terminal.until("Ctrl-C again leaves.")
        terminal.type("\x03")
        assert terminal.exit_code() == 0

    def test_a_second_ctrl_c_between_two_prompts_leaves(self, agent_url: str, tmp_path: Path) -> None:
        with closing(Terminal(agent_url, tmp_path, before=INTERRUPTED_LATE)) as terminal:
            terminal.until("\n>")
            terminal.type("\x03")
            terminal.until("Ctrl-C again leaves.")
            assert terminal.exit_code() == 0

    def test_a_tool_call_waits_for_approval(self, terminal: Terminal) -> None:
        terminal.type('call send {"to": "Ann", "text": "Hello"}\r')
        terminal.until("? Send Hello to Ann?")
        terminal.until("[y]es, [n]o, [e]dit:")
        terminal.type("maybe\r")
        terminal.until("not an answer")
        terminal.type("\x15y\r")
        terminal.until("→ sent to Ann")
        terminal.until(" tokens")
        terminal.type('call send {"to": "Ann", "text": "Hello"}\r')
        terminal.until("[e]dit:")
        terminal.type("n\r")
        terminal.until("Why not?")
        terminal.type("too early\r")
        terminal.until("✗ send(")
        terminal.until("too early")
        terminal.until(" tokens")

    def test_what_is_allowed_on_a_page_is_shown_with_its_address(self, terminal: Terminal, allowed: set[str]) -> None:
        terminal.type('call account {"name": "Ada"}\r')
        terminal.until("? Allow it here:")
        terminal.until("  https://allow.example/it")
        terminal.until("Have you allowed it there? [y]es, [n]o:")
        allowed.add("Ada")
        terminal.type("e\r")
        terminal.until("not an answer")
        terminal.type("\x15y\r")
        terminal.until("→ the account of Ada")
        terminal.until(" tokens")
        allowed.clear()
        terminal.type('call account {"name": "Ada"}\r')
        terminal.until("[n]o:")
        terminal.type("n\r")
        terminal.until("Why not?")
        terminal.type("not now\r")
        terminal.until("not now")
        terminal.until(" tokens")

    def test_a_question_of_a_tool_is_answered(self, terminal: Terminal) -> None:
        terminal.type('call choose {"question": "Which colour?"}\r')
        terminal.until("? Which colour?")
        terminal.until("choice (red/blue):")
        terminal.type("blue\r")
        terminal.until('{"choice":"blue"}')
        terminal.until(" tokens")

    def test_ctrl_c_cancels_what_is_asked(self, terminal: Terminal) -> None:
        terminal.type('call send {"to": "Ann", "text": "Hello"}\r')
        terminal.until("[e]dit:")
        terminal.type("\x03")
        terminal.until("the user cancelled this")
        terminal.until(" tokens")

    def test_the_last_question_is_edited_and_the_history_shown(self, terminal: Terminal) -> None:
        terminal.type("Count to 3\r")
        terminal.until(" tokens")
        terminal.type("/edit\r")
        terminal.until("Count to 3")
        terminal.type("0\r")
        terminal.until("28 29 30")
        terminal.until(" tokens")
        terminal.type("/history\r")
        terminal.until("> Count to 30")
        terminal.until("28 29 30")
        terminal.type("What was my first question?\r")
        terminal.until("You asked me: “Count to 30”.")
        terminal.until(" tokens")

    def test_a_failed_tool_looks_failed(self, terminal: Terminal) -> None:
        terminal.type("call broken {}\r")
        assert "✓" not in terminal.until("✗ broken(")
        terminal.until("failed unexpectedly")


class TestTheLivePart:
    def test_what_is_printed_for_good_looks_like_the_whole(self) -> None:
        parts, rest = [], ""
        for character in MARKDOWN:
            finished, rest = split_finished(rest + character)
            parts += [finished] if finished.strip() else []
        assert "".join([*parts, rest]) == MARKDOWN
        assert len(parts) == 5
        assert "\n".join(map(rendered, [*parts, rest])) == rendered(MARKDOWN)

    def test_html_and_the_targets_of_links_are_shown(self) -> None:
        assert "<b>rain</b>; 東京 has sun (https://example.com)." in ESCAPES.sub("", rendered(MARKDOWN))

    @pytest.mark.parametrize("text", ["> " * 5_000, "- " * 5_000, "1. " * 40, f"{'|a' * 90}|\n{'|-' * 90}|\n"])
    @pytest.mark.parametrize("width", [20, 80])
    def test_nothing_is_lost_of_what_is_too_deep_or_too_wide(self, text: str, width: int) -> None:
        console = Console(width=width, force_terminal=True)
        with console.capture() as capture:
            console.print(Answer(f"{text}the end"))
        assert ESCAPES.sub("", capture.get()).split()[-2:] == ["the", "end"]

    @pytest.mark.parametrize("height", [10, 24])
    def test_a_block_taller_than_the_screen_shows_its_end(self, height: int) -> None:
        console = Console(width=40, height=height, force_terminal=True)
        view = LiveView(console)
        view.show_text("```python\n" + "".join(f"line_{number}()\n" for number in range(100)))
        lines = console.render_lines(view, pad=False)
        assert len(lines) < height
        assert "line_99()" in "".join(segment.text for line in lines for segment in line)


@pytest.mark.parametrize("live", [True, False])
def test_thoughts_are_no_part_of_the_answer(live: bool) -> None:
    out, err = (Console(file=StringIO(), width=80, force_terminal=live) for _ in range(2))
    with asyncio.Runner() as runner:
        runner.run(follow(LiveView(out) if live else PlainView(out, err)))

    shown, beside = (ESCAPES.sub("", console.file.getvalue()) for console in (out, err))  # type: ignore[attr-defined]
    assert ("Hmm, which city?" in shown) is live
    assert ("Hmm, which city?\n" in beside) is not live
    assert "Paris." in shown


@pytest.mark.parametrize("live", [True, False])
def test_the_result_is_shown(live: bool) -> None:
    async def follow(view: TurnView) -> None:
        with view:
            view.follow({"type": "RUN_FINISHED", "outcome": {"type": "success"}, "result": {"summary": "so\x1b[2J"}})

    out, err = (Console(file=StringIO(), width=80, force_terminal=live) for _ in range(2))
    with asyncio.Runner() as runner:
        runner.run(follow(LiveView(out) if live else PlainView(out, err)))

    assert '"summary": "so\\u001b[2J"' in ESCAPES.sub("", out.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://allow.example/it?a=b#c", True),
        ("http://127.0.0.1:8080/it", True),
        ("javascript:alert(1)", False),
        ("https://allow.example@evil.example/", False),
        ("https://allow.example/\u202egnp.exe", False),
        ("https://\u0430llow.example/", False),
        ("https://allow.example/ and more", False),
        ("https://allow.example/\x1b]8;;https://evil.example\x1b\\", False),
    ],
)
def test_only_an_address_that_can_be_read_is_a_link(address: str, link: bool) -> None:
    console = Console(width=200, force_terminal=True)
    with console.capture() as capture:
        console.print(question({"message": f"Allow it: {address}", "metadata": {"authorizationUrl": address}}))

    shown = capture.get()
    assert ("\x1b]8;" in shown) is link and ("do not open it" in shown) is not link
    assert not link or f"\n  {address}" in ESCAPES.sub("", shown)


async def follow(view: TurnView) -> None:
    """A turn of two thoughts and a word."""
    with view:
        view.follow({"type": "REASONING_MESSAGE_CONTENT", "delta": "Hmm, "})
        view.follow({"type": "REASONING_MESSAGE_CONTENT", "delta": "which city?"})
        view.follow({"type": "REASONING_MESSAGE_END"})
        view.follow({"type": "TEXT_MESSAGE_CONTENT", "delta": "Paris."})
        view.follow({"type": "TEXT_MESSAGE_END"})


def rendered(markdown: str) -> str:
    console = Console(width=80, force_terminal=True)
    with console.capture() as capture:
        console.print(Answer(markdown))
    return capture.get()
