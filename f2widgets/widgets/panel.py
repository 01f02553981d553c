"""What every panel is built on: the page's calls, messages in words, the code behind it, a poster."""

from __future__ import annotations

import base64
import html
import logging
from collections.abc import Callable, Mapping
from importlib.resources import files as resources
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import anywidget
import traitlets as t

from f2widgets.errors import F2Error, NotWritten, ParameterError
from f2widgets.io.atomic import written_whole
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.workspace import Workspace

log = logging.getLogger("f2widgets")
F = TypeVar("F", bound=Callable[..., Any])
#: Name of the mark of methods that the page may call.
_MARK = "_from_page"
#: Scripts that every panel's module begins with, and its sheet of styles.
_PARTS, _STYLE = ("parts.js",), "panel.css"


class Reply:
    """An answer with bytes: a small value, and buffers that travel as they are.

    Parameters
    ----------
    value : object
        What JSON can hold.
    buffers : list of bytes-like
        Pixels and the like.
    """

    def __init__(self, value: Any, buffers: list[Any]) -> None:
        self.value, self.buffers = value, buffers


def from_page(method: F) -> F:
    """Let the page call this method; everything that a click does is such a method."""
    setattr(method, _MARK, "deed")
    return method


def asked_by_page(method: F) -> F:
    """Let the page call this method to learn something; an error that is shown stays."""
    setattr(method, _MARK, "question")
    return method


def script(*names: str) -> str:
    """Join parts of a script into one module; no bundler is needed, and nothing is fetched.

    Parameters
    ----------
    *names : str
        Files of this package.

    Returns
    -------
    str
        Source.
    """
    return "\n".join(resources(__package__).joinpath(name).read_text("utf-8") for name in names)


