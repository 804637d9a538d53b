-- The entity parcels as one would write it by hand: CASE, and the same gate. Parameters: views, agent.
CREATE SCHEMA by_hand;
GRANT USAGE ON SCHEMA by_hand TO {agent};
CREATE VIEW by_hand.parcels AS
SELECT b.id,
       CASE b.stat_cd WHEN 1 THEN 'waiting' WHEN 2 THEN 'packed' WHEN 7 THEN 'delivered' WHEN 8 THEN 'lost'
                      WHEN 9 THEN 'damaged' END AS status,
       CASE b.flg WHEN 0 THEN 'no_cover' WHEN 1 THEN 'full_cover' END AS insured,
       b.pad AS label
  FROM public.parcels AS b
 WHERE (SELECT pgmoat.gate('parcels'));
GRANT SELECT ON by_hand.parcels TO {agent};
ALTER VIEW by_hand.parcels OWNER TO {views};
