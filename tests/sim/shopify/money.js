'use strict';

/*
 * Money inside the simulator is a whole number of the currency's smallest unit. REST bodies write
 * it with the currency's digits ("10.00", "1000" yen), GraphQL with at least one ("10.0").
 */

const NO_DIGITS = ['CLP', 'ISK', 'JPY', 'KRW', 'PYG', 'UGX', 'VND', 'XAF', 'XOF'];
const THREE_DIGITS = ['BHD', 'JOD', 'KWD', 'OMR', 'TND'];

function digits_of(currency) {
  if (NO_DIGITS.includes(currency)) return 0;
  return THREE_DIGITS.includes(currency) ? 3 : 2;
}

/* "12.5" in `currency` as minor units. */
function parse_money(text, currency) {
  const digits = digits_of(currency);
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text));
  if (!found) throw new Error(`not an amount: ${text}`);
  const fraction = (found[3] || '').replace(/0+$/, '');
  if (fraction.length > digits) throw new Error(`${text} has too many digits for ${currency}`);
  const minor = Number(found[2] + fraction.padEnd(digits, '0'));
  if (!Number.isSafeInteger(minor)) throw new Error(`amount too large: ${text}`);
  return found[1] ? -minor : minor;
}

function rest_amount(minor, currency) {
  const digits = digits_of(currency);
  if (digits === 0) return String(minor);
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  return `${minor < 0 ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function graphql_amount(minor, currency) {
  const text = rest_amount(minor, currency);
  if (!text.includes('.')) return `${text}.0`;
  return text.replace(/0+$/, '').replace(/\.$/, '.0');
}

/* What `minor` of the shop's currency is in the buyer's. */
function presented(order, minor) {
  if (order.currency === order.presentment_currency) return minor;
  const shift = 10 ** (digits_of(order.presentment_currency) - digits_of(order.currency));
  return Math.round(minor * order.presentment_rate * shift);
}

function bag(order, minor, write) {
  return {
    shop_money: { amount: write(minor, order.currency), currency_code: order.currency },
    presentment_money: {
      amount: write(presented(order, minor), order.presentment_currency),
      currency_code: order.presentment_currency,
    },
  };
}

const rest_bag = (order, minor) => bag(order, minor, rest_amount);
const graphql_bag = (order, minor) => bag(order, minor, graphql_amount);

module.exports = { parse_money, rest_amount, graphql_amount, rest_bag, graphql_bag };
