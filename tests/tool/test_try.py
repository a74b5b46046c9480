"""`streamplate try`: from nothing to a streamed answer, and no trace left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pexpect
import pytest

TRY = [sys.executable, "-m", "streamplate", "try"]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def left_in(folder: Path) -> list[str]:
    """What is in a folder, but for the locks that uv never removes."""
    return [name for name in os.listdir(folder) if not (name.startswith("uv-") and name.endswith(".lock"))]


def running_from(folder: Path) -> list[str]:
    """Command lines of the processes whose program is below `folder`."""
    lines = subprocess.check_output(["ps", "-eo", "args"], text=True).splitlines()
    return [line for line in lines if str(folder) in line]


def test_the_answer_quotes_three_tools_and_leaves_no_trace(temporary: Path) -> None:
    done = subprocess.run(TRY, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "449" in done.stdout
    for tool in ("get_weather", "get_time", "calculator"):
        assert tool in done.stderr
    assert left_in(temporary) == []
    assert running_from(temporary) == []


def test_a_question_and_a_place_of_ones_own(tmp_path: Path) -> None:
    command = [*TRY, "What is 6*7?", "--keep", "mine", "-d", "tools=calculator"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "42" in done.stdout
    assert (tmp_path / "mine" / ".git").is_dir()


def test_stopped_half_way_it_leaves_no_trace(temporary: Path) -> None:
    with subprocess.Popen(TRY, stderr=subprocess.PIPE, text=True) as trying:
        assert trying.stderr
        said = ""
        while "Starting it" not in said:
            assert trying.poll() is None, said
            said += trying.stderr.read(1)
        trying.send_signal(signal.SIGTERM)
    assert trying.returncode == 1
    assert left_in(temporary) == []
    assert running_from(temporary) == []


def on_a_terminal(*arguments: str, **variables: str) -> pexpect.spawn:
    environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **variables}
    return pexpect.spawn(TRY[0], [*TRY[1:], *arguments], env=environment, encoding="utf-8", timeout=120)


def test_on_a_terminal_the_conversation_goes_on(temporary: Path, home: Path) -> None:
    with on_a_terminal("What is 6*7?", "-d", "tools=calculator") as terminal:
        terminal.expect("In a browser: http://127.0.0.1:")
        terminal.expect(r"> What is 6\*7\?")
        terminal.expect("42")
        terminal.expect("Ctrl-D ends it")
        terminal.expect("/help")
        terminal.sendintr()
        terminal.expect("Ctrl-C again leaves")
        terminal.send("/tools\r")
        terminal.expect('"expression": "6\\*7"')
        terminal.send("Count to 2000\r")
        terminal.expect("10 11 12")
        terminal.sendintr()
        terminal.expect("Stopped")
        terminal.send("What was my last question?\r")
        terminal.expect(r"You asked me: “What is 6\*7\?”")
        terminal.send("/quit\r")
        terminal.expect("Make your own")
        terminal.expect(pexpect.EOF)
        assert terminal.wait() == 0
    assert left_in(temporary) == []
    assert running_from(temporary) == []
    assert sorted(os.listdir(home)) == [".gitconfig"]


def test_once_ends_after_the_answer(temporary: Path) -> None:
    with on_a_terminal("--once", "What is 6*7?", "-d", "tools=calculator", TERM="dumb") as terminal:
        terminal.expect("42")
        terminal.expect("Make your own")
        terminal.expect(pexpect.EOF)
        assert terminal.wait() == 0
    assert left_in(temporary) == []


def test_a_project_without_the_chat_is_refused_before_it_is_made(tmp_path: Path) -> None:
    done = subprocess.run([*TRY, "--keep", "mine", "-d", "clients=web"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "-d clients=terminal" in done.stderr
    assert not (tmp_path / "mine").exists()


def test_no_package_index(temporary: Path) -> None:
    offline = {**os.environ, "UV_OFFLINE": "1", "UV_CACHE_DIR": str(temporary.parent / "empty")}
    done = subprocess.run(TRY, capture_output=True, text=True, timeout=120, env=offline)
    assert done.returncode == 1
    assert "The project could not be installed" in done.stderr
    assert "check that it can be reached" in done.stderr
    assert left_in(temporary) == []


def test_pips_index_is_the_projects_too(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "with-pip"], check=True, timeout=120)
    asked: list[str] = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Index) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        variables = {
            "PIP_INDEX_URL": f"http://127.0.0.1:{server.server_port}/simple",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "UV_CACHE_DIR": str(tmp_path / "empty"),
        }
        command = [tmp_path / "with-pip" / "bin" / "python", *TRY[1:]]
        done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=120)
        server.shutdown()
    assert done.returncode == 1, done.stderr
    assert "/simple/pydantic/" in asked
