-- An entity: legible names, decoded values, only rows that are not deleted, and only through the gate.
-- "one" is always one row. With a single item in FROM, PostgreSQL 16 and later move this WHERE into the ON of an outer
-- join around the view, and ask the gate only after rows have met the query's own functions.
-- A scoped view reads the task's values once (MATERIALIZED), and is fenced (OFFSET 0): the agent's own conditions meet
-- rows in scope only, so that neither a function nor EXPLAIN tells of others.
CREATE VIEW {view}{options} AS
{values}SELECT {columns}
  FROM {table} AS b{joins},
       pg_catalog.generate_series(1, 1) AS one
 WHERE {is_active}{is_in_scope}(SELECT pgmoat.gate({entity})){fence};
