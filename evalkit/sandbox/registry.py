"""What a registry says of an image before it is pulled: its layers, their sizes, how many pulls are left.

Read-only, over the HTTP API that all registries speak (OCI distribution specification 1.1, 2024). The engine
pulls; this only asks. Which registry a reference without a host means, which mirrors there are and where
plain HTTP is allowed, the engine says. Credentials are those of the Docker config file, by docker-py.

HEAD of a manifest is free where pulls are counted, GET of it counts as a pull (Docker's documentation,
2021-06 and 2024-09). So manifests are kept by digest, and got only where the caller says so.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from evalkit.errors import SandboxError
from evalkit.sandbox.pull_plan import Layer, Manifest, Quota
from evalkit.sandbox.registry_login import NoLogin, Sent, authorization, words

if TYPE_CHECKING:
    import requests

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LARGEST = 4 << 20  # bytes of a manifest: registries take no larger ones
PATIENCE_S = (5.0, 20.0)  # to connect, to answer


class RegistryError(SandboxError):
    """The registry cannot be asked, or says no. `status` is HTTP's, None where nothing answered."""

    def __init__(self, message: str, status: int | None = None, quota: Quota | None = None) -> None:
        super().__init__(message)
        self.status, self.quota = status, quota or Quota()


@dataclass(frozen=True)
class Reference:
    """An image's name taken apart. `tag`: a tag or a digest."""

    registry: str
    name: str
    tag: str


def parse(reference: str) -> Reference:
    """As docker-py resolves it. ValueError for what no registry can have, an image's bare id."""
    import docker.auth
    import docker.errors
    import docker.utils

    repository, tag = docker.utils.parse_repository_tag(reference)
    if not repository or re.fullmatch(r"sha256:[0-9a-f]{64}|[0-9a-f]{12}|[0-9a-f]{64}", reference):
        raise ValueError(f"{reference!r} is an image's id, no registry's name for it")
    try:
        registry, name = docker.auth.resolve_repository_name(repository)
    except docker.errors.InvalidRepository as e:
        raise ValueError(str(e)) from None
    if registry == docker.auth.INDEX_NAME and "/" not in name:
        name = f"library/{name}"
    return Reference(registry, name, tag or "latest")


@dataclass(frozen=True)
class Answered:
    """A registry's reply to a question about a manifest."""

    digest: str
    body: bytes
    kind: str
    quota: Quota


