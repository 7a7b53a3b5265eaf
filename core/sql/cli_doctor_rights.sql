-- May this user do the workers' work; may it do what no worker may; is it one of people's?
SELECT has_table_privilege('orders', 'INSERT, UPDATE') AND has_table_privilege('allocation', 'INSERT, DELETE')
         AND has_table_privilege('order_event', 'SELECT'),
       has_table_privilege('order_event', 'DELETE') OR has_column_privilege('stock', 'on_hand', 'UPDATE'),
       pg_has_role('waybill_operator', 'MEMBER') AND NOT pg_has_role('waybill', 'MEMBER')
