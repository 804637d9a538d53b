-- Entities. Columns: name, base_table, key_columns, doc.
SELECT e.name, e.base_table, e.key_columns, e.doc FROM pgmoat.entity AS e ORDER BY e.name
