MODEL = Settings().model_id
FALLBACK = f"{MODEL}-stand-in"
CALL = 'call echo {"text": "hello"}'


def ask(*questions: str, **settings: Any) -> Iterator[Any]:
    """The answers of an agent with these settings to questions in one conversation."""
    from {{ package_name }}.server.app import create_app

    with served(create_app(Settings(**settings))) as url, AgentClient(url) as client:
        session = None
        for question in questions:
            answer = client.ask(question, session)
            session = answer.session
            yield answer
