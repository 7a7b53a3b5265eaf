-- Rows of a role to publish now, oldest first, marked: role, seconds, seconds, most.
SELECT work_publish((SELECT w.tbl FROM work_role AS w WHERE w.role = $1::text), $1::text, $2::bigint * interval '1 second',
                    $3::bigint * interval '1 second', $4::bigint::int)
