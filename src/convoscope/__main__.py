"""The command line's beginning, ``convoscope`` and ``python -m convoscope``: it can be interrupted from the start."""

import signal


def main() -> None:
    """Import the commands, and run the one that was typed."""
    given = signal.getsignal(signal.SIGINT)
    if given is signal.default_int_handler:
        # There is nothing to tidy up yet. An exception in the middle of an import would be shown as a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from convoscope.cli.main import main as run

    signal.signal(signal.SIGINT, given)
    run()


if __name__ == "__main__":
    main()
