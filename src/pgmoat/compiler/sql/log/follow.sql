-- The part of a log's trigger that lets the entity's state follow.

    UPDATE {entity_view} AS e SET {state} = NEW.new_status::{state_type}
     WHERE {matches_entity} AND e.{state}::text IS NOT DISTINCT FROM present;
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_moved({entity}, {key});
    END IF;
