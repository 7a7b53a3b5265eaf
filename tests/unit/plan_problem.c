/* plan_problem - cases for the planner */
#include "tests/unit/plan_problem.h"

#include <string.h>

/* splitmix64: the same cases everywhere */
static uint64_t seed;

void random_start(uint64_t new_seed)
{
	seed = new_seed;
}

int64_t random_below(int64_t limit)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (int64_t)((z ^ (z >> 31)) % (uint64_t)limit);
}

struct plan_input *problem_init(struct problem *p, size_t items, size_t locations)
{
	memset(p, 0, sizeof *p);
	p->in.items = p->items;
	p->in.item_count = items;
	p->in.locations = p->locations;
	p->in.location_count = locations;
	for (size_t i = 0; i < items; i++)
		p->items[i] = (struct plan_item){.item = (int64_t)i + 1, .quantity = 1};
	for (size_t l = 0; l < locations; l++)
		p->locations[l] = (struct plan_location){
			.location = (int64_t)l + 1,
			.available = p->available[l],
			.unit_cost = p->unit_cost[l],
		};
	return &p->in;
}

void problem_random(struct problem *p, size_t items, size_t locations, int64_t units)
{
	int64_t kinds = 1 + random_below(LOCATION_KIND_COUNT), costs = 1 + random_below(4);
	int64_t kit = random_below(4) ? 1 : 2, scarcity = 1 + random_below(4);

	problem_init(p, items, locations);
	for (size_t i = 0; i < items; i++) {
		p->items[i].item = (int64_t)i * 7 + 1;
		p->items[i].quantity = kit * (1 + random_below(units));
	}
	for (size_t l = 0; l < locations; l++) {
		struct plan_location *loc = &p->locations[l];

		loc->location = (int64_t)l * 3 + 2;
		loc->kind = (enum location_kind)random_below(kinds);
		loc->priority = random_below(costs);
		loc->shipment_cost = random_below(costs) * 10;
		loc->excluded = random_below(12) ? NULL : "closed";
		for (size_t i = 0; i < items; i++) {
			p->available[l][i] =
				random_below(scarcity + 1) ? random_below(kit * units + 2) : 0;
			if (!random_below(15))
				p->available[l][i] = PLAN_UNTRACKED;
			p->unit_cost[l][i] = random_below(costs);
		}
	}
	if (!random_below(3))
		p->in.shipments_max = 1 + random_below((int64_t)locations);
}

int64_t problem_available(const struct problem *p, size_t l, size_t i)
{
	int64_t units = p->available[l][i];

	if (p->locations[l].excluded)
		return 0;
	return units == PLAN_UNTRACKED ? INT64_MAX : units;
}
