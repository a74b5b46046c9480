{% include 'template/models/openai/whole.py' %}
