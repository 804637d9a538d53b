-- Every row of the entity with its state at the time asked.
SELECT {entity_key}, CASE WHEN b.event_id IS NOT NULL THEN b.new_status
                                WHEN a.event_id IS NOT NULL THEN a.previous_status ELSE {state} END, b.event_id
          FROM {entity_view} AS e
          LEFT JOIN LATERAL (SELECT l.event_id, l.new_status FROM {table} AS l
                WHERE {matches} AND l.changed_at <= asked ORDER BY l.event_id DESC LIMIT 1) AS b ON true
          LEFT JOIN LATERAL (SELECT l.event_id, l.previous_status FROM {table} AS l
                WHERE {matches} AND l.changed_at > asked ORDER BY l.event_id LIMIT 1) AS a ON true
