async def first_run(runtime: Any) -> None:
    """What a first run would import and make."""
    from .warm_up import warm_up

    await warm_up(runtime)
