"""The command line: a thin door. It reads words, calls one use case, prints the answer."""


def main() -> None:
    """Entry point of the ``longfunnel`` command."""
    from longfunnel.cli.main import run

    run()
