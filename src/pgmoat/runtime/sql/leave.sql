-- Leaves any task for the rest of the transaction: what another client left on the session is none of ours.
SELECT pg_catalog.set_config('pgmoat.token', '', true), pg_catalog.set_config('application_name', 'pgmoat', true)
