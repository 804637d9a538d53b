-- about: every role may connect to another database, in which every role may read
-- claim: connect-database CONNECT OTHER
-- other seed
CREATE TABLE public.archive (text text);
INSERT INTO public.archive VALUES ('secret');
GRANT SELECT ON public.archive TO PUBLIC;
-- other exploit
SELECT text = 'secret' FROM public.archive;
-- other people
SELECT text FROM public.archive;
