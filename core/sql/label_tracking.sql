-- What the carrier said of labels that are the ones of their parcels: purchase, tracking number, its page, carrier, service.
UPDATE parcel AS p SET tracking_number = coalesce(n.number, p.tracking_number), tracking_url = coalesce(n.url, p.tracking_url),
       carrier = coalesce(n.carrier, p.carrier), service = coalesce(n.service, p.service), tracking_status = coalesce(p.tracking_status, 'label_created')
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) AS n(id, number, url, carrier, service)
  JOIN label_purchase AS l ON l.id = n.id AND l.state IS NOT DISTINCT FROM 'bought'
 WHERE p.id = l.parcel_id
