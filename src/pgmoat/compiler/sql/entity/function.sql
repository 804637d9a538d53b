-- A row trigger function of one entity. Runs with the writer role's rights, which hold no DELETE.
CREATE OR REPLACE FUNCTION {function}()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
{settings}
AS {body};
