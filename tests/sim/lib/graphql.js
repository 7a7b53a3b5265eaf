'use strict';

/* Debian keeps its JavaScript libraries where node looks only when told. */
function load() {
  try {
    return require('graphql');
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return require('/usr/share/nodejs/graphql');
  }
}

module.exports = load();
