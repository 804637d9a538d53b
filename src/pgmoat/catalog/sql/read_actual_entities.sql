-- Entities. Columns: name, base_table, key_columns, doc, drawn_columns.
SELECT e.name, e.base_table, e.key_columns, e.doc, e.drawn_columns FROM pgmoat.entity AS e ORDER BY e.name
