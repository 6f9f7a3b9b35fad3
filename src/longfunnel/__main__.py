"""``python -m longfunnel``: the same as the ``longfunnel`` command."""

from longfunnel.cli import main

if __name__ == "__main__":
    main()
