"""A system as a Dockerfile may begin from, where no registry has one: Debian with an apt that works.

The essential packages, as this host's apt fetches them, are unpacked into an image and then installed there
by their own dpkg, scripts and all. What is laid over such a system is installed by its own apt. This host's
mirrors and, where it has any, its own certificates stay in it: whatever is installed later needs them.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from evalkit import debs
from evalkit.errors import SandboxError
from evalkit.recipe import Recipe
from evalkit.sandbox.build_box import container, keep, must, put, tried
from evalkit.sandbox.build_python import moved, pack_python, pyenv
from evalkit.sandbox.image import first_line, import_image
from evalkit.sandbox.image_cache import Progress
from evalkit.sandbox.package_index import certificates, proxies
from evalkit.sandbox.recipe_system import LINKS

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ESSENTIAL = (
    "apt",
    "base-files",
    "base-passwd",
    "bash",
    "bsdutils",
    "ca-certificates",
    "coreutils",
    "dash",
    "debian-archive-keyring",
    "debianutils",
    "diffutils",
    "dpkg",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "init-system-helpers",
    "libc-bin",
    "login",
    "mawk",
    "mount",
    "ncurses-base",
    "ncurses-bin",
    "netbase",
    "passwd",
    "perl-base",
    "sed",
    "sysvinit-utils",
    "tar",
    "tzdata",
    "usr-is-merged",
    "util-linux",
)
# As images have it: no services are begun by installing, nothing is kept that can be had again.
FILES = (
    ("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n"),
    (
        "etc/apt/apt.conf.d/docker-clean",
        'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };\n'
        'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n'
        'Acquire::GzipIndexes "true";\nAcquire::Languages "none";\n',
    ),
    (
        "etc/dpkg/dpkg.cfg.d/docker",
        "path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n"
        "path-exclude /usr/share/man/*\npath-exclude /usr/share/locale/*\n",
    ),
)
ARCHIVES = "var/cache/apt/archives"
# the packages that the others' scripts count on come first, as when any Debian is first installed
INSTALL = f"""
set -e
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
cd /{ARCHIVES}
mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/dpkg/triggers /root /tmp /var/tmp
chmod 1777 /tmp /var/tmp
touch /var/lib/dpkg/status /var/lib/dpkg/available
[ -e /etc/passwd ] || cp /usr/share/base-passwd/passwd.master /etc/passwd
[ -e /etc/group ] || cp /usr/share/base-passwd/group.master /etc/group
ldconfig
for first in base-passwd base-files libc6 perl-base mawk debconf; do
  dpkg --force-depends --force-overwrite --install "$first"_*.deb
