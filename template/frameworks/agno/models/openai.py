{% set base = 'OpenAIChat' %}
{% include 'template/frameworks/agno/models/chat_completions.py' %}
