-- The present state of every row of the entity, with its newest event.
CREATE VIEW {view} AS
SELECT {entity_key}, {status} AS status, n.event_id, n.changed_by, n.changed_at
  FROM {entity_view} AS e
  LEFT JOIN LATERAL (
        SELECT l.event_id, l.new_status, l.changed_by, l.changed_at FROM {table} AS l
         WHERE {matches} ORDER BY l.event_id DESC LIMIT 1) AS n ON true;
