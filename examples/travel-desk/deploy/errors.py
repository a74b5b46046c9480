"""What can go wrong on the way to AWS, in words that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from yaml import YAMLError

from clients.stream import AgentError


class DeployError(Exception):
    """A failure that was expected: what is wrong, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


MEND = "deploy.toml, deploy/ and src/ are parts of the project: mend or restore the file."
LOG = "The log may say why: `uv run logs`."
AGAIN = "Check the network and run the command again: it continues where it stopped."
CREDENTIALS = "Set AWS_PROFILE or --profile, or run `aws configure` or `aws sso login`."
EXPIRED = "Sign in again: `aws sso login`, or however you get your credentials."
DENIED = "Your credentials lack a permission: deploy/policies/deployer.json lists what is needed."
HINTS = {  # by the code that AWS gives, or by the name of the SDK's exception
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"), DENIED),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired"), EXPIRED),
    **dict.fromkeys(("SSOError", "TokenRetrievalError"), EXPIRED),
    **dict.fromkeys(("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"), CREDENTIALS),
    **dict.fromkeys(("PartialCredentialsError", "ProfileNotFound", "no_credentials"), CREDENTIALS),
    "NoCredentialsError": f"No AWS credentials are here. {CREDENTIALS}",
    "EndpointConnectionError": "Does AgentCore exist in {0}? Choose another with --region, or check the network.",
    "ServiceQuotaExceededException": "Ask for a higher quota (Service Quotas, Amazon Bedrock AgentCore) or free some.",
    "ThrottlingException": "AWS is asked too often. Wait a minute, then run it again: it continues where it stopped.",
    "ConflictException": "Something else is changing it. Wait a moment and run the command again.",
    "BucketAlreadyExists": "Another account owns this bucket: set `bucket` in deploy.toml to one of yours.",
    "UnauthorizedException": "The agent refuses this token: [auth] in deploy.toml says which it takes.",
}


@contextmanager
def explained(region: str) -> Iterator[None]:
    """Turn what AWS, its SDK and the deployed agent's client raise into a `DeployError`."""
    try:
        yield
    except AgentError as error:
        raise DeployError(f"{error} ({error.code})", HINTS.get(error.code, LOG)) from error
    except ClientError as error:
        details = error.response.get("Error", {})
        message = f"{error.operation_name}: {details.get('Message') or details.get('Code')}"
        raise DeployError(message, HINTS.get(details.get("Code", ""), "")) from error
    except (FileNotFoundError, SyntaxError, YAMLError) as error:
        raise DeployError(f"{type(error).__name__}: {error}", MEND) from error
    except (BotoCoreError, ResponseParserError) as error:
        kinds = (kind.__name__ for kind in type(error).__mro__)
        hint = next((HINTS[kind] for kind in kinds if kind in HINTS), AGAIN)
        raise DeployError(str(error), hint.format(region)) from error
