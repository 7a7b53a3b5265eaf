'use strict';

/* Shippo's field maps for what a request lacks: {"address_to": ["This field is required."]}. */

const REQUIRED = ['This field is required.'];
const PARCEL_FIELDS = ['length', 'width', 'height', 'distance_unit', 'weight', 'mass_unit'];
const UNITS = { distance_unit: ['cm', 'in', 'ft', 'm', 'mm', 'yd'], mass_unit: ['g', 'kg', 'lb', 'oz'] };

function is_object(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function parcel_errors(parcel) {
  const errors = {};
  for (const field of PARCEL_FIELDS) {
    const value = parcel[field];
    if (value === undefined || value === null || value === '') errors[field] = REQUIRED;
    else if (UNITS[field]) {
      if (!UNITS[field].includes(value)) errors[field] = [`"${value}" is not a valid choice.`];
    } else if (!(Number(value) > 0)) errors[field] = ['A valid number is required.'];
  }
  return errors;
}

/* null, or the body of a 400. */
function shipment_errors(given) {
  const errors = {};
  for (const field of ['address_from', 'address_to']) {
    if (given[field] === undefined) errors[field] = REQUIRED;
    else if (!is_object(given[field])) errors[field] = [`Address with supplied object_id ${given[field]} not found.`];
    else if (!given[field].country) errors[field] = [{ country: REQUIRED }];
    else if (!/^[A-Z]{2}$/.test(given[field].country)) {
      errors[field] = [{ country: [`Invalid value specified for country '${given[field].country}'`] }];
    }
  }
  const parcels = given.parcels === undefined ? [] : [].concat(given.parcels);
  if (parcels.length === 0) errors.parcels = REQUIRED;
  else if (!parcels.every(is_object)) errors.parcels = ['Parcel with supplied object_id not found.'];
  else {
    const each = parcels.map(parcel_errors);
    if (each.some((one) => Object.keys(one).length > 0)) errors.parcels = each;
  }
  return finish(errors, given);
}

function transaction_errors(given) {
  const errors = {};
  if (given.rate === undefined || given.rate === '') errors.rate = REQUIRED;
  return finish(errors, given);
}

function finish(errors, given) {
  if (given.metadata !== undefined && String(given.metadata).length > 100) {
    errors.metadata = ['Ensure this field has no more than 100 characters.'];
  }
  return Object.keys(errors).length > 0 ? errors : null;
}

module.exports = { shipment_errors, transaction_errors };
