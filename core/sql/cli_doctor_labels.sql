-- Money at carriers that nobody looks after yet: how many labels are to be given back, for how much; and of cancelled shipments, how many may
-- have been bought.
SELECT (SELECT count(*) FROM label_purchase WHERE state = 'voiding'),
       (SELECT string_agg(to_char(m.cost / 10000.0, 'FM999999999999990.00') || ' ' || m.currency, ', ' ORDER BY m.currency)
          FROM (SELECT currency, sum(cost) AS cost FROM label_purchase WHERE state = 'voiding' GROUP BY currency) AS m),
       (SELECT count(*) FROM label_purchase AS l JOIN parcel AS p ON p.id = l.parcel_id JOIN shipment AS s ON s.id = p.shipment_id
         WHERE l.state IN ('intended', 'unknown') AND s.state = 'cancelled')
