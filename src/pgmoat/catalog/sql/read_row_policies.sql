-- Row security policies of people's tables.
-- Parameters: relations (oid[]). Needs search_path = pg_catalog, so that calls in expressions come qualified.
-- Columns: relation (oid), then the fields of TablePolicy.
SELECT
    p.polrelid::pg_catalog.int8 AS relation,
    p.polname::pg_catalog.text AS name,
    p.polpermissive AS is_permissive,
    p.polcmd::pg_catalog.text AS command,
    ARRAY(
        SELECT CASE r.role WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(r.role)::pg_catalog.text END
        FROM pg_catalog.unnest(p.polroles) AS r (role)
        ORDER BY 1
    ) AS roles,
    -- In doubt true. What is called may call on: a function that is not PostgreSQL's own counts whatever its text says.
    pg_catalog.concat(
        pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
    ) ~ '\m(current_setting|pg_settings|pg_show_all_settings|query_to_xml\w*)\M'
    OR EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        LEFT JOIN pg_catalog.pg_class AS c
            ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
            AND d.objid = p.oid
            AND d.refobjid <> p.polrelid
            AND (
                d.refclassid IN (
                    'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass
                )
                -- A view may read one, and so may the policies of another table.
                OR c.relkind = 'v'
                OR c.relrowsecurity
            )
    ) AS reads_settings,
    pg_catalog.obj_description(p.oid, 'pg_policy') AS comment
FROM pg_catalog.pg_policy AS p
WHERE p.polrelid = ANY (%(relations)s::pg_catalog.oid[])
ORDER BY p.polrelid, p.polname
