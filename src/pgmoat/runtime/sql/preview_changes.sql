-- What this transaction has written. Parameters: how many rows at the most.
SELECT p.entity, p.operation, p.before::text, p.after::text FROM pgmoat.preview_changes($1) AS p
