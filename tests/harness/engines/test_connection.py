"""What is wrong with the way to a server is named at once: proxies, certificates, protocols, names, and hopeless words.

Neighbours that were tried: every proxy variable in both cases, without a scheme, with a bad one, a bad port, a user
and password, SOCKS without its package, a proxy that is not there, one that refuses; loopback spelt seven ways beside a
proxy; SSL_CERT_FILE and SSL_CERT_DIR missing and without a certificate, one that is self-signed; https to a plain port
and the reverse; an unknown host; no quota under 402, 403, 429 and 400, a rate limit that names billing; a stream of
events, a page to log in, an address where no model is asked, and the status of an error within a body that came with
200.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from humpback.core.expression import FieldError
from humpback.core.machine import Endpoint
from humpback.core.store import StoreError
from humpback.engines.endpoint.client import Unanswered
from humpback.engines.endpoint.connection import is_this_machine, normal_address
from tests.harness.engines.asking import about, ask, echo, requests, texts
from tests.harness.model_server import ModelServer, Told, serving

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
FAR = Endpoint("http://judge.invalid/v1", attempts=3, pause=0.001)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificates but those that a test sets."""
    for name in [*os.environ]:
        if name.lower() in VARIABLES or name.startswith("SSL_CERT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def endpoint(server: ModelServer) -> Endpoint:
    return Endpoint(server.address, pause=0.001, timeout=5.0, attempts=3)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks://127.0.0.1:9/", "nonsense://"])
def test_a_server_on_this_machine_is_asked_directly(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    for host in ("127.0.0.1", "localhost"):
        at = replace(endpoint, address=f"http://{host}:{server.port}/v1")
        assert texts(ask(at, tmp_path / "j", about(host))) == [f"about {host}"]


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HTTP_PROXY", "http://127.0.0.1:9", r"no connection to the proxy http://127.0.0.1:9 \(of HTTP_PROXY\)"),
        ("http_proxy", "127.0.0.1:9", r"no connection to the proxy http://127.0.0.1:9 \(of http_proxy\)"),
        ("ALL_PROXY", "http://me:secret@127.0.0.1:9", r"the proxy http://127.0.0.1:9 \(of ALL_PROXY\)"),
        ("ALL_PROXY", "socks://127.0.0.1:7890/", r"ALL_PROXY is 'socks://127.0.0.1:7890/'.* it takes http://"),
        ("all_proxy", "ftp://me:secret@host", "all_proxy is 'ftp://host'"),
        ("HTTP_PROXY", "http://127.0.0.1:99999", "HTTP_PROXY is .*no address"),
        ("HTTP_PROXY", "http://[::1", "HTTP_PROXY is .*no address"),
        ("HTTP_PROXY", "http://", "HTTP_PROXY is .*names no host"),
        ("HTTP_PROXY", "http://proxy.invalid:1", r"the host 'proxy.invalid' is not known: .*HTTP_PROXY"),
    ],
)
def test_a_proxy_that_does_not_work_is_named_by_its_variable_and_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(StoreError, match=says) as error:
        ask(FAR, tmp_path / "j", about("x"))
    assert "secret" not in str(error.value)
    assert "times in a row" not in str(error.value)


