-- Migrations that this database has had. Columns: number.
SELECT m.number FROM pgmoat.migration AS m ORDER BY m.number
