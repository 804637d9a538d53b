-- Ends a keyed write. Parameters: the call, the rows, whether some are left out.
SELECT pgmoat.finish_write($1, $2, $3)
