{% include 'template/models/openai/test_chat_completions.py' %}
