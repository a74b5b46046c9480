{% include 'template/frameworks/openai-agents/models/openai.py' %}
