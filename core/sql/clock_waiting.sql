-- Roles with rows to publish: seconds without being taken, seconds between two publishes.
SELECT work_waiting($1::bigint * interval '1 second', $2::bigint * interval '1 second')
