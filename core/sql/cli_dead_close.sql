-- A dead letter is dealt with, and its order knows: id, state, note.
WITH d AS (
  UPDATE dead_letter SET state = $2::text, closed_by = event_actor(), closed_at = now(), closed_note = $3::text
   WHERE id = $1::bigint RETURNING id, role, order_id
)
SELECT events_add(ARRAY[d.order_id], ARRAY['dead_letter_' || $2::text], notes => ARRAY[$3::text],
                  details => ARRAY[jsonb_build_object('dead_letter', d.id, 'role', d.role)])
  FROM d WHERE d.order_id IS NOT NULL
