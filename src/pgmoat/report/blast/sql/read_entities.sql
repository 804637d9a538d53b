-- Entities. Columns: name, base_table.
SELECT e.name, e.base_table FROM pgmoat.entity AS e ORDER BY e.name
