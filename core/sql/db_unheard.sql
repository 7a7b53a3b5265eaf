-- A row if this session of ours has waited for us for a while: its process.
SELECT 1 FROM pg_stat_activity
 WHERE pid = $1::bigint AND wait_event = 'ClientRead' AND state_change < now() - interval '1 second'
