{% include 'template/frameworks/llama-index/models/openai.py' %}
