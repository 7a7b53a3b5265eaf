'use strict';

/*
 * Shippo's field maps for what a request lacks: {"address_to": ["This field is required."]}. What is needed, and which words
 * there are, is that of its specification (AddressCreateRequest, ParcelCreateRequest, CustomsDeclarationCreateRequest,
 * CustomsItemCreateRequest).
 */

const REQUIRED = ['This field is required.'];
const BLANK = ['This field may not be blank.'];
const PARCEL_FIELDS = ['length', 'width', 'height', 'distance_unit', 'weight', 'mass_unit'];
const ADDRESS_TEXTS = ['name', 'company', 'street1', 'street2', 'street3', 'street_no', 'city', 'state', 'zip', 'phone', 'email'];
const DECLARATION_FIELDS = ['certify_signer', 'certify', 'non_delivery_option', 'contents_type', 'items'];
const ITEM_FIELDS = ['description', 'quantity', 'net_weight', 'mass_unit', 'value_amount', 'value_currency', 'origin_country'];
const CHOICES = {
  distance_unit: ['cm', 'in', 'ft', 'm', 'mm', 'yd'], mass_unit: ['g', 'kg', 'lb', 'oz'],
  non_delivery_option: ['ABANDON', 'RETURN'], incoterm: ['DDP', 'DDU', 'FCA', 'DAP', 'eDAP'],
  contents_type: ['DOCUMENTS', 'GIFT', 'SAMPLE', 'MERCHANDISE', 'HUMANITARIAN_DONATION', 'RETURN_MERCHANDISE', 'OTHER'],
  eel_pfc: ['NOEEI_30_37_a', 'NOEEI_30_37_h', 'NOEEI_30_37_f', 'NOEEI_30_36', 'AES_ITN'],
};
/* Up to six digits in front and four behind the point. */
const MEASURE = /^\d{1,6}(\.\d{1,4})?$/;
const AMOUNT = /^\d+(\.\d+)?$/;

function is_object(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/* What is missing of `fields`, or none of the choices there are. */
function field_errors(given, fields) {
  const errors = {};
  for (const field of fields) {
    if (given[field] === undefined || given[field] === null) errors[field] = REQUIRED;
    else if (given[field] === '') errors[field] = BLANK;
  }
  for (const [field, choices] of Object.entries(CHOICES)) {
    if (given[field] && !choices.includes(given[field])) errors[field] = [`"${given[field]}" is not a valid choice.`];
  }
  return errors;
}

/* Errors of fields that are there, but not so written. */
function form_errors(errors, given, forms) {
  for (const [field, [is_good, text]] of Object.entries(forms)) {
    if (!errors[field] && given[field] !== undefined && !is_good(given[field])) errors[field] = [text];
  }
  return errors;
}

const is_number = [(value) => MEASURE.test(value) && Number(value) > 0, 'A valid number is required.'];
const is_country = [(value) => /^[A-Z]{2}$/.test(value), 'Invalid country code.'];

function parcel_errors(parcel) {
  return form_errors(field_errors(parcel, PARCEL_FIELDS), parcel,
    { length: is_number, width: is_number, height: is_number, weight: is_number });
}

function address_errors(address) {
  const errors = field_errors(address, ['country']);
  if (!errors.country && !/^[A-Z]{2}$/.test(address.country)) {
    errors.country = [`Invalid value specified for country '${address.country}'`];
  }
  for (const field of ADDRESS_TEXTS) {
    if (address[field] !== undefined && typeof address[field] !== 'string') errors[field] = ['Not a valid string.'];
  }
  return errors;
}

function item_errors(item) {
  return form_errors(field_errors(item, ITEM_FIELDS), item, {
    quantity: [(value) => Number.isInteger(value) && value > 0, 'A valid integer is required.'],
    net_weight: [(value) => typeof value === 'string' && AMOUNT.test(value) && Number(value) > 0, 'A valid number is required.'],
    value_amount: [(value) => typeof value === 'string' && AMOUNT.test(value), 'A valid number is required.'],
    value_currency: [(value) => /^[A-Z]{3}$/.test(value), 'Invalid currency code.'],
    origin_country: is_country,
  });
}

function has_some(errors) {
  return Object.keys(errors).length > 0;
}

/* [] when there are none. */
function declaration_errors(declaration) {
  if (!is_object(declaration)) return [`CustomsDeclaration with supplied object_id ${declaration} not found.`];
  const errors = form_errors(field_errors(declaration, DECLARATION_FIELDS), declaration, {
    certify: [(value) => value === true, 'Certify must be set to true.'],
    items: [(value) => Array.isArray(value) && value.length > 0 && value.every(is_object), 'This list may not be empty.'],
  });
  if (declaration.contents_type === 'OTHER' && !declaration.contents_explanation) errors.contents_explanation = REQUIRED;
  if (declaration.eel_pfc === 'AES_ITN' && !declaration.aes_itn) errors.aes_itn = REQUIRED;
  const items = errors.items ? [] : declaration.items.map(item_errors);
  if (items.some(has_some)) errors.items = items;
  return has_some(errors) ? [errors] : [];
}

/* null, or the body of a 400. */
function shipment_errors(given) {
  const errors = {};
  for (const field of ['address_from', 'address_to']) {
    if (given[field] === undefined) errors[field] = REQUIRED;
    else if (!is_object(given[field])) errors[field] = [`Address with supplied object_id ${given[field]} not found.`];
    else if (has_some(address_errors(given[field]))) errors[field] = [address_errors(given[field])];
  }
  const parcels = given.parcels === undefined ? [] : [].concat(given.parcels);
  if (parcels.length === 0) errors.parcels = REQUIRED;
  else if (!parcels.every(is_object)) errors.parcels = ['Parcel with supplied object_id not found.'];
  else {
    const each = parcels.map(parcel_errors);
    if (each.some(has_some)) errors.parcels = each;
  }
  if (given.customs_declaration) {
    const of_customs = declaration_errors(given.customs_declaration);
    if (of_customs.length > 0) errors.customs_declaration = of_customs;
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
  return has_some(errors) ? errors : null;
}

module.exports = { shipment_errors, transaction_errors };
