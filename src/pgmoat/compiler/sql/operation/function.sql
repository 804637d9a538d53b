-- An operation: runs with the rights of its own role, and on behalf of session_user.
-- Parameters stand as $1, $2… in the policy's SQL, so that no name of a column can be taken for one.
CREATE FUNCTION {function}({parameters})
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER
{settings}
AS {body};
