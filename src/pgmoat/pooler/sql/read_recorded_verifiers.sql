-- Password verifiers as apply recorded them, for an owner of pgmoat who is no superuser.
-- Parameters: roles (text[]). Columns: role, password_verifier.
SELECT a.role::pg_catalog.text AS role, a.password_verifier
FROM pgmoat.agent AS a
WHERE a.role::pg_catalog.text = ANY (%(roles)s::pg_catalog.text[]) AND a.retired_at IS NULL
ORDER BY role
