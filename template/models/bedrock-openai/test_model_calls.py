{% include 'template/models/openai/test_model_calls.py' %}


def test_the_endpoint_is_the_one_that_boto3_would_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_BEDROCK_BASE_URL", raising=False)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "none")
    settings = Settings(aws_region="eu-west-1")
    assert str(client(settings).base_url) == "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1/"

    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9/")
    assert str(client(settings).base_url) == "http://127.0.0.1:9/openai/v1/"


def test_credentials_that_are_not_there_are_told_as_such(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    error = service.ask(HELLO).error

    assert error
    found = failure(error)
    assert found
    assert found.code == "credentials"
