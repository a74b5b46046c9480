{% include 'template/frameworks/langgraph/models/openai.py' %}
