'use strict';

/* All that a system test needs; each part says more at its head. */
module.exports = {
  ...require('./broker'),
  ...require('./commit_proxy'),
  ...require('./database'),
  ...require('./door'),
  ...require('./fleet'),
  ...require('./house'),
  ...require('./http'),
  ...require('./letters'),
  ...require('./machine'),
  ...require('./pace'),
  ...require('./poison'),
  ...require('./process'),
  ...require('./schema'),
  ...require('./seal'),
  ...require('./servers'),
  ...require('./shopify_order'),
  ...require('./supervisor'),
  ...require('./until'),
  ...require('./webhook'),
  ...require('./world'),
};
