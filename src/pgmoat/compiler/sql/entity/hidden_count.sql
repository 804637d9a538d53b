-- The count of one kind of hidden rows.

    EXECUTE {query} || tests || ' LIMIT 100) AS hidden' INTO counted USING conditions{values};
    counts := counts || jsonb_build_object({kind}, counted);
