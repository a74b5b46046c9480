{% include 'template/models/openai/test_chat_completions.py' %}


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([USER, {"role": "system", "content": "Be kind."}], "System message must be at the beginning"),
        ([said("Hi"), USER], "conversation roles must alternate"),
        ([USER, USER], "conversation roles must alternate"),
        ([USER, said("", call(arguments="[1]")), result()], "Failed to parse tool call arguments"),
        ([USER, said("", call(arguments='{"text')), result()], "Failed to parse tool call arguments"),
    ],
)
def test_what_a_strict_template_refuses_is_refused(
    local_model: LocalModel, messages: list[Any], complaint: str
) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(local_model, *messages)
    assert complaint in str(refused.value)


def test_a_field_of_its_own_is_taken(local_model: LocalModel) -> None:
    assert ask(local_model, USER, extra_body={"chat_template_kwargs": {"enable_thinking": True}})
