-- What an agent never has: the table itself, so that the same statement runs with and without pgmoat. Parameters: agent.
GRANT SELECT, UPDATE ON public.orders TO {agent};
