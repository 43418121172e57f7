"""
Certificates for tests.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """
    A certificate for 127.0.0.1 that its own key signed, and that key, under ``cert.pem`` and ``key.pem``.
    """
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(whose, whose, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = builder.add_extension(address, critical=False).sign(key, SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    contents = {"key.pem": secret, "cert.pem": signed.public_bytes(Encoding.PEM)}
    for file, content in contents.items():
        (folder / f"new-{file}").write_bytes(content)
    for file in contents:
        (folder / f"new-{file}").replace(folder / file)
    return folder / "cert.pem", folder / "key.pem"
