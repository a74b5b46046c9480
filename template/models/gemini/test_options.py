{% set api = 'Gemini' %}
{% set tier_field = 'serviceTier' %}
{% include 'template/models/http/test_options.py' %}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"prompt_cache": False}, "PROMPT_CACHE.*Gemini caches prompts by itself"),
        ({"guardrail_id": "abc123", "guardrail_version": "1"}, "GUARDRAIL_ID.*only Amazon Bedrock"),
        ({"service_tier": "gold"}, "SERVICE_TIER.*gold is none of Gemini's"),
    ],
)
def test_what_the_provider_does_not_have_is_refused_at_the_start(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadSetting, match=problem):
        build_model(Settings(**settings))
