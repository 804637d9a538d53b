-- An entity: legible names, decoded values, only rows that are not deleted, and only through the gate.
-- "one" is always one row. With a single item in FROM, PostgreSQL 16 and later move this WHERE into the ON of an outer
-- join around the view, and ask the gate only after rows have met the query's own functions.
CREATE VIEW {view} AS
SELECT {columns}
  FROM {table} AS b{joins},
       pg_catalog.generate_series(1, 1) AS one
 WHERE {is_active}(SELECT pgmoat.gate({entity}));
