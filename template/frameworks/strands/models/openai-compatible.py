{% include 'template/frameworks/strands/models/openai.py' %}
