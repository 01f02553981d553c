"""Raw frames from the Gemini Observatory Archive, over its documented HTTP interface.

`fetch` does all; what it is made of:

- `records` reads the archive's records of files, `service` asks for them and for the files.
- `wanted` turns names, programmes and examples into files, `associated` finds their calibrations.
- `download` brings one file and checks it, `several` brings many at a time.
- `stand_in` is a server that behaves like the archive and offers the frames of a folder: for classes, for
  places without a network, and for tests.

The standard library does it: the interface is a few addresses that answer in JSON, and the client of
astroquery neither checks sums, nor continues where it stopped, nor asks for records of calibrations other
than by reading the archive's pages.
"""

import lazy_loader

#: The public names are those of the stub beside; each is imported when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
