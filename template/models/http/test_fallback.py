def test_the_fallback_answers_where_the_model_is_busy(
    local_model: LocalModel, caplog: pytest.LogCaptureFixture
) -> None:
    local_model.faults += [Fault("throttle", model=MODEL)] * 9
    with caplog.at_level(logging.INFO):
        (answer,) = ask(CALL, fallback_model_id=FALLBACK)

    assert answer.text.count("hello") == 1 and answer.outcome.type == "success"
    assert [request.model for request in local_model.requests] == [MODEL, FALLBACK] * 2
    assert [usage.model for usage in answer.events[-1].usage] == [FALLBACK]
    assert [record.fields["fallbacks"] for record in caplog.records if hasattr(record, "fields")] == [2]


def test_tokens_are_told_of_each_model_that_was_asked(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("unavailable", model=MODEL))
    (answer,) = ask(CALL, fallback_model_id=FALLBACK)

    first, second = answer.events[-1].usage
    assert (first.model, second.model) == (FALLBACK, MODEL)
    assert first.output_tokens == local_model.requests[1].usage["output"]
    assert second.output_tokens == local_model.requests[2].usage["output"]


@pytest.mark.parametrize("fault", [Fault("error", after=12, model=MODEL), Fault("drop", after=12, model=MODEL)])
def test_an_answer_that_has_begun_is_not_given_by_another_model(local_model: LocalModel, fault: Fault) -> None:
    local_model.faults.append(fault)
    (answer,) = ask("Count to 100", fallback_model_id=FALLBACK)

    assert answer.types[-1] == "RUN_ERROR"
    assert answer.text.startswith("1 2") and answer.text.count("1 2 ") == 1
    assert [request.model for request in local_model.requests] == [MODEL]


def test_what_another_model_would_not_mend_is_not_asked_of_it(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("denied", model=MODEL))
    (answer,) = ask("Count to 3", fallback_model_id=FALLBACK)

    assert answer.events[-1].code == "model_access_denied"
    assert [request.model for request in local_model.requests] == [MODEL]


def test_the_model_is_asked_again_where_both_are_busy(local_model: LocalModel) -> None:
    local_model.faults += [Fault("throttle", model=MODEL), Fault("throttle", model=FALLBACK)]
    (answer,) = ask("Count to 3", fallback_model_id=FALLBACK)

    assert answer.text == "1 2 3"
    assert [request.model for request in local_model.requests] == [MODEL, FALLBACK, MODEL]


def test_a_fallback_that_is_the_model_itself_is_refused() -> None:
    with pytest.raises(BadSetting, match="it is the model itself"):
        Settings(fallback_model_id=MODEL)
