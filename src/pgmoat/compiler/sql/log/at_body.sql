-- One query for a given row, so that it takes the index, and one for all.
#variable_conflict use_column
DECLARE
    asked timestamptz := {label}."at";
BEGIN
    IF {is_keyed} THEN
        RETURN QUERY {query} WHERE {matches_parameters};
    ELSE
        RETURN QUERY {query};
    END IF;
END
