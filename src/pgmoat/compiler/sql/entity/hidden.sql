-- Counts rows of an entity that its callers do not see, as far as the policy lets them know of such rows.
-- Arguments: an object of columns that the caller may select and their values; a row must have all of them.
-- Returns an object of counts, cut off at 100: deleted, out_of_scope; only what the policy tells is in it.
CREATE OR REPLACE FUNCTION {function}(conditions jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS {body};
