{% include 'template/frameworks/pydantic-ai/models/openai.py' %}
