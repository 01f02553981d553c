"""The archive as a service: asks for records and for files, patiently, and says why it got none.

The addresses are those of the archive's page about programming, https://archive.gemini.edu/help/api.html:
``SERVER/jsonsummary/TERM/TERM...`` answers with records, ``SERVER/file/NAME`` with a file.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from f2widgets import __version__
from f2widgets.archive.records import Archived, archived
from f2widgets.errors import Cancelled, NotFetched, ParameterError

SERVER = "https://archive.gemini.edu"
#: Names of the variables of the environment for another server, and for the session of a user who may have
#: proprietary files: the value of the archive's cookie of that name, which its page after the login shows.
SERVER_VARIABLE, SESSION_VARIABLE = "F2_ARCHIVE", "GEMINI_ARCHIVE_SESSION"
COOKIE = "gemini_archive_session"
#: Answers that may be others a moment later: too many requests, and the server's own trouble.
PASSING = (429, 500, 502, 503, 504)
#: The longest wait that a server may ask for, seconds.
LONGEST_WAIT = 60.0
#: What to do without a network.
OFFLINE = (
    "Check the network and try again; what was fetched is kept. Without a network, `f2 simulate example1 DIR`"
    " makes the frames of Example 1 with their truth."
)
#: What to do where the archive refuses.
LIMITED = (
    "The archive limits access from some networks, and keeps proprietary files for their owners: log in"
    f" there, and set {SESSION_VARIABLE} to the session that its page shows."
)

T = TypeVar("T")


class Passing(Exception):
    """Trouble that may pass: worth another attempt."""

    def __init__(
        self, reason: str, wait: float | None = None, *, unreachable: bool = False, restart: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait
        self.unreachable, self.restart = unreachable, restart


class Forbidden(Exception):
    """The archive has the file, but not for us."""


class Unknown(Exception):
    """The archive does not have the file."""


def _server() -> str:
    """Return the server that is used unless told."""
    return os.environ.get(SERVER_VARIABLE) or SERVER


@dataclass(frozen=True)
class Archive:
    """The archive behind an address.

    Parameters
    ----------
    server : str, optional
        Address; that in the environment's F2_ARCHIVE, or the observatory's own, unless told.
    timeout : float, optional
        Seconds that the server may be silent.
    waits : tuple of float, optional
        Seconds before each further attempt where the trouble may pass.

    Raises
    ------
    ParameterError
        If the address is none of http or https.
    """

    server: str = field(default_factory=_server)
    timeout: float = 30.0
    waits: tuple[float, ...] = (1.0, 4.0, 15.0)

    def __post_init__(self) -> None:
        """Check the address."""
        parts = urlsplit(self.server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ParameterError(f"{self.server!r} is no address of an archive, such as {SERVER}.")

    def records(self, *terms: str) -> list[Archived]:
        """Return the records of the files that meet all terms.

        Parameters
        ----------
        *terms : str
            Terms of the archive's selections: ``progid=GS-2013B-Q-15``, ``filepre=S20131121S00``.

        Returns
        -------
        list of Archived
            By name; current versions only.

        Raises
        ------
        NotFetched
            If the archive cannot be reached or gives no list of records.
        """
        path = "/".join(["jsonsummary", "canonical", *(quote(term, safe="=-+.:") for term in terms)])

        def ask() -> bytes:
            with self.open(path) as answer:
                try:
                    return bytes(answer.read())
                except (OSError, http.client.HTTPException) as error:
                    raise Passing(f"its answer broke off ({_reason(error)})") from error

        try:
            text = self.patiently(ask, at_once_if_unreachable=True)
        except Forbidden as error:
            raise NotFetched(f"{self.server} refuses to answer. {LIMITED}") from error
        except Unknown as error:
            raise NotFetched(
                f"{self.server} answers that it has no {path}. Check the address of the archive."
            ) from error
        return sorted(self._understood(text), key=lambda file: file.name)

    def _understood(self, text: bytes) -> list[Archived]:
        """Read an answer's records."""
        try:
            rows = json.loads(text)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ValueError("no list of records")
            found = [archived(row) for row in rows]
        except ValueError as error:
            raise NotFetched(
                f"{self.server} gave an answer that is no list of records ({error}). "
                "Check the address of the archive, or try again later."
            ) from error
        if any(row.get("results_truncated") for row in rows):
            raise NotFetched(f"{self.server} has more records than it gives at a time. Ask for fewer.")
        return found

    def patiently(
        self, deed: Callable[[], T], stop: Event | None = None, at_once_if_unreachable: bool = False
    ) -> T:
        """Try again where trouble may pass.

        Parameters
        ----------
        deed : callable
            Raises `Passing` for such trouble.
        stop : `~threading.Event`, optional
            Ends the waiting.
        at_once_if_unreachable : bool, optional
            Do not try again where there is no way to the server.

        Returns
        -------
        object
            What the deed returns.

        Raises
        ------
        NotFetched
            If the trouble does not pass.
        Cancelled
            If `stop` was set meanwhile.
        """
        for wait in (*self.waits, None):
            try:
                return deed()
            except Passing as trouble:
                if wait is None or (trouble.unreachable and at_once_if_unreachable):
                    told = OFFLINE if trouble.unreachable else "Try again later; what was fetched is kept."
                    raise NotFetched(
                        f"The archive at {self.server} does not serve us: {trouble.reason}. {told}"
                    ) from trouble
                pause = wait if trouble.wait is None else min(trouble.wait, LONGEST_WAIT)
                if stop is None:
                    time.sleep(pause)
                elif stop.wait(pause):
                    raise Cancelled("The download was stopped.") from None
        raise AssertionError("the last attempt returns or raises")

    def open(self, path: str, start: int = 0) -> Any:
        """Ask for an address.

        Parameters
        ----------
        path : str
            What follows the server's address, quoted.
        start : int, optional
            First byte wanted; the server may send all the same from the beginning.

        Returns
        -------
        http.client.HTTPResponse
            The answer, not read yet.

        Raises
        ------
        Passing
            For trouble that may pass.
        Forbidden, Unknown
            If the server refuses, or does not have it.
        NotFetched
            For any other answer.
        """
        request = urllib.request.Request(f"{self.server.rstrip('/')}/{path}")
        request.add_header("User-Agent", f"f2widgets/{__version__}")
        if start:
            request.add_header("Range", f"bytes={start}-")
        if session := self._session():
            # Not sent along to where the server may redirect us.
            request.add_unredirected_header("Cookie", f"{COOKIE}={session}")
        try:
            return urllib.request.urlopen(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            error.close()
            raise self._refusal(error) from error
        except urllib.error.URLError as error:
            silent = isinstance(error.reason, TimeoutError) and not isinstance(error.reason, socket.gaierror)
            reason = error.reason if isinstance(error.reason, Exception) else error
            raise Passing(f"it cannot be reached ({_reason(reason)})", unreachable=not silent) from error
        except (OSError, http.client.HTTPException) as error:
            raise Passing(f"it broke off ({_reason(error)})") from error

    def _refusal(self, error: urllib.error.HTTPError) -> Exception:
        """Return the error for an answer other than "here it is"."""
        if error.code in PASSING:
            asked = error.headers.get("Retry-After", "")
            wait = float(asked) if asked.isdecimal() else None
            return Passing(f"it answers {error.code} {error.reason}", wait)
        if error.code in (401, 403):
            return Forbidden()
        if error.code == 404:
            return Unknown()
        if error.code == 416:
            return Passing("it has fewer bytes than we have", 0.0, restart=True)
        return NotFetched(
            f"{error.url} answers {error.code} {error.reason}. Check the address of the archive."
        )

    def _session(self) -> str | None:
        """Return the user's session, for a server to which it may be sent."""
        parts = urlsplit(self.server)
        private = parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")
        return os.environ.get(SESSION_VARIABLE) or None if private else None

    @property
    def knows_us(self) -> bool:
        """Whether the user gave a session, so that proprietary files are worth asking for."""
        return self._session() is not None


def _reason(error: Exception) -> str:
    """Say why a connection failed."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "its name is not known here"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
