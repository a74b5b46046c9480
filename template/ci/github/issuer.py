ISSUER = "https://token.actions.githubusercontent.com"
REPOSITORY = r"[\w.-]+(@\d+)?/[\w.-]+(@\d+)?"
HELP = "OWNER/NAME; with immutable subjects, as repositories since July 2026 have them, OWNER@ID/NAME@ID"


def subject(repository: str, branch: str, environment: str | None) -> str:
    """What the token of the job says: its branch, or its environment, which GitHub lets nobody enter unapproved.

    https://docs.github.com/en/actions/reference/security/oidc
    """
    return f"repo:{repository}:" + (f"environment:{environment}" if environment else f"ref:refs/heads/{branch}")
