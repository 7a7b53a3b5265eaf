'use strict';

/* What the simulated carriers ask for a shipment. Prices are whole cents. */

const GRAMS = { g: 1, kg: 1000, oz: 28.349523125, lb: 453.59237 };

/* Domestic and international services: a base price and a price per started half kilogram. */
const SERVICES = [
  { provider: 'USPS', name: 'Ground Advantage', token: 'usps_ground_advantage', abroad: false,
    base: 450, step: 60, days: 5, max_grams: 31751 },
  { provider: 'USPS', name: 'Priority Mail', token: 'usps_priority', abroad: false,
    base: 780, step: 95, days: 2, max_grams: 31751 },
  { provider: 'UPS', name: 'Ground', token: 'ups_ground', abroad: false,
    base: 910, step: 48, days: 4, max_grams: 68038 },
  { provider: 'FedEx', name: '2 Day', token: 'fedex_2_day', abroad: false,
    base: 1890, step: 140, days: 2, max_grams: 68038 },
  { provider: 'USPS', name: 'Priority Mail International', token: 'usps_priority_mail_international',
    abroad: true, base: 3450, step: 310, days: 10, max_grams: 31751 },
  { provider: 'UPS', name: 'Worldwide Saver', token: 'ups_saver', abroad: true,
    base: 5200, step: 420, days: 4, max_grams: 68038 },
  { provider: 'DHL Express', name: 'Worldwide', token: 'dhl_express_worldwide', abroad: true,
    base: 4990, step: 400, days: 3, max_grams: 68038 },
];

function weight_grams(parcel) {
  return Number(parcel.weight) * GRAMS[parcel.mass_unit];
}

function price_cents(service, parcels) {
  return parcels.reduce((sum, parcel) =>
    sum + service.base + service.step * Math.ceil(weight_grams(parcel) / 500), 0);
}

const TERRITORIES = ['AA', 'AE', 'AP', 'AS', 'FM', 'GU', 'MH', 'MP', 'PR', 'PW', 'VI'];
const EU = ['AT', 'BE', 'BG', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FR', 'GR', 'HR', 'HU', 'IE', 'IT', 'LT', 'LU', 'LV', 'MT',
  'NL', 'PL', 'PT', 'RO', 'SE', 'SI', 'SK'];

/* Carriers want a declaration for what leaves a country or its union, and for American territories and military post. */
function needs_declaration({ address_from: from, address_to: to }) {
  const area = ({ country, state }) => (country === 'US' && TERRITORIES.includes(state) ? state : EU.includes(country) ? 'EU' : country);
  return area(from) !== area(to);
}

/* { rates: [{ service, cents }], messages } for a checked shipment. `down`: text by carrier. */
function quote(shipment, down) {
  const abroad = shipment.address_from.country !== shipment.address_to.country;
  const rates = [];
  const messages = [];
  const complain = (source, text) => messages.push({ source, code: '', text });
  for (const service of SERVICES.filter((one) => one.abroad === abroad)) {
    const heaviest = Math.max(...shipment.parcels.map(weight_grams));
    if (down[service.provider]) complain(service.provider, down[service.provider]);
    else if (needs_declaration(shipment) && !shipment.customs_declaration) {
      complain(service.provider, 'A customs declaration is required for this shipment.');
    } else if (heaviest > service.max_grams) complain(service.provider, 'The parcel is too heavy.');
    else rates.push({ service, cents: price_cents(service, shipment.parcels) });
  }
  return { rates, messages };
}

function attributes(rates) {
  const least = (read) => rates.reduce((best, one) => (read(one) < read(best) ? one : best), rates[0]);
  const cheapest = least((one) => one.cents);
  const fastest = least((one) => one.service.days);
  return (one) => [...(one === cheapest ? ['CHEAPEST', 'BESTVALUE'] : []),
    ...(one === fastest ? ['FASTEST'] : [])];
}

module.exports = { quote, attributes };
