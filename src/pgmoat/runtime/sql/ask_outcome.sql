-- What became of a held write; its arguments as text, and those of type json. Parameters: its number.
SELECT o.state, o.operation, o.key, o.request, o.why, o.reason, o.expires_at, o.result::text, o.given_reason,
       (SELECT pg_catalog.jsonb_object_agg(e.key, pg_catalog.jsonb_build_array(e.value #>> '{}', (e.value -> 0)::text))
          FROM pg_catalog.jsonb_each(o.request) AS e)
  FROM pgmoat.outcome($1) AS o
