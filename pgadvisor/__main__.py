"""``python -m pgadvisor`` is the same as ``pgadvisor``."""

from pgadvisor.cli.app import main

if __name__ == "__main__":
    main()
