-- Deletes the record of what PUBLIC has again, or what is gone. Placeholders: rows.
DELETE FROM pgmoat.closure AS c
USING (VALUES
    {rows}
) AS f (object_kind, object, column_name, privilege, grantor, object_id)
WHERE c.object_kind = f.object_kind
    AND c.object = f.object
    AND c.column_name = f.column_name
    AND c.privilege = f.privilege
    AND c.grantor = f.grantor
    AND c.object_id = f.object_id
