{% include 'template/models/openai/test_chat_completions.py' %}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"extra_body": {"more": 1}}, "more: Extra inputs are not permitted"),
        ({"model": "gpt-5.1", "max_tokens": 100}, "Use 'max_completion_tokens' instead"),
        ({"messages": [USER | {"id": "m1"}]}, "Extra inputs are not permitted"),
    ],
)
def test_a_field_that_openai_does_not_take_is_refused(
    local_model: LocalModel, fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(local_model, USER, **fields)
    assert complaint in str(refused.value)
