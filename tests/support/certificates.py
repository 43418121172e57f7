"""
Certificates for tests, made by the ``openssl`` of this machine.
"""

import shutil
import subprocess
from pathlib import Path


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """
    A certificate for 127.0.0.1 that its own key signed, and that key, under ``cert.pem`` and ``key.pem``.
    """
    program = shutil.which("openssl")
    assert program, "openssl is not installed; get it with: apt-get install openssl"
    certificate, key = folder / "cert.pem", folder / "key.pem"
    made = (folder / "new-cert.pem", folder / "new-key.pem")
    subject = ("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    command = (program, "req", *kind, *subject, "-out", made[0], "-keyout", made[1])
    subprocess.run(command, check=True, capture_output=True)
    made[1].replace(key)
    made[0].replace(certificate)
    return certificate, key
