"""`python -m vrepl` is the `vrepl` program."""

from vrepl.fronts.cli import main

raise SystemExit(main())
