"""``python -m convoscope``: the command line."""

from convoscope.cli.main import main

if __name__ == "__main__":
    main()
