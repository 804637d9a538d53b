-- A table to aggregate over. Parameters: rows, people.
CREATE TABLE public.events (id bigint PRIMARY KEY, knd_cd smallint NOT NULL, amt integer NOT NULL);
INSERT INTO public.events (id, knd_cd, amt)
SELECT i, i % 5, i % 1000 FROM pg_catalog.generate_series(1, {rows}) AS i;
GRANT SELECT ON public.events TO {people};
