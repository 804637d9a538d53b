-- Entities. Columns: name, base_table, key_columns, doc, drawn_columns.
SELECT e.name, e.base_table, e.key_columns, e.doc,
       -- By name, because a database before migration 5 has no such column: empty, as it will be.
       ARRAY(SELECT d.name FROM pg_catalog.jsonb_array_elements_text(pg_catalog.to_jsonb(e) -> 'drawn_columns') AS d (name))
           AS drawn_columns
  FROM pgmoat.entity AS e ORDER BY e.name
