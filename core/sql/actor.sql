-- Who acts until the end of the transaction.
SELECT set_config('waybill.actor', $1::text, true)
