"""What the tests of panels share: a page that is not there, which calls a panel as a click would."""

import pytest


class Page:
    """Stands in for the page of a panel: calls its methods as clicks do, and keeps what it is sent."""

    def __init__(self, panel):
        self.panel, self.sent, self._number = panel, [], 0
        panel.send = lambda content, buffers=None: self.sent.append((content, buffers or []))

    def open(self):
        """Say that the page is ready; returns what it was sent."""
        before = len(self.sent)
        self.panel._handle_custom_msg({"ready": True}, [])
        return self.sent[before:]

    def call(self, name, **arguments):
        """Do what a click does; returns the answer, and fails where that is an error."""
        content, _ = self._called(name, arguments)
        assert "error" not in content, content["error"]
        return content.get("value")

    def error(self, name, **arguments):
        """Do what a click does, and return the words of the error that it must meet."""
        content, _ = self._called(name, arguments)
        assert "error" in content, f"{name} did not fail: {content}"
        return content["error"]

    def last(self, kind):
        """Return the latest message of a kind."""
        return next(content for content, _ in reversed(self.sent) if content.get("kind") == kind)

    def _called(self, name, arguments):
        self._number += 1
        message = {"call": name, "arguments": arguments, "number": self._number}
        self.panel._handle_custom_msg(message, [])
        return next((c, b) for c, b in reversed(self.sent) if c.get("answer") == self._number)


@pytest.fixture
def page():
    """Return the class of pages that are not there: ``page(panel)``."""
    return Page
