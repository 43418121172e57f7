"""
A certificate is renewed for new connections, and one that is of no use changes nothing.
"""

import ssl
from pathlib import Path

import pytest
from support.certificates import make_certificate

from service.serving.tls import Certificate, CertificateError, make_context
from service.settings import Settings


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return make_certificate(tmp_path, "first")


def of(certificate: Path, key: Path) -> Settings:
    return Settings(ssl_certfile=str(certificate), ssl_keyfile=str(key))


def test_files_that_do_not_belong_together_or_want_a_password_are_refused_by_name(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    certificate, key = files
    assert isinstance(make_context(of(certificate, key)), ssl.SSLContext)
    with pytest.raises(CertificateError, match=r"cert\.pem cannot be used"):
        make_context(of(certificate, tmp_path / "nowhere.pem"))
    (tmp_path / "other").mkdir()
    _, other = make_certificate(tmp_path / "other", "other")
    with pytest.raises(CertificateError, match=r"cert\.pem cannot be used"):
        make_context(of(certificate, other))


def test_half_a_renewal_is_waited_out(
    files: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """
    The certificate comes before its key, as tools write them. Seen to fail with the pair loaded into the context in
    use at once: that one then had a certificate without its key.
    """
    certificate, key = files
    context = make_context(of(certificate, key))
    watched = Certificate(context, of(certificate, key))
    assert not watched.renew()
    (tmp_path / "second").mkdir()
    new, new_key = make_certificate(tmp_path / "second", "second")
    certificate.write_bytes(new.read_bytes())
    assert not watched.renew()
    assert not watched.renew()
    assert caplog.text.count("goes on being used") == 1
    assert _name(context, files) == "first"
    key.write_bytes(new_key.read_bytes())
    assert watched.renew()
    assert _name(context, files) == "second"
    assert not watched.renew()


def _name(server: ssl.SSLContext, files: tuple[Path, Path]) -> str:
    """
    Whose certificate a client sees.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    ways = [ssl.MemoryBIO() for _ in range(2)]
    ends = [
        server.wrap_bio(ways[0], ways[1], server_side=True),
        client.wrap_bio(ways[1], ways[0], server_hostname="127.0.0.1"),
    ]
    for end in (ends[1], ends[0], ends[1], ends[0]):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = ends[1].getpeercert(binary_form=True)
    return "first" if b"first" in shown else "second" if b"second" in shown else ""
