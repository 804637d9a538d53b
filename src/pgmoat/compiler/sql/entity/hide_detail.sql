-- The end of the block around a base write on entities that some agent writes without reading every column.
EXCEPTION WHEN integrity_constraint_violation THEN
        PERFORM pgmoat.refuse_constraint(SQLERRM, SQLSTATE);
    END;
