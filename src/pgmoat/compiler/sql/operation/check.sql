-- Has PostgreSQL look at one statement of an operation, as the operation's role, without running it: syntax, names, types
-- (PREPARE), privileges and triggers (EXPLAIN). A prepared statement outlives a rollback, so it is always dropped.
-- Placeholders: prepare, explain (literals).
DO $check$
BEGIN
    EXECUTE {prepare};
    BEGIN
        EXECUTE {explain};
    EXCEPTION WHEN OTHERS THEN
        DEALLOCATE pgmoat_check;
        RAISE;
    END;
    DEALLOCATE pgmoat_check;
END
$check$
