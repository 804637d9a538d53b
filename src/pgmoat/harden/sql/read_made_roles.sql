-- Roles that apply made, those that the policy does not name any more among them. Columns: name.
SELECT o.name FROM pgmoat.object AS o WHERE o.kind = 'role' ORDER BY o.name
