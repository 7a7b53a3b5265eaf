-- Which of these are there before, in the same rows: keys, keys. Rows without a key are left out.
SELECT d.n FROM (SELECT k.n, row_number() OVER (PARTITION BY name_key(k.a), name_key(k.b) ORDER BY k.n) AS nth
                   FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(a, b, n) WHERE k.a IS NOT NULL AND k.b IS NOT NULL) AS d
 WHERE d.nth > 1 ORDER BY d.n
