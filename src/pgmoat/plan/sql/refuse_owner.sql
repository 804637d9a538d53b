-- Refuses to drop a role that owns something in this database: given to a superuser, a function or view that an agent
-- made would run with a superuser's rights. Placeholders: role (literal).
DO $body$
DECLARE
    owned text;
BEGIN
    SELECT pg_catalog.string_agg(o.type || ' ' || o.identity, ', ' ORDER BY o.identity) INTO owned
      FROM pg_catalog.pg_shdepend AS d
      CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) AS o
     WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
       AND d.refobjid = (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = {role})
       AND d.deptype = 'o'
       AND d.dbid = (SELECT b.oid FROM pg_catalog.pg_database AS b WHERE b.datname = pg_catalog.current_database())
       AND COALESCE(o.schema, '') !~ '^pg_(toast_)?temp_';
    IF owned IS NOT NULL THEN
        RAISE EXCEPTION 'role % owns %', {role}, owned
            USING HINT = 'Look at what it made, then DROP it or give it to a role with as few rights.';
    END IF;
END
$body$
