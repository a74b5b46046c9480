"""A deployment that is cut off anywhere is finished by the next one; so is a removal."""

import subprocess
from pathlib import Path

from .agents import STANDARD_LIBRARY, package
from .projects import Project


def test_a_kill_before_any_change_is_repaired_by_the_next_run(project: Project, tmp_path: Path) -> None:
    agent = tmp_path / "agent.zip"
    agent.write_bytes(package({"main.py": STANDARD_LIBRARY}))
    kills = Path(__file__).with_name("kills.py")
    done = subprocess.run(
        [project.python, str(kills), str(agent)], cwd=project.path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    deploys, destroys = map(int, done.stdout.split())
    assert deploys >= 7
    assert destroys >= 5


def test_ctrl_c_says_how_to_go_on(project: Project) -> None:
    interrupt = """
import sys
from deploy import code_zip, deploy
def build(config):
    raise KeyboardInterrupt
code_zip.build = build
sys.argv = ["deploy"]
sys.exit(deploy.main())
"""
    done = subprocess.run([project.python, "-c", interrupt], cwd=project.path, capture_output=True, text=True)
    assert done.returncode == 130
    assert "Stopped. Run it again" in done.stderr
