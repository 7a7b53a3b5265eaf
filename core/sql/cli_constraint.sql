-- What a constraint or a unique index wants, in words: its comment, else its columns and what kind it is. Its name.
WITH c AS (
  SELECT o.oid, 'pg_constraint' AS class, o.conrelid AS tbl, o.conkey AS columns, o.contype::text AS kind FROM pg_constraint AS o
   WHERE o.conname = $1::text AND o.connamespace = 'public'::regnamespace
  UNION ALL
  SELECT i.indexrelid, 'pg_class', i.indrelid, i.indkey::int2[], 'u' FROM pg_index AS i JOIN pg_class AS k ON k.oid = i.indexrelid
   WHERE k.relname = $1::text AND k.relnamespace = 'public'::regnamespace
   ORDER BY class LIMIT 1
)
SELECT coalesce(obj_description(c.oid, c.class),
                coalesce((SELECT string_agg(replace(regexp_replace(a.attname, '^is_|_code$|_id$', ''), '_', '-'), ' and ' ORDER BY a.attnum)
                            FROM pg_attribute AS a WHERE a.attrelid = c.tbl AND a.attnum = ANY (c.columns)), c.tbl::regclass::text)
                || CASE c.kind WHEN 'f' THEN ': there is none such' WHEN 'u' THEN ': there is one already' WHEN 'p' THEN ': there is one already'
                     ELSE CASE WHEN cardinality(c.columns) > 1 THEN ': these do not go together'
                               ELSE ': is empty, too long, or not of the form that is needed' END END)
  FROM c
