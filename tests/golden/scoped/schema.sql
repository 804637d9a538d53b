CREATE TABLE public.orders (
    id bigserial PRIMARY KEY, usr_id bigint NOT NULL, stat_cd integer NOT NULL DEFAULT 1, tenant varchar(20) NOT NULL DEFAULT 'a'
);
CREATE TABLE public.order_items (id bigserial PRIMARY KEY, ord_id bigint NOT NULL, sku text);
ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.orders USING (tenant = current_setting('app.tenant'));
