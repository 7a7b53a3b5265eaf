-- How many locations the merchant has when these codes are there as well.
SELECT count(*) FROM (SELECT l.code FROM location AS l WHERE l.merchant_id = $1::bigint UNION SELECT n.code FROM unnest($2::text[]) AS n(code)) AS codes
