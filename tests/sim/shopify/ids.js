'use strict';

/* Shopify's global ids: gid://shopify/Order/6400000000001. */

function gid(kind, id) {
  return `gid://shopify/${kind}/${id}`;
}

/* A gid or the bare digits to the digits; undefined when it names another kind of thing. */
function id_of(kind, reference) {
  const found = /^(?:gid:\/\/shopify\/(\w+)\/)?(\d+)(?:\?.*)?$/.exec(String(reference));
  if (!found || (found[1] && found[1] !== kind)) return undefined;
  return found[2];
}

module.exports = { gid, id_of };