class Panel(anywidget.AnyWidget):
    """A view of a `Workspace`.

    A panel is Python first: whatever is clicked calls a public method marked by `from_page`, on the main
    thread, and what that raises is shown in the panel in its own words. Large content (rows, pixels) is
    sent as messages when a page says that it is ready, and never stored in a notebook.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share; a new one if none is given.

    Attributes
    ----------
    message : dict
        What is told at the foot of the panel: ``{"kind": "error" or "note", "text": ...}``, or empty.

    Notes
    -----
    A panel names its scripts in `scripts`; the last defines ``function build(page)``, see ``parts.js``. Its
    own sheets are in `styles`. It overrides `arrived`, which sends everything to a page that has just opened;
    `code`, the deeds that do again what the panel does; and `poster`. One with a state of its own, besides
    that of the workspace, overrides `own_state` and `take_up`, which keep it and bring it back.
    """

    title: ClassVar[str] = ""
    scripts: ClassVar[tuple[str, ...]] = ()
    styles: ClassVar[tuple[str, ...]] = ()

    message = t.Dict().tag(sync=True)
    _title = t.Unicode().tag(sync=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Join the scripts of a panel."""
        super().__init_subclass__(**kwargs)
        if "scripts" in cls.__dict__:  # not again for the class that traitlets makes for each instance
            cls._esm = script(*_PARTS, *cls.scripts, "render.js")
            cls._css = script(_STYLE, *cls.styles)

    def __init__(self, workspace: Workspace | None = None, **kwargs: Any) -> None:
        self.workspace = Workspace() if workspace is None else workspace
        super().__init__(_title=self.title, **kwargs)
        self.on_msg(self._received)
        if type(self).own_state is not Panel.own_state:
            self.workspace.also_keeps(self.title, self.own_state)
            self.workspace.observe(self._restored, "restored")

    # What a panel says of itself.

    def arrived(self) -> None:
        """Send everything to a page that has just opened."""

    def code(self) -> tuple[Deed, ...]:
        """Return the calls that do what the panel does as it stands."""
        return ()

    def own_state(self) -> dict[str, Any]:
        """Return what is worth keeping of the panel alone, as plain values for a JSON file."""
        return {}

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Take up what `own_state` returned; the workspace is what it was then already."""

    def taken_up(self) -> None:
        """Show what was taken up; panels that heard of changes in the workspace have done what follows."""
        self.arrived()

    def _restored(self, change: Any) -> None:
        """Take up what the workspace brings back, and at the end show it; or tell why not."""

        def taken() -> None:
            try:
                self.take_up(change.new[self.title])
            except F2Error:
                raise
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise ParameterError(f"The saved state of this panel is damaged: {error}.") from error

        if self.title in change.new:
            self.guarded(taken)
        elif self.title in change.old:
            self.guarded(self.taken_up)

    def poster(self) -> Mapping[str, Any]:
        """Return what stands in a notebook that is opened without a kernel, by mime type."""
        return {"text/html": f"<p>{html.escape(self.title)}</p>"}

    # The page's calls.

    @asked_by_page
    def show_code(self) -> dict[str, str]:
        """Return the Python and the shell lines that do what the panel does."""
        deeds = self.code()
        python = ["import f2widgets as f2", "", *(deed.python for deed in deeds)] if deeds else []
        return {"python": "\n".join(python), "shell": "\n".join(d.shell for d in deeds if d.shell)}

    @from_page
    def dismiss(self) -> None:
        """Take the message away."""
        self.message = {}

    def tell(self, text: str, kind: str = "note") -> None:
        """Show a sentence at the foot of the panel; kind is note or error."""
        self.message = {"kind": kind, "text": text}

    def write_out(self, path: str, usual: str, data: bytes, overwrite: bool = False) -> Path:
        """Write a file into the folder of products, or where its name says, and tell of it.

        Parameters
        ----------
        path : str
            The file; blank for the usual one.
        usual : str
            Its usual name.
        data : bytes
            What it shall hold.
        overwrite : bool, optional
            Replace a file that is there and holds something else.

        Returns
        -------
        `~pathlib.Path`
            The file.

        Raises
        ------
        NotWritten
            If a file is in the way, or the system refuses.
        """
        target = self.workspace.place(path, usual)
        if target.exists() and not overwrite and target.read_bytes() != data:
            raise NotWritten(f"{target} exists: give another name, or tick overwrite.")
        with written_whole(target) as stream:
            stream.write(data)
        self.tell(f"Written: {target}")
        return target

    def guarded(self, work: Callable[[], Any]) -> Any:
        """Do something; what it raises is told in the panel and returned, never lost.

        An error raised in a callback would appear neither on the page nor in the browser's console.

        Parameters
        ----------
        work : callable
            What to do.

        Returns
        -------
        object
            What it returned, or the exception.
        """
        try:
            return work()
        except F2Error as error:
            self.tell(str(error), "error")
            return error
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self.tell(f"{where}{error.strerror or error}. Check the file and its folder.", "error")
            return error
        except Exception as error:
            log.exception("%s failed", type(self).__name__)
            self.tell(
                f"This should not have happened: {type(error).__name__}: {error}. "
                "Run the cell again; the log of the kernel has the details.",
                "error",
            )
            return error

    def failed(self, error: BaseException) -> None:
        """Tell of an error that came back from another thread, as `guarded` does of others."""

        def again() -> None:
            raise error

        self.guarded(again)

    def _received(self, _: Any, content: Any, buffers: Any) -> None:
        """Take a message from a page."""
        match content:
            case {"ready": True}:
                self.guarded(self.arrived)
            case {"call": str(name), "arguments": dict(arguments), "number": int(number)}:
                self._answer(name, arguments, number)

    def _answer(self, name: str, arguments: dict[str, Any], number: int) -> None:
        """Carry out a call and answer it."""
        method = getattr(type(self), name, None)
        mark = getattr(method, _MARK, None)
        if mark is None:
            log.error("the page called %s.%s, which it may not", type(self).__name__, name)
            self.send({"answer": number, "error": f"{self.title} has no such action: {name}."})
            return
        assert method is not None
        if mark == "deed" and self.message.get("kind") == "error":
            self.message = {}  # the next deed answers the error before
        result = self.guarded(lambda: method(self, **arguments))
        if isinstance(result, Exception):
            self.send({"answer": number, "error": self.message.get("text", str(result))})
        elif isinstance(result, Reply):
            self.send({"answer": number, "value": result.value}, result.buffers)
        else:
            self.send({"answer": number, "value": result})

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the live view, and beside it the poster for when there is no kernel."""
        live: Any = super()._repr_mimebundle_(**kwargs)
        bundle, metadata = live
        made = self.guarded(lambda: dict(self.poster()))
        for mime, value in {} if isinstance(made, Exception) else made.items():
            bundle[mime] = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        return bundle, metadata


def table_html(columns: list[str], rows: list[list[Any]], caption: str = "", most: int = 20) -> str:
    """Return rows as a table for a poster; values are text, never markup.

    Parameters
    ----------
    columns : list of str
        Headings.
    rows : list of list
        Values.
    caption : str, optional
        Words above it.
    most : int, optional
        Rows that are shown; the others are counted.

    Returns
    -------
    str
        HTML.
    """
    heads = "".join(f"<th>{html.escape(str(one))}</th>" for one in columns)
    lines = [
        "<tr>" + "".join(f"<td>{html.escape('' if x is None else str(x))}</td>" for x in row) + "</tr>"
        for row in rows[:most]
    ]
    more = f"<p>… and {len(rows) - most} more</p>" if len(rows) > most else ""
    head = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{head}<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>{more}"
