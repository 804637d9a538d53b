"""One rule per file: what in a statement it objects to. :mod:`pgmoat.guard.check` lists them."""