def test_socks_without_its_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:7890")
    monkeypatch.setattr("humpback.engines.endpoint.connection.find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"ALL_PROXY names a SOCKS proxy .*pip install socksio"):
        ask(FAR, tmp_path / "j", about("x"))


def test_a_proxy_that_refuses_is_named_and_one_that_works_is_used(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
    assert texts(ask(FAR, tmp_path / "j", about("x"))) == ["about x"]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
    with pytest.raises(StoreError, match=r"\(of HTTPS_PROXY\) refuses the connection: 501"):
        ask(replace(FAR, address="https://judge.invalid/v1"), tmp_path / "j", about("y"))
    monkeypatch.setenv("NO_PROXY", "judge.invalid")
    with pytest.raises(StoreError, match=r"the host 'judge.invalid' is not known"):
        ask(FAR, tmp_path / "j", about("z"))


@pytest.mark.parametrize(
    ("variable", "says"), [("SSL_CERT_FILE", "there is no such file"), ("SSL_CERT_DIR", "there is no such folder")]
)
def test_certificates_that_are_not_there_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, says: str
) -> None:
    monkeypatch.setenv(variable, "/nowhere/ca.pem")
    with pytest.raises(StoreError, match=f"{variable} is '/nowhere/ca.pem', and {says}"):
        ask(replace(FAR, address="https://judge.invalid/v1"), tmp_path / "j", about("x"))


def test_a_file_without_a_certificate_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text("hello")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(StoreError, match=r"SSL_CERT_FILE is .* no certificates that can be read"):
        ask(replace(FAR, address="https://judge.invalid/v1"), tmp_path / "j", about("x"))


def signed(folder: Path, host: str = "IP:127.0.0.1") -> Path:
    """A self-signed certificate of a host, with its key."""
    whole = folder / f"{host.rpartition(':')[2]}.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-keyout", str(whole), "-out", str(folder / "c.pem"), "-days", "2", "-subj", "/CN=here"]
    try:
        subprocess.run([*words, "-addext", f"subjectAltName={host}"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    whole.write_text((folder / "c.pem").read_text() + whole.read_text())
    return whole


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return signed(tmp_path)


@pytest.mark.parametrize("host", ["IP:127.0.0.2", "DNS:elsewhere.invalid"])
def test_a_trusted_certificate_of_another_host_is_not_asked_to_be_trusted(
    endpoint: Endpoint, tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = signed(tmp_path, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(other)
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with serving(ModelServer(echo), context) as safe:
        own = replace(endpoint, address=safe.address.replace("http:", "https:"))
        with pytest.raises(StoreError, match="by a name that the certificate holds"):
            ask(own, tmp_path / "j", about("x"))


def test_certificates_and_protocols_are_told_apart(
    endpoint: Endpoint, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(ModelServer(echo), context) as safe:
        own = replace(endpoint, address=safe.address.replace("http:", "https:"))
        with pytest.raises(StoreError, match=r"its certificate is not trusted \(self.signed certificate\)"):
            ask(own, tmp_path / "j", about("x"))
        with pytest.raises(StoreError, match="it speaks TLS; the address has to begin in https://"):
            ask(replace(own, address=safe.address), tmp_path / "j", about("x"))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert texts(ask(own, tmp_path / "j", about("x"))) == ["about x"]
    with pytest.raises(StoreError, match="it does not speak TLS; is the address http://"):
        ask(replace(endpoint, address=endpoint.address.replace("http:", "https:")), tmp_path / "j", about("y"))


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            Told(429, '{"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}'),
            "quota",
        ),
        (Told(402, '{"error": "Insufficient credits"}'), "answered 402: Insufficient credits"),
        (Told(400, '{"error": {"message": "Your credit balance is too low"}}'), "credit balance .*when that is paid"),
        (Told(403, '{"error": {"message": "billing_hard_limit_reached"}}'), "when that is paid"),
        (Told(400, '{"error": {"message": "API key not valid."}}'), "the key is taken from .*NO_SUCH_KEY"),
        (Told(403, '{"error": {"message": "forbidden"}}'), "the key is taken from .*NO_SUCH_KEY"),
        (Told(404, '{"error": {"message": "The model does not exist"}}'), "does the server have this model"),
        (Told(405, "{}"), "usually ends in /v1"),
        (Told(501, "<html>"), "usually ends in /v1"),
        (Told(400, "Client sent an HTTP request to an HTTPS server."), "has to begin in https://"),
        (Told(200, '{"error": "Unexpected endpoint or method. (POST /chat/completions)"}'), "usually ends in /v1"),
        (Told(200, '{"type": "message", "content": [{"type": "text", "text": "A"}]}'), "usually ends in /v1"),
        (Told(200, '[{"generated_text": "A"}]'), "usually ends in /v1"),
        (Told(200, '{"message": "Cannot POST /chat/completions"}'), "usually ends in /v1"),
        (Told(200, "\n<!doctype html><title>Log in</title>"), "does one have to log in there.* ends in /v1"),
        (Told(200, '{"error": {"message": "No auth credentials found", "code": 401}}'), "answered 401.*NO_SUCH_KEY"),
        (Told(200, '{"error": {"message": "Insufficient credits", "code": "402"}}'), "when that is paid"),
        (Told(200, '{"error": {"message": "No endpoints found for x/y.", "code": 404}}'), "have this model"),
        (Told(200, 'data: {"choices": [{"delta": {"content": "x"}}]}\n\ndata: [DONE]\n\n'), "a stream of events"),
    ],
    ids=lambda told: getattr(told, "body", "")[:30],
)
def test_hopeless_words_end_the_run_at_the_first(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, told: Told, says: str
) -> None:
    server.told = [told] * 9
    with pytest.raises(StoreError, match=says):
        ask(replace(endpoint, concurrency=1, key_variable="NO_SUCH_KEY"), tmp_path / "j", *requests(5))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "told",
    [
        Told(429, '{"error": {"message": "Rate limit reached. Add a payment method at https://x/account/billing"}}'),
        Told(429, '{"error": {"message": "exceeded your current quota. Please retry in 0.1s."}}'),
        Told(200, '{"error": "Model reloaded."}'),
        Told(200, '{"error": {"message": "Provider returned error", "code": 502}}'),
    ],
    ids=lambda told: told.body[:30],
)
def test_what_may_pass_is_said_while_it_is_tried_again(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str], told: Told
) -> None:
    server.told = [told]
    assert texts(ask(endpoint, tmp_path / "j", about("x"))) == ["about x"]
    (said,) = capsys.readouterr().err.splitlines()
    assert ("answered 502" if "502" in told.body else f"answered {told.status}") in said
    assert "trying again, 3 times in all" in said
    server.told = [told] * 3
    with pytest.raises(Unanswered, match="3 times in a row"):
        ask(endpoint, tmp_path / "j", about("y"))


def test_a_filter_of_one_prompt_under_the_status_of_keys_is_one_refusal(
    server: ModelServer, endpoint: Endpoint, tmp_path: Path
) -> None:
    server.told = [Told(403, '{"error": {"message": "Your input was flagged by moderation"}}')]
    answers = ask(replace(endpoint, concurrency=1), tmp_path / "j", *requests(3))
    assert [bool(one.problem) for one in answers] == [True, False, False]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.8.9.1", "[::1]", "a.localhost", "0.0.0.0"]
)
def test_names_of_this_machine(host: str) -> None:
    assert is_this_machine(host)
    assert normal_address(f"HTTP://{host}:8000/v1/") == normal_address("http://localhost:8000/v1")
    assert (
        normal_address("https://x.org/v1")
        == normal_address("https://X.org:443/v1/")
        != normal_address("http://x.org/v1")
    )


@pytest.mark.parametrize("address", ["http://host:99999/v1", "http://[::1/v1"])
def test_an_address_that_is_none_is_said_to_be_none(address: str) -> None:
    with pytest.raises(FieldError, match="no address"):
        Endpoint(address)


def test_no_package_is_imported_for_a_proxy_that_is_not_there() -> None:
    code = "import sys; from humpback.engines.endpoint import connection; assert 'requests' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
