-- What waits for workers, by role: role (null: all), ignored. Dead rows wait for people.
SELECT d.step AS role, count(*) FILTER (WHERE d.due_at <= now() AND NOT d.is_held) AS due, count(*) FILTER (WHERE d.is_held) AS held,
       count(*) FILTER (WHERE d.due_at > now() AND d.due_at < 'infinity' AND NOT d.is_held) AS later,
       count(*) FILTER (WHERE d.due_at = 'infinity') AS dead, count(*) FILTER (WHERE d.lease_until > now()) AS at_work,
       count(*) FILTER (WHERE d.attempt > 0) AS failed_before,
       (min(d.due_at) FILTER (WHERE d.due_at <= now() AND NOT d.is_held))::text AS oldest
  FROM due_job AS d WHERE $1::text IS NULL OR d.step = $1::text GROUP BY d.step ORDER BY d.step LIMIT $2::bigint
