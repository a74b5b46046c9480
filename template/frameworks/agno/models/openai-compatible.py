{% set base = 'OpenAILike' %}
{% include 'template/frameworks/agno/models/chat_completions.py' %}
