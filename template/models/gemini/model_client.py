{% set httpx = 'httpx' %}
{% include 'template/models/http/model_client.py' %}
