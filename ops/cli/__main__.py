"""``python -m ops.cli`` is ``watchline``."""

from ops.cli.app import main

if __name__ == "__main__":
    main()
