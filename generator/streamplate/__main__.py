"""`python -m streamplate`."""

from streamplate.cli import main

main(prog_name="streamplate")
