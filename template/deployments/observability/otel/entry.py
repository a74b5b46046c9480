def instrument() -> None:
    """Do what the script `opentelemetry-instrument` does, which would need the Python of the machine that made it."""
    from opentelemetry.instrumentation.auto_instrumentation import initialize

    os.environ |= {"OTEL_PYTHON_DISTRO": "aws_distro", "OTEL_PYTHON_CONFIGURATOR": "aws_configurator"}
    initialize()


