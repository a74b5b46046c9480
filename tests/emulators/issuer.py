"""An OpenID Connect issuer on loopback."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .serving import serve


class Issuer:
    """Its discovery document, its keys, and tokens."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.url = ""

    @property
    def discovery_url(self) -> str:
        return f"{self.url}/.well-known/openid-configuration"

    @property
    def application(self) -> Starlette:
        async def discovery(_: Request) -> JSONResponse:
            return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys"})

        async def keys(_: Request) -> JSONResponse:
            public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
            return JSONResponse({"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]})

        return Starlette(routes=[Route("/.well-known/openid-configuration", discovery), Route("/keys", keys)])

    def token(self, seconds: float = 60, **claims: Any) -> str:
        default = {
            "iss": self.url,
            "sub": "ada",
            "client_id": "web",
            "scope": "chat read",
            "exp": time.time() + seconds,
        }
        return jwt.encode(default | claims, self.key, algorithm="RS256", headers={"kid": "one"})


@contextmanager
def issuing() -> Iterator[Issuer]:
    issuer = Issuer()
    with serve(issuer.application) as issuer.url:
        yield issuer
