-- Items whose queue was served; not those for which more has come meanwhile.
UPDATE item AS i SET step = NULL, attempt = 0, error = NULL
  FROM unnest($1::bigint[], $2::text[]) AS n(id, due_at)
 WHERE i.id = n.id AND i.due_at = n.due_at::timestamptz
