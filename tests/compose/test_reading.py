"""Compose files are followed as far as they stay within their walls, else refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.compose import Build, Mount, Plan, Refused, read
from evalkit.workspace import Beside

FILES = (
    ("web/Dockerfile", b"FROM x\n"),
    ("web/page", b"hello"),
    ("db.env", b"# db\nUSER='al'\nexport PASS=x\n"),
)


def plan(text: str, **env: str) -> Plan:
    files = (("docker-compose.yaml", text.encode()), *FILES)
    return read(Beside("docker-compose.yaml", "main", files, tuple(env.items())))


WHOLE = """
x-common: &common
  restart: always
  ports: ["80"]
services:
  main:
    build: {context: web}
    image: ${NAME}
    container_name: ${NAME}-1
    command: ["sh", "-c", "sleep infinity"]
    environment:
      - TEST_DIR=${TESTS}
      - SECRET
    volumes:
      - ${LOGS}:/logs
      - shared:/data:ro
    networks: {near: {aliases: [front]}}
    depends_on:
      db: {condition: service_healthy}
  db:
    <<: *common
    image: db:1
    env_file: db.env
    environment: {PORT: 5432, FAST: true, EMPTY: ''}
    command: echo $$HOME ${MISSING:-"${NAME}"} ${NAME:+yes}
    volumes: ["shared:/data", "./web/page:/page:ro", {type: tmpfs, target: /quick}]
    networks: [near, far]
    cap_add: [CHOWN]
    privileged: false
    healthcheck: {test: ["CMD", "true"], interval: 1s, start_interval: 1s}
    depends_on: [main]
  debug:
    image: any
    profiles: [debug]
volumes:
  shared: {}
networks:
  near: {driver: bridge}
  far: {internal: true}
"""


def test_a_file_is_filled_in_and_read() -> None:
    found = plan(WHOLE, NAME="me", TESTS="/tests", LOGS="./logs")
    main, (db,) = found.main, found.others
    assert (main.build, main.image) == (Build("web", "Dockerfile"), "me")
    assert main.env == (("TEST_DIR", "/tests"),), "variables without a value are not this process's"
    assert main.mounts == (Mount("folder", "logs", "/logs"), Mount("volume", "shared", "/data", True))
    assert main.networks == {"near": ("front", "me-1")}
    assert main.after == {"db": "service_healthy"}
    assert found.shared == (main.mounts[1],)
    assert dict(db.env) == {"USER": "al", "PASS": "x", "PORT": "5432", "FAST": "true", "EMPTY": ""}
    assert db.settings["command"] == 'echo $HOME "me" yes'
    assert db.settings["healthcheck"] == {"test": ["CMD", "true"], "interval": "1s"}
    assert db.mounts[1:] == (Mount("folder", "web/page", "/page", True), Mount("memory", "", "/quick"))
    assert db.after == {}, "the main service is started last"
    assert (found.networks, found.internal) == (("far", "near"), {"far"})


def service(**settings: Any) -> str:
    import json

    db = {"image": "db", **settings}
    return json.dumps({"services": {"main": {"image": "me"}, "db": db}})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"privileged": True}, "'db' asks for 'privileged'"),
        ({"network_mode": "host"}, "network of 'host'"),
        ({"network_mode": "service:main"}, "network of 'service:main'"),
        ({"pid": "host"}, "'pid'"),
        ({"ipc": "host"}, "'ipc'"),
        ({"uts": "host"}, "'uts'"),
        ({"userns_mode": "host"}, "'userns_mode'"),
        ({"cgroup_parent": "/"}, "'cgroup_parent'"),
        ({"devices": ["/dev/kvm"]}, "'devices'"),
        ({"device_cgroup_rules": ["a *:* rwm"]}, "'device_cgroup_rules'"),
        ({"cap_add": ["SYS_ADMIN"]}, "'cap_add'"),
        ({"cap_add": "ALL"}, "'cap_add'"),
        ({"security_opt": ["seccomp:unconfined"]}, "'security_opt'"),
        ({"sysctls": {"a": 1}}, "'sysctls'"),
        ({"runtime": "odd"}, "'runtime'"),
        ({"volumes_from": ["main"]}, "'volumes_from'"),
        ({"extends": {"file": "/etc/passwd", "service": "x"}}, "'extends'"),
        ({"secrets": ["key"]}, "'secrets'"),
        ({"gpus": "all"}, "'gpus'"),
        ({"volumes": ["/var/run/docker.sock:/var/run/docker.sock"]}, "out of its folder"),
        ({"volumes": ["../..:/x"]}, "out of its folder"),
        ({"volumes": ["web/../../x:/x"]}, "out of its folder"),
        ({"volumes": ["~/.ssh:/x"]}, "out of its folder"),
        ({"volumes": [{"type": "bind", "source": "/", "target": "/x"}]}, "out of its folder"),
        ({"volumes": [{"type": "npipe", "source": "x", "target": "/x"}]}, "'npipe'"),
        ({"volumes": ["nobodys:/x"]}, "a volume that is not there"),
        ({"volumes": ["./web:/"]}, "no place"),
        ({"env_file": "/etc/passwd"}, "out of its folder"),
        ({"env_file": ["../x"]}, "out of its folder"),
        ({"build": ".."}, "out of its folder"),
        ({"build": "https://somewhere/x.git"}, "out of its folder"),
        ({"build": {"context": "web", "network": "host"}}, "'network' in its build"),
        ({"build": {"context": "web", "dockerfile": "../Dockerfile"}}, "out of its folder"),
        ({"build": {"context": "."}}, "no Dockerfile"),
        ({"image": ""}, "neither image nor build"),
        ({"extra_hosts": ["me:host-gateway"]}, "host's own address"),
        ({"networks": ["nobodys"]}, "a network that is not there"),
        ({"networks": {"default": {"ipv4_address": "10.0.0.2"}}}, "'ipv4_address'"),
        ({"depends_on": ["nobody"]}, "not there"),
        ({"depends_on": {"main": {"condition": "odd"}}}, "'odd'"),
        ({"command": "$("}, "a lone \\$"),
        ({"command": "${UNSET:?say it}"}, "say it"),
        ({"command": "${A:-${B"}, "open brace"),
    ],
    ids=str,
)
def test_what_leads_to_the_host_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        plan(service(**settings))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: {main: {image: x}}\nnetworks: {n: {external: true}}", "'external'"),
        ("services: {main: {image: x}}\nnetworks: {n: {driver: host}}", "'driver'"),
        ("services: {main: {image: x}}\nnetworks: {n: {ipam: {config: [{subnet: 10.0.0.0/8}]}}}", "address"),
        ("services: {main: {image: x}}\nvolumes: {v: {driver_opts: {device: /, o: bind}}}", "'driver_opts'"),
        ("services: {main: {image: x}}\nvolumes: {v: {external: true}}", "'external'"),
        ("services: {main: {image: x}}\ninclude: [/etc/passwd]", "'include'"),
        ("services: {main: {image: x}}\nconfigs: {c: {file: /etc/passwd}}", "'configs'"),
        ("services: {other: {image: x}}", "no service 'main'"),
        ("services: [main]", "services is no table"),
        ("services: {main: !!python/object/apply:os.system [id]}", "no YAML"),
        ("services: {main: {image: x, volumes: 3}}", "volumes is no list"),
        ("\tservices:", "no YAML"),
        ("services: &a {main: {image: x, environment: *a}}", "no YAML|too large"),
        ("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
         "d: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\nservices: {main: {image: x}}", "too large"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        plan(text)
