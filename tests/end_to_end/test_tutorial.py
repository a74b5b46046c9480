"""The tutorials, followed to the letter: files are written, commands are run, in the order of the page."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pexpect

from tests.end_to_end.conftest import ROOT
from tests.end_to_end.test_main_job import serving

BLOCK = re.compile(r"^```(console|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"(> |\[y\]es, \[n\]o, \[e\]dit: |Why not\? |Arguments: )")
CLEAR = "\x01\x0b"  # to the begin of the line, and what follows away
DOCS = ROOT / "docs"
ADDRESS = "http://127.0.0.1:8080"


class Reader:
    """Who follows the page, with the command from the wheel on the path."""

    def __init__(self, folder: Path, streamplate: Path) -> None:
        self.folder = folder
        self._config = folder / ".config"
        self.printed: dict[str, str] = {}
        self._path = os.pathsep.join([str(streamplate.parent), os.environ["PATH"]])
        self._server = ExitStack()
        self._url = ADDRESS

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def write(self, text: str) -> None:
        """A file, whose first line names it. An agent that runs is started again, as the page says."""
        path = self.folder / text.partition("\n")[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.partition("\n")[2])
        if self._url != ADDRESS:
            self._serve()

    def run(self, command: str) -> None:
        """A line of a console block."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
        elif command.startswith("uv run serve"):
            self._shell("uv sync --quiet")
            self._serve()
        else:
            self.printed[command] = self._shell(command.replace(ADDRESS, self._url))

    def talk(self, transcript: str) -> None:
        """A conversation with the command in the first line: what is typed at its prompts, and what it shows."""
        command, *lines = transcript.splitlines()
        own = {"PATH": self._path, "PORT": self._url.rpartition(":")[2], "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"}
        chat = pexpect.spawn(
            "bash", ["-c", command], cwd=str(self.folder), env=os.environ | own, encoding="utf-8", dimensions=(50, 200)
        )
        for line in lines:
            prompt = PROMPT.match(line)
            chat.expect_exact((prompt[0] if prompt else line).strip(), timeout=60)
            if prompt:
                typed = line.removeprefix(prompt[0])
                chat.send(f"{CLEAR}{typed}\r" if prompt[0] == "Arguments: " else f"{typed}\r")
        chat.close(force=True)

    def _serve(self) -> None:
        self._server.close()
        self._url = self._server.enter_context(serving(self.folder))

    def _shell(self, command: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
        environment |= {"XDG_CONFIG_HOME": str(self._config)}  # where the list of trusted templates is
        environment |= {"PATH": self._path, "PORT": self._url.rpartition(":")[2]}
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def followed(page: Path, folder: Path, streamplate: Path) -> dict[str, str]:
    """What each command of a page printed."""
    with Reader(folder, streamplate) as reader:
        for kind, text in BLOCK.findall(page.read_text("utf-8")):
            if kind == "python":
                reader.write(text)
            elif kind == "text":
                reader.talk(text)
            elif "<<'END'" in text:
                reader.run(text)
            else:
                for line in text.splitlines():
                    reader.run(line)
    return reader.printed


def test_the_tutorial_can_be_followed(streamplate: Path, tmp_path: Path) -> None:
    commands = followed(DOCS / "tutorial.md", tmp_path, streamplate)

    printed = list(commands.values())
    assert "449" in printed[1]
    assert '"delta":"1"' in printed[2]
    assert "refunded 15.00 euros for A17" in printed[3]
    assert '"type":"interrupt"' in printed[4] and "Refund 30.0 euros for B22?" in printed[4]
    assert "42" in commands["uv run python ask.py"]
    assert "AWS::BedrockAgentCore::Runtime" in commands["uv run deploy --dry-run"]


def test_an_agent_of_agentcore_create_is_taken_over(streamplate: Path, tmp_path: Path) -> None:
    commands = followed(DOCS / "from-agentcore-create.md", tmp_path, streamplate)

    assert "Nothing was written." in next(text for command, text in commands.items() if "--preview" in command)
    assert "order A17 was sent yesterday" in next(
        text for command, text in commands.items() if "uv run chat" in command
    )
    assert "AWS::BedrockAgentCore::Runtime" in commands["uv run deploy --dry-run"]
    assert "You help customers of a shop." in (tmp_path / "src/orders/prompt.py").read_text("utf-8")
    assert not (tmp_path / "app").exists()


def test_a_person_approves(streamplate: Path, tmp_path: Path) -> None:
    commands = followed(DOCS / "approval.md", tmp_path, streamplate)

    assert "Send this to Ada?" in commands["uv run python approve.py"]
    assert "The message to archive is sent." in commands["uv run python approve.py"]
    assert "AWS::BedrockAgentCore::Runtime" in commands["uv run deploy --dry-run"]


def test_a_company_makes_its_template(streamplate: Path, tmp_path: Path) -> None:
    commands = followed(DOCS / "company-template.md", tmp_path, streamplate)

    assert "table/orders" in commands["uv run deploy --dry-run"]
    assert "+Ask the platform team" in commands["git -C ../agents/one show template-v1.1.0"]
    report = (tmp_path / "update.md").read_text("utf-8")
    assert "one" in report and "two" in report
    assert "weather" not in (tmp_path / "agents/one/README.md").read_text("utf-8")
