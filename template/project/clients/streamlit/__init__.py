"""`uv run streamlit-chat`: a chat page made with Streamlit."""

import sys
from pathlib import Path

APP = Path(__file__).parent / "app.py"


def main() -> None:
    """The console script: `streamlit run`, for this machine only and without usage statistics; it takes its options."""
    from streamlit.web.cli import main

    options = ["--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
    main(["run", str(APP), *options, *sys.argv[1:]])
