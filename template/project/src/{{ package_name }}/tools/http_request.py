"""Requests to the web, to the hosts that `HTTP_REQUEST_HOSTS` allows: nothing else can be reached."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore2
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 500_000
MAX_BODY_CHARACTERS = 100_000
MAX_REDIRECTS = 5
REDIRECTS = {301, 302, 303, 307, 308}
PORTS = {"http": 80, "https": 443}
TEXT = ("text/", "application/json", "application/xml", "application/javascript", "application/x-ndjson")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class HttpRequestSettings(BaseSettings):
    """What may be asked, from environment variables that begin with `HTTP_REQUEST_`."""

    model_config = SettingsConfigDict(env_prefix="HTTP_REQUEST_")

    hosts: str = Field(default="", description="Hosts, separated by commas: api.example.com, *.example.org, host:8080")
    methods: str = Field(default="GET, HEAD", description="Methods, separated by commas.")
    private: bool = Field(default=False, description="Whether a host may be in a private network.")

    def check(self, url: SplitResult, method: str) -> None:
        """Raise `ValueError`, which says what is allowed, unless this request is."""
        methods, hosts = _items(self.methods.upper()), _items(self.hosts.lower())
        if method not in methods:
            raise ValueError(f"The method {method} is not allowed. Allowed are: {', '.join(methods)}.")
        if not any(_matches(url, host) for host in hosts):
            raise ValueError(f"Requests to {url.netloc} are not allowed. Allowed are: {', '.join(hosts) or 'none'}.")


def http_request(url: str, method: str = "GET", body: str = "") -> str:
    """Send an HTTP request, and get the answer's status, content type and text.

    Args:
        url: The address, beginning with https:// or http://.
        method: GET, HEAD, POST, PUT, PATCH or DELETE, as far as they are allowed.
        body: The text to send, JSON for most services.
    """
    if len(body) > MAX_BODY_CHARACTERS:
        raise ValueError(f"The body has more than {MAX_BODY_CHARACTERS} characters.")
    try:
        return asyncio.run(asyncio.wait_for(_asked(url, method.upper(), body), TIMEOUT_SECONDS))
    except TimeoutError as error:  # of all of it, however slowly it comes
        raise ValueError(f"{_split(url).netloc} does not answer in time.") from error


async def _asked(url: str, method: str, body: str) -> str:
    settings = HttpRequestSettings()
    async with httpcore2.AsyncConnectionPool(network_backend=CheckedNetwork(private=settings.private)) as pool:
        for _ in range(1 + MAX_REDIRECTS):
            parts = _split(url)
            settings.check(parts, method)
            async with _sent(pool, parts, method, body) as response:
                location = _header(response, b"location")
                if response.status not in REDIRECTS or not location:
                    return await _told(response)
            url = urljoin(url, location)
            if response.status == HTTPStatus.SEE_OTHER:
                method, body = "GET", ""
    raise ValueError(f"The address led to more than {MAX_REDIRECTS} others.")


class CheckedNetwork(httpcore2.AnyIOBackend):
    """Connects to the address that it has checked: a name that is asked again may lead elsewhere."""

    def __init__(self, *, private: bool) -> None:
        self._private = private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first address of `host`. Raises `ValueError` when it is in a private network."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        address = str(found[0][4][0])
        if not self._private and not _is_public(address):
            raise ValueError(f"{host} is in a private network, where requests are not allowed.")
        return await super().connect_tcp(address, port, timeout, local_address, socket_options)


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            return _is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if embedded := ip.ipv4_mapped or ip.sixtofour:
            return _is_public(str(embedded))
    return ip.is_global and not ip.is_multicast


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in PORTS and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        valid = False
    if not valid or not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError("Give an address such as https://example.com/path?key=value: percent-encoded, no password.")
    return parts


def _matches(url: SplitResult, allowed: str) -> bool:
    name, _, port = allowed.partition(":")
    host = url.hostname or ""
    named = host.endswith(name[1:]) if name.startswith("*.") else host == name
    return named and (url.port or PORTS[url.scheme]) in ({int(port)} if port else set(PORTS.values()))


@asynccontextmanager
async def _sent(
    pool: httpcore2.AsyncConnectionPool, url: SplitResult, method: str, body: str
) -> AsyncIterator[httpcore2.Response]:
    target = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
    address = httpcore2.URL(scheme=url.scheme, host=url.hostname or "", port=url.port, target=target)
    headers: dict[bytes | str, bytes | str] = {
        "host": url.netloc,
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "agent",
    }
    if body:
        headers["content-type"] = "application/json" if body.lstrip()[:1] in ("{", "[") else "text/plain; charset=utf-8"
    try:
        async with pool.stream(method, address, headers=headers, content=body.encode() or None) as response:
            yield response
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        raise ValueError(f"{url.netloc} does not answer, or not in HTTP.") from error


async def _told(response: httpcore2.Response) -> str:
    kind = _header(response, b"content-type")
    status = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else ""
    head = f"HTTP {response.status} {status}".strip()
    if kind and not kind.startswith(TEXT) and "+json" not in kind and "+xml" not in kind:
        return f"{head}, {kind}: this is not text."
    body = (await _body(response)).decode(_charset(kind), errors="replace")
    return f"{head}, {kind or 'no content type'}\n\n{body}".strip()


async def _body(response: httpcore2.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return body[:MAX_ANSWER_BYTES]
    return body


def _header(response: httpcore2.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _charset(kind: str) -> str:
    return "latin-1" if "charset=iso-8859-1" in kind.lower() else "utf-8"


TOOLS = [http_request]
