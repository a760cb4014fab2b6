"""`python -m eva` is the `eva` command."""

from eva.cli import main

if __name__ == "__main__":
    main()
