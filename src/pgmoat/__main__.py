"""``python -m pgmoat``."""

from pgmoat.cli.main import main

if __name__ == "__main__":
    main()
