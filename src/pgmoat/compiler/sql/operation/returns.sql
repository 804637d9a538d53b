-- The rows of an operation's result: what is cut off is said.
    FOR pgmoat_row IN
{statement}
    LOOP
        pgmoat_bytes := pgmoat_bytes + pg_catalog.octet_length(pg_catalog.to_jsonb(pgmoat_row)::text);
        IF pg_catalog.cardinality(pgmoat_rows) >= 100 OR pgmoat_bytes > 65536 THEN
            pgmoat_truncated := true;
            EXIT;
        END IF;
        pgmoat_rows := pg_catalog.array_append(pgmoat_rows, pg_catalog.to_jsonb(pgmoat_row));
    END LOOP;
