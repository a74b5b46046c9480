"""`python -m streamplate`."""

from streamplate.cli import main

if __name__ == "__main__":
    main(prog_name="streamplate")
