'use strict';

/*
 * The control API that every simulator shares: faults, clock and books. A simulator adds its own
 * routes as functions keyed by "METHOD /_sim/path"; `:name` in a path matches one segment.
 */

const { HttpError } = require('./http');

function compile(routes) {
  return Object.entries(routes).map(([key, handler]) => {
    const [method, path] = key.split(' ');
    const names = [];
    const pattern = path.replace(/:(\w+)/g, (whole, name) => {
      names.push(name);
      return '([^/]+)';
    });
    return { method, pattern: new RegExp(`^${pattern}$`), names, handler };
  });
}

function shared_routes(sim) {
  return {
    'GET /_sim/ping': () => ({ name: sim.name }),
    'GET /_sim/faults': () => ({ faults: sim.faults.rules }),
    'POST /_sim/faults': (request) => {
      const rules = [].concat(request.json());
      return { faults: rules.map((rule) => sim.faults.add(rule)) };
    },
    'DELETE /_sim/faults': () => {
      sim.faults.clear();
      return { faults: [] };
    },
    'DELETE /_sim/faults/:id': (request, { id }) => {
      if (!sim.faults.remove(id)) throw new HttpError(404, { error: 'no such rule' });
      return { faults: sim.faults.rules };
    },
    'POST /_sim/clock': (request) => {
      sim.clock.advance(request.json().advance_ms);
      return { now: new Date(sim.clock.now()).toISOString() };
    },
    'GET /_sim/books': (request) => ({
      requests: sim.requests,
      faults: sim.faults.rules.map(({ id, seen, applied }) => ({ id, seen, applied })),
      ...sim.books(request.query),
    }),
  };
}

/* Returns the function that answers control requests of `sim`. */
function control_of(sim, own_routes) {
  const routes = compile({ ...shared_routes(sim), ...own_routes });
  return async (request) => {
    for (const route of routes) {
      const found = route.method === request.method && route.pattern.exec(request.path);
      if (!found) continue;
      const names = Object.fromEntries(route.names.map((name, i) => [name, found[i + 1]]));
      try {
        return { status: 200, body: await route.handler(request, names) };
      } catch (error) {
        if (error instanceof HttpError) throw error;
        throw new HttpError(400, { error: error.message });
      }
    }
    throw new HttpError(404, { error: `no control route ${request.method} ${request.path}` });
  };
}

module.exports = { control_of };
