-- A log as people make it by hand, with a foreign key and a unique key. Parameters: people.
CREATE TABLE public.order_state_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES public.orders (id),
    previous_status smallint,
    new_status smallint NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    reason text,
    idempotency_key text UNIQUE
);
CREATE INDEX ON public.order_state_log (order_id);
GRANT SELECT, INSERT ON public.order_state_log TO {people};
