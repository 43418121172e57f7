"""
Serving TLS, with a certificate that is renewed while connections go on.
"""

import logging
import ssl
from pathlib import Path

from service.settings import Settings

_log = logging.getLogger("ratedip.tls")
_Seen = tuple[tuple[int, int, int], ...]


class CertificateError(ValueError):
    """
    Certificate or key cannot be used.
    """


def make_context(settings: Settings) -> ssl.SSLContext:
    """
    A context for serving.

    Raises:
        CertificateError: a file cannot be read, they do not belong together, or the key wants a password.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load(context, settings)
    return context


def load(context: ssl.SSLContext, settings: Settings) -> None:
    """
    Let new connections see this certificate.

    Raises:
        CertificateError: as :func:`make_context`.
    """
    try:
        context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile or None, password=lambda: "")
    except (OSError, ValueError) as error:
        raise CertificateError(f"the certificate {Path(settings.ssl_certfile).name} cannot be used: {error}") from None


class Certificate:
    """
    The files of a certificate, looked at again and again.
    """

    def __init__(self, context: ssl.SSLContext, settings: Settings) -> None:
        """
        Args:
            context: in use.
        """
        self._context = context
        self._settings = settings
        self._files = [Path(name) for name in (settings.ssl_certfile, settings.ssl_keyfile) if name]
        self._seen = _state(self._files)
        self._trouble = ""

    def renew(self) -> bool:
        """
        Take over files that changed; tried on a context of its own first, so that a half renewed pair harms nobody.

        Returns:
            New connections see another certificate.
        """
        state = _state(self._files)
        if state == self._seen:
            return False
        try:
            make_context(self._settings)
            load(self._context, self._settings)
        except CertificateError as error:
            if str(error) != self._trouble:
                _log.warning("the certificate in use goes on being used: %s", error)
            self._trouble = str(error)
            return False
        self._seen, self._trouble = state, ""
        _log.warning("the certificate was renewed")
        return True


def _state(files: list[Path]) -> _Seen:
    try:
        return tuple((s.st_mtime_ns, s.st_size, s.st_ino) for s in (path.stat() for path in files))
    except OSError:
        return ()
