-- Password verifiers, for a superuser.
-- Parameters: roles (text[]). Columns: role, password_verifier.
SELECT a.rolname::pg_catalog.text AS role, a.rolpassword AS password_verifier
FROM pg_catalog.pg_authid AS a
WHERE a.rolname = ANY (%(roles)s::pg_catalog.text[])
ORDER BY role
