import contextvars
from concurrent.futures import ThreadPoolExecutor

from f2widgets.core.notes import listening, note


def test_note_without_listener_does_nothing():
    note("nobody hears this")


def test_listener_hears_notes_and_is_gone_afterwards():
    heard = []
    with listening(lambda text, frame: heard.append((text, frame))):
        note("the wcs was mended", "S20131121S0079")
        note("few sources")
    note("too late")
    assert heard == [("the wcs was mended", "S20131121S0079"), ("few sources", "")]


def test_notes_of_a_thread_are_heard_in_a_copied_context():
    heard = []
    with listening(lambda text, frame: heard.append(text)), ThreadPoolExecutor(1) as pool:
        pool.submit(contextvars.copy_context().run, note, "from a thread").result()
    assert heard == ["from a thread"]
