-- What workers do, and on which rows.
SELECT r.role, r.tbl::text AS rows FROM work_role AS r
UNION ALL VALUES ('ingest', 'messages'), ('dead', 'messages') ORDER BY 1
