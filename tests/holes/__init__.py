"""Classic holes: each in a file of SQL with how it is made, used, and by whom it is needed."""
