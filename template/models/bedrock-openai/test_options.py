{% set api = "Bedrock's OpenAI API" %}
{% set tier_field = 'service_tier' %}
{% include 'template/models/http/test_options.py' %}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"prompt_cache": True}, "PROMPT_CACHE.*Bedrock decides"),
        ({"prompt_cache": False}, "PROMPT_CACHE.*Bedrock decides"),
        ({"guardrail_id": "abc123", "guardrail_version": "1"}, "GUARDRAIL_ID.*Bedrock's OpenAI API does not tell"),
        ({"service_tier": "gold"}, "SERVICE_TIER.*gold is none of Bedrock's"),
    ],
)
def test_what_the_provider_does_not_have_is_refused_at_the_start(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadSetting, match=problem):
        build_model(Settings(**settings))
