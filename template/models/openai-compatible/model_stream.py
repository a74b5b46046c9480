{% include 'template/models/openai/model_stream.py' %}
