-- Codes in stat_cd: 9 and 8 at 0.1 % each, 1 at 5 %, 2 at 15 %, 7 at 70 %, the rest NULL; in flg: 1 at 0.1 %.
-- Parameters: rows.
CREATE TABLE public.parcels (id bigint PRIMARY KEY, stat_cd smallint, flg smallint NOT NULL, pad text NOT NULL);
SELECT pg_catalog.setseed(0.1);
INSERT INTO public.parcels (id, stat_cd, flg, pad)
SELECT q.i, CASE WHEN q.r < 0.001 THEN 9 WHEN q.r < 0.002 THEN 8 WHEN q.r < 0.052 THEN 1
                 WHEN q.r < 0.202 THEN 2 WHEN q.r < 0.902 THEN 7 END,
       CASE WHEN q.s < 0.001 THEN 1 ELSE 0 END, repeat('x', 60)
  FROM (SELECT i, random() AS r, random() AS s FROM pg_catalog.generate_series(1, {rows}) AS i) AS q;
CREATE INDEX ON public.parcels (stat_cd);
CREATE INDEX ON public.parcels (flg);
