{% include 'template/frameworks/crewai/models/openai.py' %}
