"""An archive in which faults can be planted, and which counts who asks for what."""

import bz2
import hashlib
import threading
import time
from collections import defaultdict

from f2widgets.archive.stand_in import StandIn


class Faulty(StandIn):
    """A stand-in that makes mistakes: `faults` holds a list of them by name, each for one question.

    ``503`` and other numbers: that answer; ``cut``: half of the bytes, then silence; ``slow``: no answer for
    a second; ``wrong``: a byte is another; ``long``: more bytes than there are; ``plain``: unpacked;
    ``from the start``: all bytes though a part was asked for. Questions for records go by ``records``.
    """

    def __init__(self, folder):
        super().__init__(folder)
        for held in self.files.values():
            data = bz2.decompress(held.path.read_bytes())
            assert held.record["data_size"] == len(data)
            held.record["data_md5"] = hashlib.md5(data).hexdigest()
        self.faults = defaultdict(list)
        self.asked = []
        self.at_once = self.most_at_once = 0
        self.pause = 0.0
        self.session = None
        self.text = None
        self._lock = threading.Lock()
        self._fault = {}

    def answer(self, request):
        """Answer, with the next fault that was planted for the question."""
        feature, _, name = request.path.strip("/").partition("/")
        key = "records" if feature == "jsonsummary" else name.partition(".")[0]
        with self._lock:
            self.asked.append((request.path, request.headers.get("Range"), request.headers.get("Cookie")))
            fault = self.faults[key].pop(0) if self.faults[key] else ""
        try:
            if fault == "slow":
                time.sleep(1.0)
            if fault.isdecimal():
                request.send_error(int(fault))
            else:
                self._fault[threading.get_ident()] = fault
                super().answer(request)
        except ConnectionError:
            pass  # the client has left

    def is_forbidden(self, request, record):
        """Keep what is not released for those who show the session."""
        later = record["release"] > "2900"
        return later and f"gemini_archive_session={self.session}" != request.headers.get("Cookie")

    def send(self, request, data, kind):
        """Send bytes as the fault has it."""
        fault = self._fault.pop(threading.get_ident(), "")
        if kind == "application/json" and self.text is not None:
            data = self.text
        if fault == "plain":
            data = bz2.decompress(data)
        if fault == "wrong":
            data = data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]
        if fault == "long":
            data += bytes(1_000_000)
        if fault == "from the start":
            del request.headers["Range"]
        if fault == "cut":
            request.send_response(200)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data[: len(data) // 2])
            request.close_connection = True
            return
        if self.pause and kind != "application/json":
            return self._drip(request, data)
        super().send(request, data, kind)

    def _drip(self, request, data):
        """Send bytes in twenty portions, with pauses."""
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        last = len(data) - 1  # the last byte goes when we no longer count
        self._count(1)
        try:
            for i in range(20):
                request.wfile.write(data[i * last // 20 : (i + 1) * last // 20])
                time.sleep(self.pause)
        finally:
            self._count(-1)
        request.wfile.write(data[-1:])

    def _count(self, change):
        """Count the files that are being sent."""
        with self._lock:
            self.at_once += change
            self.most_at_once = max(self.most_at_once, self.at_once)

    def questions(self, name):
        """Return the parts of a file that were asked for: None for all of it."""
        return [part for path, part, _ in self.asked if path.startswith(f"/file/{name}")]
