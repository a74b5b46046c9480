"""What AgentCore Runtime starts: it reads the secrets that deploy.toml names, then runs the agent."""

import os
import runpy


def read_secrets() -> None:
    """Put the value of each secret, whose ARN is in NAME_ARN, into the variable NAME."""
    arns = {name: arn for name, arn in os.environ.items() if name.endswith("_ARN") and ":secretsmanager:" in arn}
    if arns:
        import boto3

        for name, arn in arns.items():
            secrets = boto3.client("secretsmanager", region_name=arn.split(":")[3])
            os.environ[name.removesuffix("_ARN")] = secrets.get_secret_value(SecretId=arn)["SecretString"]


if __name__ == "__main__":
    read_secrets()
    runpy.run_module("weather_time_calculator.main", run_name="__main__")
