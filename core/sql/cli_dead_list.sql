-- Jobs that gave up, by cause: closed ones too?
SELECT d.fingerprint, d.role, count(*) AS letters, min(d.id) AS first, max(d.at)::text AS latest, d.state, min(d.error) AS error
  FROM dead_letter AS d WHERE $1::text IS NOT NULL OR d.state = 'open' GROUP BY d.fingerprint, d.role, d.state ORDER BY max(d.at) DESC
