"""A server that stands for AWS and is not the bottleneck: ``stub.c``, compiled when it is needed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("stub.c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    url: str
    #: The certificate, which vouches for itself.
    ca_bundle: str


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{command[0]}: {done.stderr[-500:]}")


@contextmanager
def building() -> Iterator[Path]:
    """A folder with ``stub`` and its certificate.

    An interpreted server would be slower than the client. A machine without a compiler or OpenSSL's headers
    skips what needs this.
    """
    for program in ("gcc", "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run("gcc", "-O2", "-D_GNU_SOURCE", "-o", str(folder / "stub"), str(SOURCE), "-lssl", "-lcrypto")
        subject = ["-subj", "/CN=stub", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject, *files)
        yield folder


@contextmanager
def answering(folder: Path, milliseconds: int) -> Iterator[Stub]:
    """The stub, which answers after so long."""
    files = [str(folder / "certificate"), str(folder / "key")]
    command = [str(folder / "stub"), *files, str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            yield Stub(url=f"https://127.0.0.1:{port}/prod", ca_bundle=files[0])
        finally:
            process.kill()
