-- What a hardening took from PUBLIC. Columns: area, object_kind, object, column_name ('' for none), privilege, grantor,
-- grantees, was_default.
SELECT c.area, c.object_kind, c.object, c.column_name, c.privilege, c.grantor, c.grantees, c.was_default
FROM pgmoat.closure AS c
ORDER BY c.area, c.object_kind, c.object, c.column_name, c.privilege, c.grantor
