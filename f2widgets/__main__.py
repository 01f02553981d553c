"""``python -m f2widgets`` does what the ``f2`` command does."""

from f2widgets.cli.main import main

if __name__ == "__main__":
    main()
