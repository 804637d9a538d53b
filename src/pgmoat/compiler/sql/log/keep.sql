-- Refuses every UPDATE, DELETE and TRUNCATE, whoever sends it; ALWAYS, so that session_replication_role does not help.
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.refuse_edit();
