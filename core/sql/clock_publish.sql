-- Rows of a role to publish now, oldest first, marked, and whether they must be taken alone: role, seconds, seconds, most.
SELECT w.id, w.is_suspect
  FROM work_publish((SELECT r.tbl FROM work_role AS r WHERE r.role = $1::text), $1::text, $2::bigint * interval '1 second',
                    $3::bigint * interval '1 second', $4::bigint::int) AS w
