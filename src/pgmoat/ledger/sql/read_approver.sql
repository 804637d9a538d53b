-- Whether the caller may decide, and which roles may; asked of catalogs that everybody may read.
-- Parameters: none. Columns: as in pgmoat.ledger.approvals.Approver; no row where nothing can be decided here.
SELECT pg_catalog.has_function_privilege(p.oid, 'EXECUTE') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_decide,
       COALESCE((SELECT pg_catalog.string_agg(pg_catalog.pg_get_userbyid(x.grantee)::pg_catalog.text, ', ' ORDER BY 1)
                   FROM pg_catalog.aclexplode(p.proacl) AS x
                  WHERE x.privilege_type = 'EXECUTE' AND x.grantee NOT IN (0, p.proowner)), '') AS role
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname = 'pgmoat' AND p.proname = 'decide'
   AND pg_catalog.pg_get_function_identity_arguments(p.oid)
       = 'approval bigint, fingerprint bytea, is_approved boolean, who text, reason text';
