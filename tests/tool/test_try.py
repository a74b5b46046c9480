"""`streamplate try`: from nothing to a streamed answer, and no trace left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

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


def test_the_chat_goes_on_and_ctrl_c_is_its_own(temporary: Path) -> None:
    environment = {**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
    command = ["-m", "streamplate", "try", "What is 6*7?", "--chat", "-d", "tools=calculator"]
    with pexpect.spawn(sys.executable, command, env=environment, encoding="utf-8", timeout=120) as terminal:
        terminal.expect("/help")
        terminal.send("Count to 2000\r")
        terminal.expect("10 11 12")
        terminal.sendintr()
        terminal.expect("Stopped")
        terminal.send("What was my last question?\r")
        terminal.expect("You asked me|This is your first question")
        terminal.send("/quit\r")
        terminal.expect("Make your own")
        terminal.expect(pexpect.EOF)
        assert terminal.wait() == 0
    assert left_in(temporary) == []
    assert running_from(temporary) == []


def test_no_package_index(temporary: Path) -> None:
    offline = {**os.environ, "UV_OFFLINE": "1", "UV_CACHE_DIR": str(temporary.parent / "empty")}
    done = subprocess.run(TRY, capture_output=True, text=True, timeout=120, env=offline)
    assert done.returncode == 1
    assert "The project could not be installed" in done.stderr
    assert "check that it can be reached" in done.stderr
    assert left_in(temporary) == []
