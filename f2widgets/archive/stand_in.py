"""A server that behaves like the archive and offers the frames of a folder.

For classes whose computers shall fetch from the teacher's, for places without a network, and for tests:

>>> from f2widgets.archive import StandIn, fetch
>>> with StandIn("playdata/example1") as archive:   # doctest: +SKIP
...     fetch("example1", "copy", archive=archive.url)
"""

from __future__ import annotations

import bz2
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from f2widgets.io.identity import md5_of
from f2widgets.io.layout import BLOCK, Hdu
from f2widgets.io.peek import first_image, peek
from f2widgets.io.records import Record, find_files, records

#: What the archive's records state under the name of a descriptor.
STATED = (
    "program_id observation_id data_label telescope instrument observation_type observation_class object"
    " ra dec azimuth elevation cass_rotator_pa airmass filter_name exposure_time disperser camera"
    " wavelength_band focal_plane_mask detector_roi_setting wavefront_sensor gcal_lamp qa_state"
    " raw_iq raw_cc raw_wv raw_bg requested_iq requested_cc requested_wv requested_bg"
).split()
#: Terms that select nothing here: all files are present and current.
_IDLE = ("canonical", "present", "notengineering", "AnyQA", "RAW", "defaults")
#: Terms that stand for a value of a record.
_KEYS = {
    "inst": "instrument",
    "progid": "program_id",
    "obsid": "observation_id",
    "datalabel": "data_label",
    "observation_type": "observation_type",
    "observation_class": "observation_class",
    "filename": "name",
    "filter": "filter_name",
}


@dataclass(frozen=True)
class Held:
    """A file that the server offers: its record, and where its bytes are."""

    record: dict[str, Any]
    path: Path


class StandIn:
    """A server on this computer that offers the frames of a folder as the archive does.

    Parameters
    ----------
    folder : path-like
        With FITS files, plain or packed by bzip2, in it and below. Of packed ones the records state no sum
        of the unpacked bytes, as the archive's do.
    host : str, optional
        Address to listen at; ``""`` for all, so that other computers can ask.
    port : int, optional
        Port to listen at; a free one unless told.

    Examples
    --------
    >>> with StandIn("raw") as archive:  # doctest: +SKIP
    ...     print(archive.url)
    """

    def __init__(self, folder: str | os.PathLike[str], host: str = "127.0.0.1", port: int = 0) -> None:
        rows = [row for row in records(find_files(folder)) if row.headers is not None]
        self.files = {held.record["name"]: held for held in map(_held, rows)}
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            """Passes questions on."""

            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Answer a question."""
                answer(self)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Address of the server."""
        host, port = self._server.server_address[:2]
        return f"http://{str(host) if host != '0.0.0.0' else '127.0.0.1'}:{port}"

    def start(self) -> StandIn:
        """Begin to serve; returns the server. In a notebook it goes on from cell to cell."""
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> StandIn:
        """Begin to serve."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.stop()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one question.

        Parameters
        ----------
        request : `~http.server.BaseHTTPRequestHandler`
            The question.
        """
        feature, *terms = [unquote(word) for word in request.path.partition("?")[0].strip("/").split("/")]
        if feature in ("jsonsummary", "jsonfilelist"):
            self.list_files(request, terms)
        elif feature == "file" and len(terms) == 1:
            self.send_file(request, terms[0])
        else:
            request.send_error(404)

    def list_files(self, request: BaseHTTPRequestHandler, terms: list[str]) -> None:
        """Answer with the records of the files that meet all terms; 400 for a term it does not know."""
        try:
            tests = [_test(term) for term in terms]
        except ValueError as error:
            return request.send_error(400, str(error))
        rows = [held.record for held in self.files.values() if all(test(held.record) for test in tests)]
        self.send(request, json.dumps(rows, indent=4).encode(), "application/json")

    def send_file(self, request: BaseHTTPRequestHandler, name: str) -> None:
        """Send a file: packed if its name here ends so, plain otherwise; 403 for a proprietary one."""
        held = self.files.get(name.removesuffix(".bz2"))
        if held is None:
            return request.send_error(404)
        if self.is_forbidden(request, held.record):
            return request.send_error(403, "Not enough privileges to download this content")
        data = held.path.read_bytes()
        if held.record["compressed"] and not name.endswith(".bz2"):
            data = bz2.decompress(data)
        self.send(request, data, "application/fits")

    def is_forbidden(self, request: BaseHTTPRequestHandler, record: Mapping[str, Any]) -> bool:
        """Tell whether a file is refused; here none is."""
        return False

    def send(self, request: BaseHTTPRequestHandler, data: bytes, kind: str) -> None:
        """Send bytes: all, or from where the question asks to go on."""
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        if start > len(data):
            return request.send_error(416)
        request.send_response(206 if start else 200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(data) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.end_headers()
        request.wfile.write(data[start:])


def _held(row: Record) -> Held:
    """Describe a file as the archive does."""
    assert row.headers is not None
    packed, size, md5 = row.path.suffix.lower() == ".bz2", row.path.stat().st_size, md5_of(row.path)
    plain_size = peek(row.path, _promised) if packed else size
    moment, local = row.descriptor("ut_datetime"), row.descriptor("local_time")
    record = {
        "name": row.path.name.removesuffix(".bz2"),
        "filename": row.path.name,
        "path": "",
        "compressed": packed,
        "file_size": size,
        "data_size": plain_size,
        "file_md5": md5,
        "data_md5": None if packed else md5,  # unpacking takes seconds a file
        "size": size,
        "md5": md5,
        "mdready": True,
        "engineering": False,
        **{name: row.descriptor(name) for name in STATED},
        "ut_datetime": None if moment is None else str(moment),
        "local_time": None if local is None else str(local),
        "detector_binning": "1x1",
        "detector_readmode_setting": row.descriptor("read_mode"),
        "spectroscopy": "SPECT" in row.tags,
        "mode": "spectroscopy" if "SPECT" in row.tags else "imaging",
        "adaptive_optics": row.descriptor("is_ao"),
        "release": row.headers.text("RELEASE"),
        "reduction": "RAW",
        "types": str(set(row.tags)),
    }
    return Held(record, row.path)


def _promised(parts: Iterable[Hdu]) -> int:
    """Return the bytes of a file that ends with its image, as all raw ones do."""
    primary, image = first_image(parts)
    last = image or primary
    return last.offset + -(-last.size // BLOCK) * BLOCK


def _test(term: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return the condition that a term of a selection stands for."""
    key, equals, value = term.partition("=")
    if term in _IDLE:
        return lambda record: True
    if term in ("imaging", "spectroscopy"):
        return lambda record: bool(record["spectroscopy"]) is (term == "spectroscopy")
    if term == "NotFail":
        return lambda record: record["qa_state"] != "Fail"
    if equals and key in _KEYS:
        return lambda record: str(record[_KEYS[key]]) == value
    if equals and key == "filepre":
        return lambda record: str(record["name"]).startswith(value)
    if equals and key in ("daterange", "exposure_time"):
        low, _, high = value.partition("-")
        if key == "exposure_time":
            return lambda record: float(low) <= float(record["exposure_time"] or 0) <= float(high)
        return lambda record: low <= (record["ut_datetime"] or "")[:10].replace("-", "") <= high
    raise ValueError(f"{term} is no term that is known here")
