-- The try did not take place, because the job was not there to be taken: role, key. What nobody knew anything of is forgotten.
WITH unknown AS (
  DELETE FROM suspect WHERE role = $1::text AND key = $2::text AND tries <= 1 AND NOT is_begun
)
UPDATE suspect SET tries = tries - 1 WHERE role = $1::text AND key = $2::text AND (tries > 1 OR is_begun)
