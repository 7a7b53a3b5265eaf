'use strict';

/* What goes wrong in the demo, at others' places. */

/* Of the store's webhooks, how many come twice, not at all, or in the wrong order. */
const WEBHOOKS = { duplicate: 0.1, drop: 0.03, reverse: 0.1, retry_ms: [100, 300, 1000, 2000] };

const FAULTS = {
  shopify: [
    { match: { operation: 'fulfillmentCreate', every: 37 }, do: { close: true, after_effect: true } },
    { match: { operation: 'fulfillmentCreate', every: 41 }, do: { throttled: true } },
    { match: { operation: 'graphql', every: 53 }, do: { throttled: true } },
    { match: { operation: 'graphql', every: 97 }, do: { status: 502 } },
  ],
  shippo: [
    { match: { operation: 'transaction_create', nth: [20, 90] },
      do: { carrier_error: 'The account is out of funds' } },
    { match: { operation: 'transaction_create', every: 43 }, do: { close: true, after_effect: true } },
    { match: { operation: 'transaction_create', every: 31 }, do: { status: 429, retry_after: 1 } },
    { match: { operation: 'shipment_create', every: 47 }, do: { status: 503 } },
    { match: { operation: 'shipment_create', every: 59 }, do: { slow_ms: 1500 } },
    { match: { operation: 'label_get', every: 67 }, do: { status: 503 } },
  ],
  smtp: [
    { match: { operation: 'rcpt', every: 29 }, do: { reply: '451 4.3.0 later' } },
  ],
};

module.exports = { FAULTS, WEBHOOKS };