class Registries:
    """Asks registries, from any thread. `info` and `version` are the engine's own, `kept` a cache folder."""

    def __init__(self, info: Mapping[str, Any], version: Mapping[str, Any], kept: Path | None = None) -> None:
        self._info = info
        self._platform = (str(version.get("Os", "linux")), str(version.get("Arch", "amd64")))
        self._kept = kept
        self._local = threading.local()
        self._bases: dict[str, str] = {}  # by registry: the address that answered
        self._tokens: dict[tuple[str, str], str] = {}  # by address and image's name: Authorization

    def head(self, reference: str) -> tuple[str, Quota]:
        """The digest that the reference stands for, and the quota. Costs no pull. RegistryError."""
        found = self._ask("HEAD", parse(reference))
        return found.digest, found.quota

    def known(self, digest: str) -> Manifest | None:
        """The manifest of this digest, where it was got before."""
        body = self._read(digest)
        return self._manifest(None, digest, body) if body is not None else None

    def get(self, reference: str) -> tuple[Manifest, Quota]:
        """The image's manifest for this platform, and the quota. Counts as a pull. RegistryError."""
        where = parse(reference)
        found = self._ask("GET", where)
        manifest = self._manifest(where, found.digest, found.body)
        if manifest is None:
            raise RegistryError(f"{reference}: the registry's manifest cannot be read")
        return manifest, found.quota

    # -- manifests -------------------------------------------------------------------------------------

    def _manifest(self, where: Reference | None, digest: str, body: bytes) -> Manifest | None:
        """`where` None: from the cache alone. None where it is not all there."""
        try:
            raw = json.loads(body)
            if "manifests" not in raw:
                return self._plain(where, digest, raw)
            chosen = self._of_platform(raw["manifests"])
        except (ValueError, KeyError, TypeError):
            return None
        inner = self._read(chosen)
        if inner is None and where is not None:
            inner = self._ask("GET", Reference(where.registry, where.name, chosen)).body
        found = self._manifest(where, chosen, inner) if inner is not None else None
        return replace(found, digest=digest) if found else None

    def _plain(self, where: Reference | None, digest: str, raw: Mapping[str, Any]) -> Manifest | None:
        config = str(raw["config"]["digest"])
        body = self._read(config)
        if body is None and where is not None:
            body = self._blob(where, config)
        if body is None:
            return None
        contents = json.loads(body)["rootfs"]["diff_ids"]
        pairs = zip(raw["layers"], contents, strict=True)
        layers = tuple(Layer(str(x["digest"]), int(x["size"]), str(content)) for x, content in pairs)
        return Manifest(digest, layers, config)

    def _blob(self, where: Reference, digest: str) -> bytes:
        """An image's configuration. Blobs are not counted."""
        base = self._bases[where.registry]
        token = self._tokens.get((base, where.name))
        headers = {"Authorization": token} if token else {}
        status, _, body = self._send("GET", f"{base}/v2/{where.name}/blobs/{digest}", headers=headers)
        if status != 200 or _sha256(body) != digest:
            raise RegistryError(f"{where.registry} has not {digest} of {where.name}: {status}", status)
        self._keep(digest, body)
        return body

    def _of_platform(self, manifests: list[dict[str, Any]]) -> str:
        there = []
        for entry in manifests:
            platform = entry.get("platform") or {}
            there.append((platform.get("os", ""), platform.get("architecture", "")))
            if there[-1] == self._platform:
                return str(entry["digest"])
        names = ", ".join(sorted({"/".join(p) for p in there if p != ("unknown", "unknown")}))
        raise RegistryError(f"there is no image for {'/'.join(self._platform)}, only for {names or 'none'}")

    def _read(self, digest: str) -> bytes | None:
        try:
            body = self._file(digest).read_bytes() if self._kept else None
        except OSError:
            return None
        return body if body is not None and _sha256(body) == digest else None

    def _file(self, digest: str) -> Path:
        assert self._kept is not None
        return self._kept / re.sub(r"[^0-9a-z]", "-", digest.lower())

    def _keep(self, digest: str, body: bytes) -> None:
        if self._kept is None:
            return
        try:
            self._kept.mkdir(parents=True, exist_ok=True)
            partial = self._kept / f".{threading.get_ident()}"
            partial.write_bytes(body)
            partial.replace(self._file(digest))
        except OSError:
            pass  # it is asked for again next time

    # -- HTTP ------------------------------------------------------------------------------------------

    def _ask(self, method: str, where: Reference) -> Answered:
        """RegistryError with the last address's words where none answers as it should."""
        failure = RegistryError(f"no address is known for {where.registry}")
        for base in self._addresses(where.registry):
            try:
                found = self._ask_at(base, method, where)
            except RegistryError as e:
                if e.status == 429:  # it is the right one
                    raise
                failure = e
                continue
            self._bases[where.registry] = base
            return found
        raise failure

    def _ask_at(self, base: str, method: str, where: Reference) -> Answered:
        url = f"{base}/v2/{where.name}/manifests/{where.tag}"
        headers = {"Accept": ", ".join((*INDEXES, *MANIFESTS))}
        for last in (False, True):
            if token := self._tokens.get((base, where.name)):
                headers["Authorization"] = token
            status, answer, body = self._send(method, url, headers=headers)
            if status != 401 or last:
                break
            challenge, secure = answer.get("www-authenticate", ""), base.startswith("https")
            try:
                token = authorization(where.registry, where.name, challenge, self._send, secure=secure)
            except NoLogin as e:
                raise RegistryError(str(e), e.status) from None
            if token:
                self._tokens[base, where.name] = token
        quota = quota_of(answer)
        if status != 200:
            said = words(body) or answer.get("x-error", "")
            text = f"{where.registry} answers {status} for {where.name}:{where.tag}"
            raise RegistryError(f"{text}{': ' + said if said else ''}", status, quota)
        digest = answer.get("docker-content-digest", "")
        if method == "GET":
            if digest and _sha256(body) != digest:
                raise RegistryError(f"{where.registry} sent a manifest that has not its digest {digest}")
            digest = _sha256(body)
            self._keep(digest, body)
        return Answered(digest, body, answer.get("content-type", ""), quota)

    def _addresses(self, registry: str) -> Iterator[str]:
        import docker.auth

        if known := self._bases.get(registry):
            yield known
            return
        config = self._info.get("RegistryConfig") or {}
        host = registry
        if registry == docker.auth.INDEX_NAME:
            yield from (str(mirror).rstrip("/") for mirror in config.get("Mirrors") or ())
            host = urlsplit(self._info.get("IndexServerAddress") or docker.auth.INDEX_URL).netloc
        yield f"https://{host}"
        if insecure(host, config):
            yield f"http://{host}"

    def _send(self, method: str, url: str, **how: Any) -> Sent:
        """Header names in any case. RegistryError where nothing answers."""
        import requests

        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.auth = lambda request: request  # else ~/.netrc answers for us
        session: requests.Session = self._local.session
        try:
            with session.request(method, url, timeout=PATIENCE_S, stream=True, **how) as reply:
                body = reply.raw.read(LARGEST + 1, decode_content=True) if method != "HEAD" else b""
                if len(body) > LARGEST:
                    raise RegistryError(f"{urlsplit(url).netloc} sent more than {LARGEST >> 20} MiB")
                return reply.status_code, reply.headers, body
        except (requests.RequestException, OSError) as e:
            said = (str(e).splitlines() or [type(e).__name__])[0][:160]
            raise RegistryError(f"{urlsplit(url).netloc} does not answer: {said}") from None


def insecure(host: str, config: Mapping[str, Any]) -> bool:
    """Whether the engine takes plain HTTP from there."""
    name = (urlsplit(f"//{host}").hostname or "").lower()
    entry = (config.get("IndexConfigs") or {}).get(host)
    if entry is not None:
        return not entry.get("Secure", True)
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(net) for net in config.get("InsecureRegistryCIDRs") or ())


def quota_of(headers: Mapping[str, str]) -> Quota:
    """From `ratelimit-limit: 100;w=21600`, `ratelimit-remaining: 76;w=21600`, `retry-after: 60`."""

    def number(text: str | None, pattern: str) -> int | None:
        match = re.search(pattern, text or "")
        return int(match.group(1)) if match else None

    limit, left = headers.get("ratelimit-limit"), headers.get("ratelimit-remaining")
    window = number(limit, r"\bw=(\d+)") or number(left, r"\bw=(\d+)")
    retry = number(headers.get("retry-after"), r"^\s*(\d+)\s*$")
    return Quota(number(limit, r"^\s*(\d+)"), number(left, r"^\s*(\d+)"), window, retry)


def _sha256(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
