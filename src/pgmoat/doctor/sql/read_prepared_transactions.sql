-- Transactions that PREPARE TRANSACTION left behind, in any database. Their locks stay for ever.
-- Parameters: agent_roles. Columns: id and database (as bytes), owner, age_s, is_agent.
SELECT
    pg_catalog.textsend(x.gid) AS id,
    x.owner::pg_catalog.text AS owner,
    pg_catalog.textsend(x.database::pg_catalog.text) AS database,
    EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() - x.prepared)::pg_catalog.int8 AS age_s,
    x.owner = ANY (%(agent_roles)s::pg_catalog.text[]) AS is_agent
FROM pg_catalog.pg_prepared_xacts AS x
ORDER BY x.prepared, x.gid
