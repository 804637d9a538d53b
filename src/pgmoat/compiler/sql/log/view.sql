-- An event log as agents see it, through the gate like every entity.
CREATE VIEW {view} AS
SELECT {columns}
  FROM {table} AS l,
       pg_catalog.generate_series(1, 1) AS one
 WHERE {in_scope}(SELECT pgmoat.gate({log}));
