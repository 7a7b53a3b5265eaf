'use strict';

/*
 * The outside services' schemas and recorded traffic, which are kept apart from the project. Where the folder is, all that tests
 * read from it has to be there; where it is not, they are skipped.
 */

const fs = require('fs');
const path = require('path');

const CONTRACTS = process.env.WAYBILL_CONTRACTS || path.resolve(__dirname, '..', '..', '..', 'shared', 'contracts');
const skip_without_contracts = fs.existsSync(CONTRACTS) ? false : "the services' recorded traffic is not here";

module.exports = { CONTRACTS, skip_without_contracts };
