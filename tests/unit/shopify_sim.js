'use strict';

/*
 * The simulators for test_shopify_sim.c. One line on stdout: the simulator's URL, then that of a door
 * of its own, which answers with an order as its webhook would carry it: GET /SHOP/ORDER-ID.
 */

const http = require('node:http');

const rest = require('../sim/shopify/rest');
const {start} = require('../sim/run');

async function main()
{
	const running = await start();
	const door = http.createServer((request, response) => {
		const [, domain, id] = request.url.split('/');
		const shop = running.sims.shopify.shops.get(domain);
		response.setHeader('content-type', 'application/json');
		response.end(rest.text(rest.order(shop, shop.orders.get(id))));
	});
	door.listen(0, '127.0.0.1', () => {
		process.stdout.write(
			`${running.urls.shopify} http://127.0.0.1:${door.address().port}\n`);
	});
	process.stdin.resume();
	process.stdin.on('end', () => process.exit(0)); /* never outlives the test */
}

main();
