{% include 'template/models/openai/test_model_calls.py' %}
