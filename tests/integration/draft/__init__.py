"""`pgmoat init` on real databases: drafted, planned, applied, drafted again."""
