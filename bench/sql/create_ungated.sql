-- The entity orders without its gate, to find the gate's share. Parameters: views (the role that owns entities), agent.
CREATE SCHEMA by_hand;
GRANT USAGE ON SCHEMA by_hand TO {agent};
CREATE VIEW by_hand.orders_ungated AS
SELECT b.id, b.usr_id AS customer_id, m.word AS fulfillment_status, b.flg_1 AS requires_signature,
       b.amt AS amount, b.upd_ts AS last_modified_at, b.v AS version
  FROM public.orders AS b
  LEFT JOIN pgmoat_map.orders__fulfillment_status AS m ON m.code = b.stat_cd
 WHERE b.deleted_at IS NULL;
GRANT SELECT ON by_hand.orders_ungated TO {agent};
ALTER VIEW by_hand.orders_ungated OWNER TO {views};
