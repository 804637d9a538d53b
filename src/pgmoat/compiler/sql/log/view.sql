-- An event log as agents see it, through the gate like every entity. Where the entity is scoped, events of the rows in
-- scope only, and fenced like the entity's view.
CREATE VIEW {view}{options} AS
SELECT {columns}
  FROM {table} AS l,
       pg_catalog.generate_series(1, 1) AS one
 WHERE {in_scope}(SELECT pgmoat.gate({log})){fence};
