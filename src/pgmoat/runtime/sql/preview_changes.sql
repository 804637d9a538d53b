-- What this transaction has written. Parameters: how many rows at the most.
SELECT p.entity, p.operation, p.before, p.after FROM pgmoat.preview_changes($1) AS p
