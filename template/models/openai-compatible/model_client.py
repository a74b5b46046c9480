{% set httpx = 'httpx2 as httpx' %}
{% include 'template/models/http/model_client.py' %}