done
dpkg --force-depends --force-overwrite --force-confold --skip-same-version --unpack ./*.deb
dpkg --force-confold --configure -a
rm -f ./*.deb /var/log/*.log /var/log/apt/* /var/lib/dpkg/*-old
"""
APT = "export DEBIAN_FRONTEND=noninteractive\nset -e\n/usr/bin/apt-get update -qq\n"
TRUST = "/etc/ssl/certs/ca-certificates.crt"
TRUSTING = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
OURS = "/usr/local/share/ca-certificates/evalkit-host"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def build_system(client: Any, recipe: Recipe, below: str, say: Progress) -> str:
    """The id of the recipe's image, named. `below`: of the system that it is laid over, "" for none."""
    if below:
        return _laid(client, recipe, below, say)
    started = time.monotonic()
    with debs.debian() as debian:
        files = debian.fetch([*ESSENTIAL, *_packages(recipe)])
        say(f"{len(files)} packages fetched in {time.monotonic() - started:.1f} s")
        started = time.monotonic()
        with debian.rootfs(files, debs.Unpacking(extra=LINKS)) as archive:
            raw = import_image(client, archive, f"ENV PATH={PATH}")
        say(f"unpacked and imported in {time.monotonic() - started:.1f} s")
        started = time.monotonic()
        try:
            with container(client, raw, {}, "0") as box:
                put(box, lambda out: _pack(files, debian.sources(), out))
                must(box, INSTALL)
                say(f"installed in {time.monotonic() - started:.1f} s")
                trusting = _trust(box)
                return _finish(box, recipe, trusting, say)
        finally:
            _forget(client, raw)


def _laid(client: Any, recipe: Recipe, below: str, say: Progress) -> str:
    started = time.monotonic()
    with container(client, below, {}, "0", network=True) as box:
        if packages := _packages(recipe):
            install = f"/usr/bin/apt-get install -y -qq --no-install-recommends {' '.join(packages)}"
            must(box, f"{APT}{install}\nrm -rf /var/lib/apt/lists/* /var/log/apt/* /var/log/*.log", proxies())
            say(f"packages installed in {time.monotonic() - started:.1f} s")
        return _finish(box, recipe, (), say)


def _packages(recipe: Recipe) -> list[str]:
    return [*recipe.tools, *(name for part in recipe.parts for name in part.debs)]


def _finish(box: Any, recipe: Recipe, trusting: Sequence[str], say: Progress) -> str:
    """Python, files and commands of the parts; then the image."""
    env = [("PATH", PATH), *((name, TRUST) for name in trusting), *recipe.env]
    if recipe.python:
        started = time.monotonic()
        folder = pyenv(recipe.python)
        put(box, lambda out: pack_python(Path(folder), "/usr/local", out))
        must(box, moved(folder, "/usr/local"))
        must(box, "cd /usr/local/bin && [ -e pip ] || ln -s pip3 pip")
        env.append(("LANG", "C.UTF-8"))
        say(f"Python of {folder} put in within {time.monotonic() - started:.1f} s")
    if files := [item for part in recipe.parts for item in part.files]:
        put(box, partial(_write, files))
    for command in (line for part in recipe.parts for line in part.make):
        must(box, command)
    root = recipe.root or "/"
    changes = [f"ENV {key}={value}" for key, value in dict(env).items()]
    changes += ["USER root", f"WORKDIR {root}", 'CMD ["python3"]' if recipe.python else 'CMD ["/bin/bash"]']
    must(box, f"mkdir -p {root}")
    return keep(box, recipe.tag, {"evalkit.recipe": recipe.tag}, *changes)


def _pack(files: Sequence[Path], sources: str, out: tarfile.TarFile) -> None:
    _write(FILES, out)
    debs.write(out, "etc/apt/sources.list", sources)
    debs.write(out, "etc/apt/apt.conf.d/99host", _settings())
    for deb in files:
        info = tarfile.TarInfo(f"{ARCHIVES}/{deb.name}")
        info.size, info.mode = deb.stat().st_size, 0o644
        with deb.open("rb") as data:
            out.addfile(info, data)


def _write(files: Sequence[tuple[str, str]], out: tarfile.TarFile) -> None:
    for path, text in files:
        debs.write(out, path, text)


def _settings() -> str:
    """What this host's apt needs to know of its mirrors, which later commands in the image need as well."""
    listed = subprocess.run(["apt-config", "dump"], capture_output=True, check=False).stdout.decode()
    wanted = ("Acquire::Check-Valid-Until ", "Acquire::Check-Date ")
    return "".join(f"{line}\n" for line in listed.splitlines() if line.startswith(wanted))


def _trust(box: Any) -> tuple[str, ...]:
    """Have it trust what this host does beyond Debian's list: an inspecting proxy's, say. The variables by
    which programs learn of it; none where there is nothing to add."""
    known = {_plain(pem) for pem in _PEM.findall(tried(box, f"cat {TRUST}")[1].decode(errors="replace"))}
    own = [pem for pem in dict.fromkeys(_PEM.findall(certificates())) if _plain(pem) not in known]
    if not own:
        return ()
    put(box, partial(_write, [(f"{OURS}-{n}.crt", f"{pem}\n") for n, pem in enumerate(own)]))
    must(box, "update-ca-certificates >/dev/null")
    return TRUSTING


def _plain(pem: str) -> str:
    return "".join(pem.split())


def _forget(client: Any, image: str) -> None:
    """Its name went to what was made of it; layers that others use stay."""
    import docker.errors

    try:
        client.images.remove(image)
    except docker.errors.APIError as e:
        if e.status_code not in (404, 409):
            raise SandboxError(f"the engine does not build the image ({first_line(e)})") from None
