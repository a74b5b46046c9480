ISSUER = "https://gitlab.com"
REPOSITORY = r"[\w.-]+(/[\w.-]+)+"
HELP = "GROUP/NAME"


def subject(repository: str, branch: str, environment: str | None) -> str:
    """What the token of the job says: its branch. GitLab names no environment there, so the branch must be protected.

    https://docs.gitlab.com/ci/secrets/id_token_authentication
    """
    return f"project_path:{repository}:ref_type:branch:ref:{branch}"
