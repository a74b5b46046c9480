{% include 'template/frameworks/agent-framework/models/openai.py' %}
