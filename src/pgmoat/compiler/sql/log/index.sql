-- Finds the newest event of a row.
CREATE INDEX ON {table} ({key_names}, event_id);
