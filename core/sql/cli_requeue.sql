-- Rows of a role are due now: role, ids (null: all).
SELECT work_requeue($1::text, $2::bigint[])
