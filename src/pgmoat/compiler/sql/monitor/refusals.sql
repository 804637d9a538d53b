-- How often agents were refused, and why.
CREATE VIEW pgmoat.refusals AS
SELECT r.agent, r.code, c.meaning, r.refusals, r.since
  FROM pgmoat.read_refusals() AS r
  LEFT JOIN pgmoat.refusal_codes() AS c ON c.code = r.code
 WHERE r.refusals > 0;
